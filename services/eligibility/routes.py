"""Door one: what payers said, check by check."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from fastapi import APIRouter

from services.eligibility import repository
from services.eligibility.domain.check import Check
from services.eligibility.domain.lifecycle import OWNER_OF_NEXT_ACTION, REPORTED_BY
from services.eligibility.schemas import CheckOut, CheckSearch
from shared import ids
from shared.database import Transaction
from shared.web import Call, Page, allowed

router = APIRouter(tags=["eligibility"])


def _out(check: Check) -> CheckOut:
    return CheckOut(
        check_id=ids.shown("check", check.id),
        encounter_id=ids.shown("encounter", check.encounter_id),
        practice_id=ids.shown("practice", check.practice_id),
        coverage_id=ids.shown("coverage", check.coverage_id),
        payer_id=ids.shown("payer", check.payer_id),
        rank=check.rank,
        service_date=check.service_date,
        state=check.state.value,
        owner_of_next_action=OWNER_OF_NEXT_ACTION[check.state],
        reported_by=REPORTED_BY[check.state],
        reason=check.reason,
        plan=check.plan,
        copay_cents=check.copay_cents,
        deductible_left_cents=check.deductible_left_cents,
        tries=check.tries,
        created_at=check.created_at,
        as_of=check.as_of,
    )


@router.get("/v1/eligibility-checks/{check_id}", operation_id="get_eligibility_check")
async def get_check(check_id: str, call: Call = allowed("eligibility:read")) -> CheckOut:
    """One check with its verdict."""

    async def read(tx: Transaction) -> CheckOut:
        wanted = ids.read("check", check_id)
        found = await repository.one(tx, wanted, call.principal.practices)
        tx.audit("eligibility.read", subject=found.id, patient=found.patient_id)
        return _out(found)

    return await call.read(read)


@router.post("/v1/eligibility-checks/search", operation_id="search_eligibility_checks")
async def search_checks(
    body: CheckSearch, call: Call = allowed("eligibility:read", reads=True)
) -> Page[CheckOut]:
    """Checks by state, encounter or payer, newest first."""
    wanted = body.model_dump(exclude={"cursor", "limit"})
    position = call.cursor(body.cursor, filter=wanted)

    async def read(tx: Transaction) -> Page[CheckOut]:
        search = repository.Search(
            practices=call.principal.practices,
            states=body.states,
            encounter=ids.read("encounter", body.encounter_id) if body.encounter_id else None,
            payer=ids.read("payer", body.payer_id) if body.payer_id else None,
        )
        after = cast(tuple[datetime, UUID] | None, position)
        found = await repository.page(tx, search, after=after, limit=body.limit + 1)
        shown, more = found[: body.limit], len(found) > body.limit
        last = (shown[-1].created_at, shown[-1].id) if more else None
        return Page(
            data=[_out(one) for one in shown],
            next_cursor=call.next_cursor(filter=wanted, position=last) if last else None,
            has_more=more,
        )

    return await call.read(read)
