"""`rcm encounter`, `rcm account`: a visit sent in, and what the patient owes for it."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.answers import Json, answer, out, print_json, show
from cli.claim_commands import calling
from cli.demo.people import account_of
from cli.demo.telling import dollars
from shared.errors import NotFound

encounter = typer.Typer(no_args_is_help=True, help="Encounters: send one in, look at one.")
account = typer.Typer(no_args_is_help=True, help="Patients' accounts.")


@encounter.command("send")
def send(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    json: Json = False,
) -> None:
    """Send an encounter (JSON as POST /v1/encounters takes it).

    Where the file names no practice or provider, the first of the billing company are taken.
    """

    body = _visit(file)

    async def work() -> Any:
        async with calling() as api:
            if "practice_id" not in body:
                practices = (await api.get("/v1/practices", limit=1))["data"]
                body["practice_id"] = _first(practices, "practice")
            if "rendering_provider_id" not in body:
                providers = (await api.get("/v1/providers", limit=200))["data"]
                own = [one for one in providers if one["practice_id"] == body["practice_id"]]
                body["rendering_provider_id"] = _first(own, "provider")
            return await api.post("/v1/encounters", body, key=str(body.get("external_id", "")))

    answered = answer(work())
    if json:
        print_json(answered)
        return
    out.print(f"{answered['encounter_id']} {answered['status']}")
    for finding in answered["findings"]:
        out.print(f"  {finding['severity']} {finding['rule']}: {finding['message']}")


def _visit(file: Path) -> dict[str, Any]:
    try:
        body = json_text.loads(file.read_bytes())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise typer.BadParameter(f"{file} is no JSON object in UTF-8.")
    return body


def _first(found: Sequence[Mapping[str, Any]], kind: str) -> Any:
    if not found:
        raise NotFound(f"no_{kind}", f"There is no {kind} yet: add one through the API, or name it")
    return found[0]["id"]


@account.command("of")
def of(encounter_id: str, json: Json = False) -> None:
    """The account of the patient an encounter is about, explained to the cent."""

    async def work() -> Any:
        async with calling() as api:
            visit = await api.get(f"/v1/encounters/{encounter_id}")
            return await api.get(f"/v1/accounts/{account_of(visit['patient_id'])}")

    found = answer(work())
    if json:
        print_json(found)
        return
    rows = [
        {
            "visit": one["service_date"],
            "charged": dollars(one["charged_cents"]),
            "insurer paid": dollars(one["insurer_paid_cents"]),
            "adjusted": dollars(one["insurer_adjusted_cents"]),
            "patient paid": dollars(one["patient_paid_cents"]),
            "patient owes": dollars(one["patient_owes_cents"]),
        }
        for one in found["visits"]
    ]
    show(rows, as_json=False, title=f"{found['status']}")


@account.command("pay")
def pay(encounter_id: str, amount_cents: int, json: Json = False) -> None:
    """Take a patient's payment by card for the account of an encounter."""

    async def work() -> Any:
        async with calling() as api:
            visit = await api.get(f"/v1/encounters/{encounter_id}")
            place = f"/v1/accounts/{account_of(visit['patient_id'])}/payments"
            body = {"amount_cents": amount_cents, "channel": "card"}
            return await api.post(place, body, key=f"pay-{encounter_id}-{amount_cents}")

    receipt = answer(work())
    if json:
        print_json(receipt)
    else:
        paid, owed = dollars(receipt["amount_cents"]), dollars(receipt["still_owed_cents"])
        out.print(f"{paid} received, {owed} still owed")
