"""`rcm claim`: one claim, asked for through the public API."""

from __future__ import annotations

import json as json_text
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import typer

from cli.answers import Json, NotConfigured, answer, complain, print_json, show
from cli.api import Api
from cli.claim_story import Story, story_of
from cli.demo.telling import dollars
from cli.places import newest

CALLER_FILE = "caller.json"
"""In the folder of a demo or `rcm dev`: address and API key of its billing company."""
REMEDY = "Set RCM_API_URL and RCM_API_KEY, or start a demo here with `make demo`, or `rcm dev`."

claim = typer.Typer(no_args_is_help=True, help="One claim across services.")


@claim.command("show")
def show_claim(claim_id: str, json: Json = False) -> None:
    """Status, money, lines and whose turn it is; names stay out of the terminal."""
    found = answer(_get(f"/v1/claims/{claim_id}"))
    found.pop("patient", None)
    if json:
        print_json(found)
        return
    plain = {key: value for key, value in found.items() if not isinstance(value, list)}
    show([{"field": key, "value": value} for key, value in plain.items()], as_json=False)
    show(found["lines"], as_json=False, title="lines")


@claim.command("timeline")
def timeline(claim_id: str, json: Json = False) -> None:
    """Every step of a claim, oldest first: which service, what happened, and who said so.

    Its visit, eligibility checks, the patient's statements and notices are in it. Postings are not,
    because the API gives them no time: `rcm account of` shows what they come to.
    """

    async def work() -> Story:
        async with calling() as api:
            return await story_of(api, claim_id)

    story = answer(work())
    if story.withheld:
        complain(f"Left out, this key may not read it: {', '.join(story.withheld)}.")
    if json:
        print_json({"claim_id": claim_id, "steps": story.steps})
        return
    began = date.fromisoformat(story.steps[0]["happened_at"][:10])
    rows = [
        {
            "at": _since(began, step["happened_at"]),
            "service": step["service"],
            "what": step["kind"],
            "to": step["status_to"],
            "reported_by": step["reported_by"],
        }
        for step in story.steps
    ]
    show(rows, as_json=False, title=f"{claim_id}, {began}")


def _since(began: date, at: str) -> str:
    """The time of an instant; of a later day with how many days later, `+2d 18:00:00`."""
    days = (date.fromisoformat(at[:10]) - began).days
    return f"{f'+{days}d ' if days else ''}{at[11:19]}"


@claim.command("of")
def claims_of(encounter_id: str, json: Json = False) -> None:
    """The claims of an encounter: status, money, whose turn it is."""

    async def work() -> Any:
        async with calling() as api:
            return await api.post("/v1/claims/search", {"encounter_id": encounter_id})

    found = answer(work())["data"]
    rows = [
        {
            "claim": one["claim_id"],
            "status": one["status"],
            "charged": dollars(one["charge_cents"]),
            "paid": dollars(one["paid_cents"]),
            "patient": dollars(one["patient_cents"]),
            "next": one["owner_of_next_action"],
        }
        for one in found
    ]
    show(found if json else rows, as_json=json, title="claims")


async def _get(path: str) -> Any:
    async with calling() as api:
        return await api.get(path)


@asynccontextmanager
async def calling() -> AsyncIterator[Api]:
    """The API as RCM_API_KEY's holder, else as the company of the demo or `rcm dev` here."""
    api = _api()
    try:
        yield api
    finally:
        await api.aclose()


def _api() -> Api:
    url, key = os.environ.get("RCM_API_URL"), os.environ.get("RCM_API_KEY")
    if url and key:
        return Api(url, key)
    path = newest(CALLER_FILE)
    if path is None:
        raise NotConfigured(REMEDY)
    caller = json_text.loads(path.read_text())
    return Api(caller["url"], caller["key"])
