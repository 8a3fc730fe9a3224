"""Decisions of payers as they were matched, and the work items that denials make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.claims.domain.claim import Key
from services.claims.domain.denials import Work
from services.claims.domain.lifecycle import Owner
from services.claims.domain.sorting import Adjudication, Adjustment, PaidLine, Sorted
from services.claims.repository.rows import as_json, as_keys, from_json
from shared.database import Transaction
from shared.money import Money

_KEEP = text("""
    insert into adjudications
    select * from json_populate_recordset(cast(null as adjudications), cast(:rows as json))
        on conflict (tenant_id, id) do nothing
    returning tenant_id, id
""")

_OF_CLAIMS = text("""
    select t.* from adjudications t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.claim_id) = (wanted.tenant_id, wanted.id)
""")

_OPEN_WORK = text("""
    insert into denial_work
    select * from json_populate_recordset(cast(null as denial_work), cast(:rows as json))
        on conflict (tenant_id, id) do nothing
""")

_WORK_OF_CLAIMS = text("""
    select t.tenant_id, t.id, t.claim_id, t.status from denial_work t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.claim_id) = (wanted.tenant_id, wanted.id)
     where t.resolved_at is null
     order by t.tenant_id, t.id
       for update of t
""")

_RESOLVE = text("""
    update denial_work w
       set status = r.status, owner = r.owner, resolved_at = r.resolved_at
      from json_populate_recordset(cast(null as denial_work), cast(:rows as json)) r
     where (w.tenant_id, w.id) = (r.tenant_id, r.id)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """The work one denial makes; the largest denied amount leads."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    claim_id: UUID
    encounter_id: UUID
    remit_id: UUID
    sorted: Sorted
    partial: bool
    root_cause: Owner
    owner: Owner
    next_step: str
    appeal_due: date
    due: datetime
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class OpenWork:
    """A work item that is not resolved, under lock."""

    key: Key
    claim: Key
    status: Work


async def keep_adjudications(
    tx: Transaction, wanted: Iterable[tuple[UUID, Adjudication]]
) -> set[Key]:
    """Keep decisions by tenant; the keys of those that were not here yet."""
    rows = (
        {
            "tenant_id": tenant_id,
            "id": each.id,
            "claim_id": each.claim_id,
            "remit_id": each.remit_id,
            "clp02": each.clp02,
            "charge_cents": each.charge.cents,
            "paid_cents": each.paid.cents,
            "patient_cents": each.patient.cents,
            "payer_control_number": each.payer_control_number,
            "lines": [_line_content(line) for line in each.lines],
            "is_reversal": each.is_reversal,
            "paid_on": each.paid_on,
        }
        for tenant_id, each in wanted
    )
    kept = await tx.rows(_KEEP, {"rows": as_json(rows)})
    return {Key(row.tenant_id, row.id) for row in kept}


async def adjudications(tx: Transaction, claims: Iterable[Key]) -> dict[Key, list[Adjudication]]:
    """Every decision and reversal of these claims, by claim."""
    found: dict[Key, list[Adjudication]] = {}
    for row in await tx.rows(_OF_CLAIMS, as_keys(claims)):
        found.setdefault(Key(row.tenant_id, row.claim_id), []).append(_adjudication(row))
    return found


async def open_work(tx: Transaction, items: Sequence[WorkItem]) -> None:
    """New work items."""
    if items:
        await tx.run(_OPEN_WORK, {"rows": as_json(map(_row, items))})


async def work_of_claims(tx: Transaction, claims: Iterable[Key]) -> list[OpenWork]:
    """The unresolved work of these claims, under lock."""
    rows = await tx.rows(_WORK_OF_CLAIMS, as_keys(claims))
    return [
        OpenWork(Key(row.tenant_id, row.id), Key(row.tenant_id, row.claim_id), Work(row.status))
        for row in rows
    ]


async def resolve_work(
    tx: Transaction, ends: Sequence[tuple[OpenWork, Work]], *, at: datetime
) -> None:
    """Work items come to an end."""
    rows = (
        {
            "tenant_id": work.key.tenant_id,
            "id": work.key.id,
            "status": end,
            "owner": Owner.NONE,
            "resolved_at": at,
        }
        for work, end in ends
    )
    if ends:
        await tx.run(_RESOLVE, {"rows": as_json(rows)})


def _line_content(line: PaidLine) -> dict[str, object]:
    return {
        "line": line.line,
        "charge_cents": line.charge.cents,
        "paid_cents": line.paid.cents,
        "rarc": line.rarcs,
        "cas": [
            {"group": each.group, "carc": each.carc, "cents": each.amount.cents}
            for each in line.adjustments
        ],
    }


def _adjudication(row: Row[Any]) -> Adjudication:
    return Adjudication(
        id=row.id,
        claim_id=row.claim_id,
        remit_id=row.remit_id,
        clp02=row.clp02,
        charge=Money(row.charge_cents),
        paid=Money(row.paid_cents),
        patient=Money(row.patient_cents),
        payer_control_number=row.payer_control_number,
        lines=tuple(_line(line) for line in from_json(row.lines)),
        is_reversal=row.is_reversal,
        paid_on=row.paid_on,
    )


def _line(line: dict[str, Any]) -> PaidLine:
    return PaidLine(
        line=line["line"],
        charge=Money(line["charge_cents"]),
        paid=Money(line["paid_cents"]),
        adjustments=tuple(
            Adjustment(each["group"], each["carc"], Money(each["cents"])) for each in line["cas"]
        ),
        rarcs=tuple(line["rarc"]),
    )


def _row(item: WorkItem) -> dict[str, object]:
    lead = item.sorted.denials[0]
    return {
        "tenant_id": item.tenant_id,
        "id": item.id,
        "practice_id": item.practice_id,
        "claim_id": item.claim_id,
        "encounter_id": item.encounter_id,
        "remit_id": item.remit_id,
        "status": Work.NEW,
        "category": lead.reading.category,
        "group_code": lead.reading.group,
        "carc": lead.reading.carc,
        "rarc": lead.rarcs,
        "denied_cents": item.sorted.denied.cents,
        "lines": [
            {
                "line": denial.line,
                "group": denial.reading.group,
                "carc": denial.reading.carc,
                "rarc": denial.rarcs,
                "denied_cents": denial.amount.cents,
                "category": denial.reading.category,
                "next_step": denial.reading.next_step,
            }
            for denial in item.sorted.denials
        ],
        "partial": item.partial,
        "root_cause": item.root_cause,
        "owner": item.owner,
        "next_step": item.next_step,
        "appeal_due": item.appeal_due,
        "due": item.due,
        "opened_at": item.opened_at,
    }
