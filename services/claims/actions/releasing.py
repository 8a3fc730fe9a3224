"""What a biller does by hand: release a claim that waits, or correct its member and release it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

from services.claims.actions import cases
from services.claims.actions.beginning import Start, make_ready
from services.claims.actions.docket import Docket, origin_of
from services.claims.domain import edits
from services.claims.domain.claim import Cause, Claim, Finding, Key
from services.claims.domain.drafting import Draft, Plan
from services.claims.domain.lifecycle import Status
from services.claims.repository import claims as stored
from services.claims.repository import encounters
from shared import clock
from shared.database import Transaction
from shared.errors import Conflict, Invalid, NotFound, Problem

RELEASABLE = frozenset({Status.BLOCKED, Status.HELD, Status.REJECTED, Status.TRANSMISSION_FAILED})
CORRECTION_FIELDS = ("member_id", "group_number")


async def release(
    tx: Transaction,
    claim_id: UUID,
    *,
    may_see: Callable[[UUID], None],
    undo_seconds: float,
) -> Claim:
    """Run the edits again and let the claim go; Invalid `claim_findings` lists what stops it.

    What eligibility left to a person (review, no verdict, inactive) is decided by releasing.
    may_see: raises NotFound for a practice that is not the caller's.
    """
    claim = await _waiting(tx, claim_id, may_see)
    return await _let_go(tx, claim, undo_seconds)


async def correct(
    tx: Transaction,
    claim_id: UUID,
    *,
    may_see: Callable[[UUID], None],
    fields: dict[str, str],
    undo_seconds: float,
) -> Claim:
    """Correct the member identity of a claim that waits, then release it.

    fields: of CORRECTION_FIELDS. The correction is sealed beside the claim.
    """
    claim = await _waiting(tx, claim_id, may_see)
    case = (await cases.of_claims(tx, [claim]))[0]
    await stored.correct_member(tx, claim, msgspec.structs.replace(case.member, **fields))
    docket = Docket(tx, [claim])
    cause = _by_hand(tx)
    corrected = docket.record(claim, "corrected", cause, detail={"fields": sorted(fields)})
    await docket.save()
    return await _let_go(tx, corrected, undo_seconds)


async def _waiting(tx: Transaction, claim_id: UUID, may_see: Callable[[UUID], None]) -> Claim:
    key = Key(tx.tenant_id, claim_id)
    claim = (await stored.lock_claims(tx, [key])).get(key)
    if claim is None:
        raise NotFound("claim_unknown", "There is no such claim.")
    may_see(claim.practice_id)
    if claim.status not in RELEASABLE:
        raise Conflict("claim_not_waiting", f"A claim that is {claim.status} cannot be released.")
    return claim


async def _let_go(tx: Transaction, claim: Claim, undo_seconds: float) -> Claim:
    case = (await cases.of_claims(tx, [claim]))[0]
    findings = edits.scrub(case)
    wrong = edits.errors(findings)
    if wrong:
        raise Invalid(
            "claim_findings",
            "The claim still has findings that stop it.",
            problems=tuple(_problem(finding) for finding in wrong),
        )
    wanted = (claim.tenant_id, claim.encounter_id, claim.coding_version)
    coded = (await encounters.codings(tx, [wanted]))[wanted]
    docket = Docket(tx, [claim])
    start = Start(coded, Draft(Plan.CLAIM), origin_of(claim), _by_hand(tx), undo_seconds)
    claim = make_ready(docket, claim, start, findings=findings)
    await docket.save()
    return claim


def _by_hand(tx: Transaction) -> Cause:
    return Cause(clock.business(), tx.actor, tx.request_id)


def _problem(finding: Finding) -> Problem:
    return Problem(finding.location, finding.rule, finding.message, finding.remedy)
