"""Encounters come in: one as JSON, many as a FHIR bundle."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, cast

from fastapi import APIRouter, Query, Response

from services.coding.actions.intake import File, Terms, receive
from services.coding.domain import fhir
from services.coding.routes import reading, showing
from services.coding.schemas import BundleOut, EncounterIn, ReceivedOut
from services.coding.settings import CodingSettings
from shared import ids
from shared.database import Transaction
from shared.errors import Invalid
from shared.web import Call, Reply, allowed

FHIR = "application/fhir+json"
MOST_BYTES = 16 * 1024 * 1024

router = APIRouter(tags=["encounters"])

_ShownId = Annotated[str | None, Query(max_length=40)]


def _settings(call: Call) -> CodingSettings:
    return cast(CodingSettings, call.request.app.state.workplace.settings)


def _terms(call: Call, file: File | None = None) -> Terms:
    due = timedelta(hours=_settings(call).task_due_hours)
    return Terms(call.principal.practices, due, file)


@router.post(
    "/v1/encounters",
    status_code=202,
    operation_id="receive_encounter",
    response_model=ReceivedOut,
)
async def receive_encounter(
    body: EncounterIn, call: Call = allowed("encounters:write")
) -> Response:
    """Take in an encounter: coded when its codes pass the checks, else a coder is asked."""

    async def act(tx: Transaction) -> Reply:
        [one] = await receive(tx, [reading.submission(body)], _terms(call))
        shown = showing.received(one)
        return Reply(shown, {"Location": f"/v1/encounters/{shown.encounter_id}"})

    return await call.once(act, status=202)


@router.post(
    "/v1/fhir/Bundle",
    status_code=202,
    operation_id="receive_fhir_bundle",
    response_model=BundleOut,
    max_body_size=MOST_BYTES,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {FHIR: {"schema": {"type": "object", "title": "FHIR R4 Bundle"}}},
        }
    },
)
async def receive_fhir_bundle(
    call: Call = allowed("encounters:write"),
    practice_id: _ShownId = None,
    rendering_provider_id: _ShownId = None,
) -> Response:
    """Take in every finished encounter of a bundle, or none; the ids in the address stand in
    where the bundle names no practice or practitioner."""
    raw = await call.body(FHIR, "application/json")
    limits = _settings(call)
    defaults = fhir.Defaults(
        ids.read("practice", practice_id) if practice_id else None,
        ids.read("provider", rendering_provider_id) if rendering_provider_id else None,
    )
    found = fhir.read(
        fhir.parsed(raw),
        fhir.Limits(limits.fhir_entries_limit, limits.fhir_encounters_limit),
        defaults,
    )
    if found.problems:
        sentence = "Some parts of the bundle are missing or wrong; see errors."
        raise Invalid("bundle_refused", sentence, problems=found.problems)

    async def act(tx: Transaction) -> BundleOut:
        results = await receive(tx, found.submissions, _terms(call, File(FHIR, raw)))
        shown = [showing.received(one) for one in results]
        return BundleOut(encounters=shown, ignored=found.ignored)

    return await call.once(act, status=202)
