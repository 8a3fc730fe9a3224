"""Door one, HTTP: one claim, its timeline, searches, what a biller does by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from fastapi import APIRouter, Response

from services.claims.actions import releasing
from services.claims.repository import reads
from services.claims.repository.reads import uuids
from services.claims.schemas import (
    ClaimOut,
    ClaimSearch,
    ClaimSummary,
    CorrectionIn,
    DenialWorkOut,
    DenialWorkSearch,
    TimelineOut,
)
from services.claims.settings import ClaimsSettings
from shared import ids
from shared.database import Transaction
from shared.errors import Invalid
from shared.web import Call, Page, allowed

router = APIRouter(tags=["claims"])


def _undo_seconds(call: Call) -> float:
    """How long a claim can be stopped before it is sent, in this installation."""
    workplace = call.request.app.state.workplace
    return cast(ClaimsSettings, workplace.settings).undo_window_seconds


@router.get("/v1/claims/{claim_id}", operation_id="getClaim")
async def claim(claim_id: str, call: Call = allowed("claims:read")) -> ClaimOut:
    """One claim with its lines, findings and people; reading it is audited."""
    wanted = ids.read("claim", claim_id)
    return await call.read(lambda tx: reads.claim(tx, wanted, call.principal.practices))


@router.get("/v1/claims/{claim_id}/timeline", operation_id="getClaimTimeline")
async def timeline(claim_id: str, call: Call = allowed("claims:read")) -> TimelineOut:
    """Every step of a claim: who took it and which message said so."""
    wanted = ids.read("claim", claim_id)
    return await call.read(lambda tx: reads.timeline(tx, wanted, call.principal.practices))


@router.post("/v1/claims/search", operation_id="searchClaims")
async def search(
    body: ClaimSearch, call: Call = allowed("claims:read", reads=True)
) -> Page[ClaimSummary]:
    """Claims by status, practice, payer, patient, dates of service; newest service first."""
    after = call.cursor(body.cursor, filter=body)
    wanted: dict[str, object] = {
        "practices": uuids(call.principal.practices),
        "status": body.status or None,
        "practice": _read_all("practice", body.practice_id),
        "payer": _read_all("payer", body.payer_id),
        "owner": body.owner_of_next_action or None,
        "patient": _read_one("patient", body.patient_id),
        "encounter": _read_one("encounter", body.encounter_id),
        "from_day": body.service_from,
        "to_day": body.service_to,
        "denied": body.denied,
        "after_day": after and after[0],
        "after_id": after and after[1],
        "limit": body.limit + 1,
    }
    found = await call.read(lambda tx: reads.claims(tx, wanted))
    page, more = found[: body.limit], len(found) > body.limit
    position = (page[-1].service_from, page[-1].id) if more else None
    return Page(
        data=[reads.summary(each) for each in page],
        next_cursor=position and call.next_cursor(filter=body, position=position),
        has_more=more,
    )


@router.post(
    "/v1/claims/{claim_id}/release", operation_id="releaseClaim", response_model=ClaimSummary
)
async def release(claim_id: str, call: Call = allowed("claims:write")) -> Response:
    """Let a claim go that is held, blocked, rejected or failed in transmission.

    The edits run again; 422 `claim_findings` lists what still stops it.
    """
    wanted = ids.read("claim", claim_id)

    async def act(tx: Transaction) -> ClaimSummary:
        released = await releasing.release(
            tx,
            wanted,
            may_see=call.principal.require_practice,
            undo_seconds=_undo_seconds(call),
        )
        return reads.summary(released)

    return await call.once(act)


@router.post(
    "/v1/claims/{claim_id}/corrections", operation_id="correctClaim", response_model=ClaimSummary
)
async def correct(
    claim_id: str, body: CorrectionIn, call: Call = allowed("claims:write")
) -> Response:
    """Correct the member id or group of a claim that waits, and send it as an original."""
    wanted, fields = ids.read("claim", claim_id), body.model_dump(exclude_none=True)
    if not fields:
        raise Invalid("nothing_corrected", "Say what is to be corrected.")

    async def act(tx: Transaction) -> ClaimSummary:
        corrected = await releasing.correct(
            tx,
            wanted,
            may_see=call.principal.require_practice,
            fields=fields,
            undo_seconds=_undo_seconds(call),
        )
        return reads.summary(corrected)

    return await call.once(act)


@router.get("/v1/denial-work/{work_id}", operation_id="getDenialWork")
async def denial_work(work_id: str, call: Call = allowed("claims:read")) -> DenialWorkOut:
    """One denial work item: what was denied, why, whose turn it is and until when."""
    wanted = ids.read("denial_work", work_id)
    return await call.read(lambda tx: reads.work(tx, wanted, call.principal.practices))


@router.post("/v1/denial-work/search", operation_id="searchDenialWork")
async def search_denial_work(
    body: DenialWorkSearch, call: Call = allowed("claims:read", reads=True)
) -> Page[DenialWorkOut]:
    """Denial work by status, category, practice or claim; soonest due first."""
    after = call.cursor(body.cursor, filter=body)
    wanted: dict[str, object] = {
        "practices": uuids(call.principal.practices),
        "status": body.status or None,
        "category": body.category or None,
        "practice": _read_all("practice", body.practice_id),
        "claim": _read_one("claim", body.claim_id),
        "after_due": after and after[0],
        "after_id": after and after[1],
        "limit": body.limit + 1,
    }
    found = await call.read(lambda tx: reads.works(tx, wanted))
    page, more = found[: body.limit], len(found) > body.limit
    position = (page[-1].due, page[-1].id) if more else None
    return Page(
        data=[reads.work_out(each) for each in page],
        next_cursor=position and call.next_cursor(filter=body, position=position),
        has_more=more,
    )


def _read_one(kind: str, text: str | None) -> UUID | None:
    return None if text is None else ids.read(kind, text)


def _read_all(kind: str, texts: Sequence[str]) -> list[str] | None:
    return uuids([ids.read(kind, text) for text in texts]) if texts else None
