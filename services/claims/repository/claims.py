"""Claims and their timeline: loaded under lock, saved many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.claims.domain.claim import Balance, Claim, Finding, Key, Severity, Step
from services.claims.domain.lifecycle import Owner, Reporter, Status
from services.claims.repository.rows import as_json, as_keys, from_json
from shared.database import Transaction
from shared.events.people import MemberIdentity
from shared.money import Money
from shared.sealing import Cell

MEMBER = "claims.member"

_INSERT = text("""
    insert into claims
    select * from json_populate_recordset(cast(null as claims), cast(:rows as json))
""")

_UPDATE = text("""
    update claims c
       set coding_version = r.coding_version, payer_id = r.payer_id, status = r.status,
           service_from = r.service_from, service_to = r.service_to, charge_cents = r.charge_cents,
           filing_due = r.filing_due, filing_rule = r.filing_rule, owner = r.owner,
           reported_by = r.reported_by, next_action_due = r.next_action_due,
           hold_reason = r.hold_reason, findings = r.findings, paid_cents = r.paid_cents,
           patient_cents = r.patient_cents, denied_cents = r.denied_cents, balance = r.balance,
           version = r.version, control_number = r.control_number, batch_id = r.batch_id,
           delivery_unconfirmed = r.delivery_unconfirmed,
           payer_control_number = r.payer_control_number, accepted_at = r.accepted_at,
           accepted_by = r.accepted_by, remit_id = r.remit_id, close_reason = r.close_reason,
           duplicate_key = r.duplicate_key, steps = r.steps
      from json_populate_recordset(cast(null as claims), cast(:rows as json)) r
     where (c.tenant_id, c.id) = (r.tenant_id, r.id)
""")

_LOCK = text("""
    select t.* from claims t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.id) = (wanted.tenant_id, wanted.id)
     order by t.tenant_id, t.id
       for update of t
""")

_LOCK_OF_ENCOUNTERS = text("""
    select t.* from claims t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.encounter_id) = (wanted.tenant_id, wanted.id)
     order by t.tenant_id, t.id
       for update of t
""")

_LOCK_OF_BATCH = text("""
    select t.* from claims t
     where t.tenant_id = :tenant and t.batch_id = :batch
     order by t.tenant_id, t.id
       for update of t
""")

_DUPLICATES = text("""
    select distinct t.tenant_id, t.duplicate_key, t.encounter_id from claims t
      join unnest(cast(:tenants as uuid[]), cast(:names as text[])) as wanted (tenant_id, name)
        on (t.tenant_id, t.duplicate_key) = (wanted.tenant_id, wanted.name)
""")

_STEPS = text("""
    insert into claim_events
    select * from json_populate_recordset(cast(null as claim_events), cast(:rows as json))
""")

_CORRECT_MEMBER = text("""
    update claims set member = :member where tenant_id = :tenant and id = :id
""")

_MEMBERS = text("""
    select t.tenant_id, t.id, t.member from claims t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.id) = (wanted.tenant_id, wanted.id)
     where t.member is not null
""")


async def insert_claims(tx: Transaction, claims: Sequence[Claim]) -> None:
    """New claims."""
    if claims:
        await tx.run(_INSERT, {"rows": as_json(map(_row, claims))})


async def update_claims(tx: Transaction, claims: Sequence[Claim]) -> None:
    """Claims that were loaded under lock and have changed."""
    if claims:
        await tx.run(_UPDATE, {"rows": as_json(map(_row, claims))})


async def insert_steps(tx: Transaction, steps: Sequence[Step]) -> None:
    """Timeline entries."""
    rows = (
        {
            "tenant_id": step.tenant_id,
            "id": step.id,
            "claim_id": step.claim_id,
            "position": step.position,
            "kind": step.kind,
            "status_from": step.status_from,
            "status_to": step.status_to,
            "reported_by": step.reported_by,
            "actor": step.actor,
            "message_id": step.message_id,
            "happened_at": step.happened_at,
            "detail": step.detail,
        }
        for step in steps
    )
    if steps:
        await tx.run(_STEPS, {"rows": as_json(rows)})


async def lock_claims(tx: Transaction, keys: Iterable[tuple[UUID, UUID]]) -> dict[Key, Claim]:
    """Claims under lock, in key order; unknown ones are left out."""
    return _claims(await tx.rows(_LOCK, as_keys(keys)))


async def lock_claims_of_encounters(
    tx: Transaction, keys: Iterable[tuple[UUID, UUID]]
) -> dict[Key, list[Claim]]:
    """The claims of encounters under lock, by encounter, oldest generation first."""
    found: dict[Key, list[Claim]] = {}
    for claim in _claims(await tx.rows(_LOCK_OF_ENCOUNTERS, as_keys(keys))).values():
        found.setdefault(Key(claim.tenant_id, claim.encounter_id), []).append(claim)
    for claims in found.values():
        claims.sort(key=lambda claim: (claim.rank, claim.generation))
    return found


async def lock_claims_of_batch(tx: Transaction, tenant_id: UUID, batch_id: UUID) -> list[Claim]:
    """The claims whose latest sending is this batch, under lock."""
    rows = await tx.rows(_LOCK_OF_BATCH, {"tenant": str(tenant_id), "batch": str(batch_id)})
    return list(_claims(rows).values())


async def duplicates(
    tx: Transaction, keys: Iterable[tuple[UUID, str]]
) -> dict[tuple[UUID, str], set[UUID]]:
    """(tenant, duplicate key) -> encounters whose claims bear it."""
    pairs = sorted(set(keys))
    found: dict[tuple[UUID, str], set[UUID]] = {}
    wanted = {"tenants": [str(pair[0]) for pair in pairs], "names": [pair[1] for pair in pairs]}
    for row in await tx.rows(_DUPLICATES, wanted):
        found.setdefault((row.tenant_id, row.duplicate_key), set()).add(row.encounter_id)
    return found


async def correct_member(tx: Transaction, claim: Claim, member: MemberIdentity) -> None:
    """Seal a corrected member identity beside the claim; the coding stays as it came."""
    cell = Cell(tx.service, claim.tenant_id, MEMBER, claim.id)
    sealed = tx.keys.seal_column(cell, member)
    where = {"tenant": str(claim.tenant_id), "id": str(claim.id)}
    await tx.run(_CORRECT_MEMBER, {"member": sealed, **where})


async def corrected_members(
    tx: Transaction, keys: Iterable[tuple[UUID, UUID]]
) -> dict[Key, MemberIdentity]:
    """The corrected member identities of those claims that have one."""
    return {
        Key(row.tenant_id, row.id): tx.keys.open_column(
            Cell(tx.service, row.tenant_id, MEMBER, row.id), row.member, MemberIdentity
        )
        for row in await tx.rows(_MEMBERS, as_keys(keys))
    }


def _claims(rows: Iterable[Row[Any]]) -> dict[Key, Claim]:
    return {Key(row.tenant_id, row.id): read_claim(row) for row in rows}


def _row(claim: Claim) -> dict[str, object]:
    return {
        "tenant_id": claim.tenant_id,
        "id": claim.id,
        "practice_id": claim.practice_id,
        "encounter_id": claim.encounter_id,
        "patient_id": claim.patient_id,
        "payer_id": claim.payer_id,
        "rank": claim.rank,
        "generation": claim.generation,
        "frequency": claim.frequency,
        "coding_version": claim.coding_version,
        "service_from": claim.service_from,
        "service_to": claim.service_to,
        "charge_cents": claim.charge.cents,
        "filing_due": claim.filing_due,
        "filing_rule": claim.filing_rule,
        "status": claim.status,
        "owner": claim.owner,
        "reported_by": claim.reported_by,
        "next_action_due": claim.next_action_due,
        "hold_reason": claim.hold_reason,
        "findings": claim.findings,
        "paid_cents": claim.paid.cents,
        "patient_cents": claim.patient_share.cents,
        "denied_cents": claim.denied.cents,
        "balance": claim.balance,
        "version": claim.version,
        "control_number": claim.control_number,
        "batch_id": claim.batch_id,
        "delivery_unconfirmed": claim.delivery_unconfirmed,
        "original_number": claim.original_number,
        "payer_control_number": claim.payer_control_number,
        "accepted_at": claim.accepted_at,
        "accepted_by": claim.accepted_by,
        "remit_id": claim.remit_id,
        "close_reason": claim.close_reason,
        "steps": claim.steps,
        "duplicate_key": claim.duplicate_key,
        "opened_at": claim.opened_at,
    }


def read_claim(row: Row[Any]) -> Claim:
    """A claim of a whole row of `claims`."""
    return Claim(
        tenant_id=row.tenant_id,
        id=row.id,
        practice_id=row.practice_id,
        encounter_id=row.encounter_id,
        patient_id=row.patient_id,
        payer_id=row.payer_id,
        rank=row.rank,
        generation=row.generation,
        frequency=row.frequency,
        coding_version=row.coding_version,
        service_from=row.service_from,
        service_to=row.service_to,
        charge=Money(row.charge_cents),
        filing_due=row.filing_due,
        filing_rule=row.filing_rule,
        status=Status(row.status),
        owner=Owner(row.owner),
        reported_by=Reporter(row.reported_by),
        next_action_due=row.next_action_due,
        hold_reason=row.hold_reason,
        findings=tuple(_finding(each) for each in from_json(row.findings)),
        paid=Money(row.paid_cents),
        patient_share=Money(row.patient_cents),
        denied=Money(row.denied_cents),
        balance=Balance(row.balance),
        version=row.version,
        control_number=row.control_number,
        batch_id=row.batch_id,
        delivery_unconfirmed=row.delivery_unconfirmed,
        original_number=row.original_number,
        payer_control_number=row.payer_control_number,
        accepted_at=row.accepted_at,
        accepted_by=row.accepted_by,
        remit_id=row.remit_id,
        close_reason=row.close_reason,
        duplicate_key=row.duplicate_key,
        steps=row.steps,
        opened_at=row.opened_at,
    )


def _finding(stored: dict[str, str]) -> Finding:
    return Finding(
        rule=stored["rule"],
        location=stored["location"],
        message=stored["message"],
        remedy=stored["remedy"],
        severity=Severity(stored["severity"]),
        owner=Owner(stored["owner"]),
    )
