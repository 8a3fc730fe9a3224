"""`rcm claim`: one claim, asked for through the public API."""

from __future__ import annotations

import json as json_text
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from cli.answers import NotConfigured, answer, print_json, show
from cli.api import Api
from cli.demo.telling import dollars
from cli.places import newest

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
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
    """Every step of a claim, oldest first: what happened, and who said so."""
    found = answer(_get(f"/v1/claims/{claim_id}/timeline"))
    if json:
        print_json(found)
        return
    rows = [
        {
            "at": step["happened_at"][11:19],
            "what": step["kind"],
            "from": step["status_from"],
            "to": step["status_to"],
            "reported_by": step["reported_by"],
        }
        for step in found["steps"]
    ]
    show(rows, as_json=False, title=claim_id)


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
