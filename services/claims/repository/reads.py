"""What the HTTP door asks: claims, timelines and denial work, from rows straight to shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.claims.domain.claim import Claim, Finding
from services.claims.repository import claims as stored
from services.claims.repository import encounters
from services.claims.repository.rows import from_json
from services.claims.schemas import (
    ClaimOut,
    ClaimSummary,
    DenialWorkOut,
    DeniedLineOut,
    FindingOut,
    LineOut,
    PersonOut,
    StepOut,
    TimelineOut,
)
from shared import ids
from shared.database import Transaction
from shared.errors import NotFound

Practices = frozenset[UUID] | None
"""The practices a caller may see; None: all of the tenant's."""

_CLAIM = text("""
    select t.* from claims t
     where t.tenant_id = :tenant and t.id = :id
       and (cast(:practices as uuid[]) is null or t.practice_id = any (cast(:practices as uuid[])))
""")

_STEPS = text("""
    select t.* from claim_events t
     where t.tenant_id = :tenant and t.claim_id = :id
     order by t.position
""")

_SEARCH = text("""
    select t.* from claims t
     where t.tenant_id = :tenant
       and (cast(:practices as uuid[]) is null or t.practice_id = any (cast(:practices as uuid[])))
       and (cast(:status as text[]) is null or t.status = any (cast(:status as text[])))
       and (cast(:practice as uuid[]) is null or t.practice_id = any (cast(:practice as uuid[])))
       and (cast(:payer as uuid[]) is null or t.payer_id = any (cast(:payer as uuid[])))
       and (cast(:owner as text[]) is null or t.owner = any (cast(:owner as text[])))
       and (cast(:patient as uuid) is null or t.patient_id = cast(:patient as uuid))
       and (cast(:encounter as uuid) is null or t.encounter_id = cast(:encounter as uuid))
       and (cast(:from_day as date) is null or t.service_from >= cast(:from_day as date))
       and (cast(:to_day as date) is null or t.service_from <= cast(:to_day as date))
       and (cast(:denied as boolean) is null or (t.denied_cents > 0) = cast(:denied as boolean))
       and (cast(:after_day as date) is null
            or (t.service_from, t.id) < (cast(:after_day as date), cast(:after_id as uuid)))
     order by t.service_from desc, t.id desc
     limit :limit
""")

_WORK = text("""
    select t.* from denial_work t
     where t.tenant_id = :tenant and t.id = :id
       and (cast(:practices as uuid[]) is null or t.practice_id = any (cast(:practices as uuid[])))
""")

_WORK_SEARCH = text("""
    select t.* from denial_work t
     where t.tenant_id = :tenant
       and (cast(:practices as uuid[]) is null or t.practice_id = any (cast(:practices as uuid[])))
       and (cast(:status as text[]) is null or t.status = any (cast(:status as text[])))
       and (cast(:category as text[]) is null or t.category = any (cast(:category as text[])))
       and (cast(:practice as uuid[]) is null or t.practice_id = any (cast(:practice as uuid[])))
       and (cast(:claim as uuid) is null or t.claim_id = cast(:claim as uuid))
       and (cast(:after_due as timestamptz) is null
            or (t.due, t.id) > (cast(:after_due as timestamptz), cast(:after_id as uuid)))
     order by t.due, t.id
     limit :limit
""")


def uuids(values: Iterable[UUID] | None) -> list[str] | None:
    """An array parameter; None stays None, which the statements read as no filter."""
    return None if values is None else sorted(str(value) for value in values)


async def claim(tx: Transaction, claim_id: UUID, practices: Practices) -> ClaimOut:
    """One claim with its people, which is audited; NotFound `claim_unknown`."""
    found = stored.read_claim(await _claim_row(tx, claim_id, practices))
    place = (found.tenant_id, found.encounter_id, found.coding_version)
    coded = (await encounters.codings(tx, [place]))[place]
    corrected = (await stored.corrected_members(tx, [found.key])).get(found.key)
    member = corrected or encounters.member_of_rank(coded, found.rank)
    person = coded.parties.patient
    tx.audit(
        "claim.read",
        subject=found.id,
        patient=found.patient_id,
        fields=list(PersonOut.model_fields),
    )
    return ClaimOut(
        **_summary(found),
        version=found.version,
        coding_version=found.coding_version,
        diagnoses=list(coded.coding.diagnoses),
        lines=[
            LineOut(
                line=line.line,
                code=line.code,
                modifiers=list(line.modifiers),
                units=line.units,
                pointers=list(line.pointers),
                charge_cents=line.charge.cents,
                service_date=line.service_date,
            )
            for line in coded.coding.lines
        ],
        findings=[_finding(each) for each in found.findings],
        filing_rule=found.filing_rule,
        delivery_unconfirmed=found.delivery_unconfirmed,
        accepted_at=found.accepted_at,
        accepted_by=found.accepted_by,
        close_reason=found.close_reason,
        opened_at=found.opened_at,
        patient=PersonOut(
            last_name=person.last_name,
            first_name=person.first_name,
            birth_date=person.birth_date,
            sex=person.sex,
            member_id=member.member_id,
            group_number=member.group_number,
        ),
    )


async def timeline(tx: Transaction, claim_id: UUID, practices: Practices) -> TimelineOut:
    """Everything that happened to a claim; NotFound `claim_unknown`."""
    await _claim_row(tx, claim_id, practices)
    rows = await tx.rows(_STEPS, {"tenant": tx.tenant_id, "id": claim_id})
    return TimelineOut(
        claim_id=ids.shown("claim", claim_id),
        steps=[
            StepOut(
                position=row.position,
                kind=row.kind,
                status_from=row.status_from,
                status_to=row.status_to,
                reported_by=row.reported_by,
                actor=row.actor,
                message_id=row.message_id,
                happened_at=row.happened_at,
                detail=from_json(row.detail),
            )
            for row in rows
        ],
    )


async def claims(tx: Transaction, wanted: dict[str, object]) -> Sequence[Claim]:
    """Claims of a search, newest service first; `wanted` names every parameter of _SEARCH."""
    rows = await tx.rows(_SEARCH, {"tenant": tx.tenant_id, **wanted})
    return [stored.read_claim(row) for row in rows]


async def work(tx: Transaction, work_id: UUID, practices: Practices) -> DenialWorkOut:
    """One denial work item; NotFound `denial_work_unknown`."""
    params = {"tenant": tx.tenant_id, "id": work_id, "practices": uuids(practices)}
    row = await tx.row(_WORK, params)
    if row is None:
        raise NotFound("denial_work_unknown", "There is no such work item.")
    return work_out(row)


async def works(tx: Transaction, wanted: dict[str, object]) -> Sequence[Row[Any]]:
    """Rows of a search of denial work; `wanted` names every parameter of _WORK_SEARCH."""
    return await tx.rows(_WORK_SEARCH, {"tenant": tx.tenant_id, **wanted})


async def _claim_row(tx: Transaction, claim_id: UUID, practices: Practices) -> Row[Any]:
    params = {"tenant": tx.tenant_id, "id": claim_id, "practices": uuids(practices)}
    row = await tx.row(_CLAIM, params)
    if row is None:
        raise NotFound("claim_unknown", "There is no such claim.")
    return row


def summary(found: Claim) -> ClaimSummary:
    """A claim as lists show it."""
    return ClaimSummary(**_summary(found))


def _summary(found: Claim) -> dict[str, Any]:
    return {
        "claim_id": ids.shown("claim", found.id),
        "encounter_id": ids.shown("encounter", found.encounter_id),
        "practice_id": ids.shown("practice", found.practice_id),
        "patient_id": ids.shown("patient", found.patient_id),
        "payer_id": ids.shown("payer", found.payer_id),
        "payer_rank": found.rank,
        "generation": found.generation,
        "frequency": found.frequency,
        "status": found.status,
        "hold_reason": found.hold_reason,
        "owner_of_next_action": found.owner,
        "next_action_due": found.next_action_due,
        "reported_by": found.reported_by,
        "balance_state": found.balance,
        "service_from": found.service_from,
        "service_to": found.service_to,
        "charge_cents": found.charge.cents,
        "paid_cents": found.paid.cents,
        "patient_cents": found.patient_share.cents,
        "denied_cents": found.denied.cents,
        "filing_due": found.filing_due,
        "control_number": found.control_number,
        "payer_control_number": found.payer_control_number,
    }


def _finding(finding: Finding) -> FindingOut:
    return FindingOut(
        rule=finding.rule,
        location=finding.location,
        severity=finding.severity,
        message=finding.message,
        remedy=finding.remedy,
        owner_of_next_action=finding.owner,
    )


def work_out(row: Row[Any]) -> DenialWorkOut:
    """A row of `denial_work` as it is shown."""
    return DenialWorkOut(
        work_id=ids.shown("denial_work", row.id),
        claim_id=ids.shown("claim", row.claim_id),
        encounter_id=ids.shown("encounter", row.encounter_id),
        practice_id=ids.shown("practice", row.practice_id),
        status=row.status,
        category=row.category,
        group=row.group_code,
        carc=row.carc,
        rarc=from_json(row.rarc),
        denied_cents=row.denied_cents,
        partial=row.partial,
        lines=[DeniedLineOut(**line) for line in from_json(row.lines)],
        root_cause=row.root_cause,
        owner_of_next_action=row.owner,
        next_step=row.next_step,
        appeal_due=row.appeal_due,
        due=row.due,
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
    )
