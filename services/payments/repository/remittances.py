"""SQL of 835 files, the payments in them and their claims: kept, recognised, matched, settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.payments.domain.lifecycle import RemittanceStatus
from services.payments.domain.remittance import Adjustment, ClaimPayment, ServicePayment
from services.payments.repository.columns import as_json, columns, strings
from shared.database import Transaction
from shared.money import Money

_FILE = text("""
insert into clearinghouse_files
    (tenant_id, id, file_id, kind, sequence, sha256, raw, status, reason, received_at)
values (:tenant_id, :id, :file_id, :kind, :sequence, :sha256, :raw, :status, :reason, :received_at)
on conflict (tenant_id, file_id) do nothing
""")

_CURSOR = text("""
select coalesce(max(sequence), 0) from clearinghouse_files
where tenant_id = :tenant_id and kind = :kind
""")

_OF_FILE = text("""
select r.id from remittances r
join clearinghouse_files f on f.tenant_id = r.tenant_id and f.id = r.file_id
where f.tenant_id = :tenant_id and f.file_id = :file_id order by r.position
""")

_ORIGINALS = text("""
select id, payer_code, trace, total_cents, paid_on, status from remittances
where tenant_id = :tenant_id and status <> 'duplicate' and trace = any (cast(:traces as text[]))
order by status = 'quarantined' desc, received_at, id
""")

_REMITTANCES = text("""
insert into remittances (tenant_id, id, practice_id, file_id, position, payer_id, payer_code,
    payee_npi, trace, total_cents, paid_on, expects_money, claims, provider_adjustments, status,
    rule, place, difference_cents, duplicate_of, received_at)
select tenant_id, id, practice_id, file_id, position, payer_id, payer_code, payee_npi, trace,
    total_cents, paid_on, expects_money, claims, cast(provider_adjustments as jsonb), status,
    rule, place, difference_cents, duplicate_of, received_at
from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]), cast(:practice_id as uuid[]),
    cast(:file_id as uuid[]), cast(:position as int[]), cast(:payer_id as uuid[]),
    cast(:payer_code as text[]), cast(:payee_npi as text[]), cast(:trace as text[]),
    cast(:total_cents as bigint[]), cast(:paid_on as date[]), cast(:expects_money as bool[]),
    cast(:claims as int[]), cast(:provider_adjustments as text[]), cast(:status as text[]),
    cast(:rule as text[]), cast(:place as text[]), cast(:difference_cents as bigint[]),
    cast(:duplicate_of as uuid[]), cast(:received_at as timestamptz[]))
    as t (tenant_id, id, practice_id, file_id, position, payer_id, payer_code, payee_npi, trace,
        total_cents, paid_on, expects_money, claims, provider_adjustments, status, rule, place,
        difference_cents, duplicate_of, received_at)
""")

_CLAIMS = text("""
insert into remittance_claims (tenant_id, id, remit_id, position, control_number, clp02,
    charge_cents, paid_cents, patient_cents, payer_control_number, body, status)
select :tenant_id, id, remit_id, position, control_number, clp02, charge_cents, paid_cents,
    patient_cents, payer_control_number, cast(body as jsonb), 'waiting'
from unnest(cast(:id as uuid[]), cast(:remit_id as uuid[]), cast(:position as int[]),
    cast(:control_number as text[]), cast(:clp02 as text[]), cast(:charge_cents as bigint[]),
    cast(:paid_cents as bigint[]), cast(:patient_cents as bigint[]),
    cast(:payer_control_number as text[]), cast(:body as text[]))
    as t (id, remit_id, position, control_number, clp02, charge_cents, paid_cents, patient_cents,
        payer_control_number, body)
""")

_LOCKED = text("""
select tenant_id, id, practice_id, file_id, position, payer_id, payer_code, payee_npi, trace,
    total_cents, paid_on, expects_money, claims,
    cast(provider_adjustments as text) as provider_adjustments, status, rule, place,
    difference_cents, duplicate_of, received_at
from remittances where tenant_id = :tenant_id and id = :id for no key update
""")

_READ = text("""
select tenant_id, id, practice_id, file_id, position, payer_id, payer_code, payee_npi, trace,
    total_cents, paid_on, expects_money, claims,
    cast(provider_adjustments as text) as provider_adjustments, status, rule, place,
    difference_cents, duplicate_of, received_at
from remittances where tenant_id = :tenant_id and id = any (cast(:ids as uuid[]))
    and (cast(:practices as uuid[]) is null or practice_id = any (cast(:practices as uuid[])))
order by position
""")

_CLAIM_STATES = text("""
select remit_id, status, count(*) as claims from remittance_claims
where tenant_id = :tenant_id and remit_id = any (cast(:ids as uuid[]))
group by remit_id, status order by remit_id, status
""")

_BY_NUMBER = text("""
update remittance_claims r set claim_id = n.claim_id from control_numbers n
where r.tenant_id = :tenant_id and r.remit_id = :remit_id and r.claim_id is null
    and r.status in ('waiting', 'unmatched')
    and n.tenant_id = r.tenant_id and n.control_number = r.control_number
""")

_BY_PAYER_NUMBER = text("""
update remittance_claims r set claim_id = c.id from claims c
where r.tenant_id = :tenant_id and r.remit_id = :remit_id and r.claim_id is null
    and r.status in ('waiting', 'unmatched') and r.payer_control_number <> ''
    and c.tenant_id = r.tenant_id and c.payer_control_number = r.payer_control_number
    and c.payer_id = :payer_id and c.charge_cents = abs(r.charge_cents)
""")

_POSTABLE = text("""
select distinct on (r.claim_id) r.id, r.remit_id, r.position, r.control_number, r.clp02,
    r.charge_cents, r.paid_cents, r.patient_cents, r.payer_control_number,
    cast(r.body as text) as body, r.claim_id
from remittance_claims r
join claims c on c.tenant_id = r.tenant_id and c.id = r.claim_id
join encounters e on e.tenant_id = c.tenant_id and e.id = c.encounter_id
where r.tenant_id = :tenant_id and r.remit_id = :remit_id and r.status = 'waiting'
    and e.coding_version > 0
    and case when r.clp02 = '22' then c.decision_id is not null
        else c.posting_id is null or r.clp02 = '25' end
order by r.claim_id, r.clp02 <> '22', r.position limit :limit
""")

_SETTLED = text("""
update remittance_claims r set status = t.status, reason = t.reason
from unnest(cast(:id as uuid[]), cast(:status as text[]), cast(:reason as text[]))
    as t (id, status, reason)
where r.tenant_id = :tenant_id and r.id = t.id
""")

_GIVEN_UP = text("""
update remittance_claims set status = 'unmatched', reason = case
    when claim_id is null then 'unknown_claim'
    when clp02 = '22' then 'awaits_original' else 'awaits_reversal' end
where tenant_id = :tenant_id and remit_id = :remit_id and status = 'waiting'
returning id, position, reason, paid_cents
""")

_COUNTS = text("""
select count(*) filter (where status = 'waiting') as waiting,
    count(*) filter (where status in ('unmatched', 'refused')) as unmatched
from remittance_claims where tenant_id = :tenant_id and remit_id = :remit_id
""")

_STATUS = text("""
update remittances set status = :status, practice_id = :practice_id, rule = :rule
where tenant_id = :tenant_id and id = :id
""")

_WOKEN = text("""
update remittance_claims r set status = 'waiting', reason = '', claim_id = w.claim_id
from (select distinct * from unnest(cast(:tenant_id as uuid[]), cast(:control_number as text[]),
    cast(:claim_id as uuid[])) as u (tenant_id, control_number, claim_id)) as w
where r.tenant_id = w.tenant_id and r.status in ('waiting', 'unmatched')
    and (r.control_number = w.control_number or r.claim_id = w.claim_id)
returning r.tenant_id, r.remit_id, w.claim_id
""")

_CONTROL_NUMBERS = text("""
select c.tenant_id, c.id, c.encounter_id, n.control_number
from unnest(cast(:tenant_id as uuid[]), cast(:encounter_id as uuid[]))
    as w (tenant_id, encounter_id)
join claims c on c.tenant_id = w.tenant_id and c.encounter_id = w.encounter_id
join control_numbers n on n.tenant_id = c.tenant_id and n.claim_id = c.id
""")


Natural = tuple[str, str, int, date]
"""Payer code, trace, total in cents, date: the same four are the same payment."""


class Original(NamedTuple):
    """A payment seen before; one that was put aside has posted nothing."""

    id: UUID
    is_quarantined: bool


class NewFile(NamedTuple):
    """A file as it came; raw is sealed."""

    tenant_id: UUID
    id: UUID
    file_id: str
    kind: str
    sequence: int
    sha256: bytes
    raw: str
    status: str
    reason: str
    received_at: datetime


class Remit(NamedTuple):
    """One payment of an 835 as it stands; provider_adjustments is JSON text."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    file_id: UUID
    position: int
    payer_id: UUID | None
    payer_code: str
    payee_npi: str
    trace: str
    total_cents: int
    paid_on: date
    expects_money: bool
    claims: int
    provider_adjustments: str
    status: str
    rule: str
    place: str
    difference_cents: int
    duplicate_of: UUID | None
    received_at: datetime


class Postable(NamedTuple):
    """A claim payment whose claim is known and free to take it."""

    id: UUID
    claim_id: UUID
    payment: ClaimPayment


class Settled(NamedTuple):
    """What became of a claim payment."""

    id: UUID
    status: str
    reason: str


class GivenUp(NamedTuple):
    """A claim payment that waited too long."""

    id: UUID
    position: int
    reason: str
    paid_cents: int


class Body(msgspec.Struct, frozen=True):
    """The part of a claim payment that is kept as JSON."""

    adjustments: tuple[Adjustment, ...]
    remarks: tuple[str, ...]
    services: tuple[ServicePayment, ...]


async def keep_file(tx: Transaction, file: NewFile) -> bool:
    """Keep a file; False when its id was seen before."""
    return await tx.run(_FILE, file._asdict()) == 1


async def cursor(tx: Transaction, tenant_id: UUID, kind: str) -> int:
    """The highest mailbox sequence kept so far."""
    return int(await tx.scalar(_CURSOR, {"tenant_id": tenant_id, "kind": kind}))


async def of_file(tx: Transaction, tenant_id: UUID, file_id: str) -> list[UUID]:
    """The remittances of a file, in its order."""
    rows = await tx.rows(_OF_FILE, {"tenant_id": tenant_id, "file_id": file_id})
    return [row.id for row in rows]


async def originals(
    tx: Transaction, tenant_id: UUID, traces: Sequence[str]
) -> dict[Natural, Original]:
    """Payments seen before, by (payer, trace, total, date); accepted ones before put-aside ones."""
    rows = await tx.rows(_ORIGINALS, {"tenant_id": tenant_id, "traces": list(traces)})
    return {
        (row.payer_code, row.trace, row.total_cents, row.paid_on): Original(
            row.id, is_quarantined=row.status == RemittanceStatus.QUARANTINED
        )
        for row in rows
    }


async def keep(tx: Transaction, remits: Sequence[Remit]) -> None:
    """Keep the payments of a file."""
    await tx.run(_REMITTANCES, columns(Remit._fields, remits))


async def keep_claims(
    tx: Transaction, tenant_id: UUID, found: Sequence[tuple[UUID, UUID, ClaimPayment]]
) -> None:
    """Keep claim payments: (id, remittance, payment)."""
    names = (
        "id",
        "remit_id",
        "position",
        "control_number",
        "clp02",
        "charge_cents",
        "paid_cents",
        "patient_cents",
        "payer_control_number",
        "body",
    )
    rows = [
        (
            row_id,
            remit_id,
            each.position,
            each.control_number,
            each.status,
            each.charge.cents,
            each.paid.cents,
            each.patient.cents,
            each.payer_control_number,
            as_json(Body(each.adjustments, each.remarks, each.services)),
        )
        for row_id, remit_id, each in found
    ]
    if rows:
        await tx.run(_CLAIMS, {**columns(names, rows), "tenant_id": tenant_id})


async def locked(tx: Transaction, tenant_id: UUID, remit_id: UUID) -> Remit | None:
    """One remittance, locked."""
    row = await tx.row(_LOCKED, {"tenant_id": tenant_id, "id": remit_id})
    return None if row is None else Remit(*row)


async def read(
    tx: Transaction, remit_ids: Sequence[UUID], practices: frozenset[UUID] | None
) -> list[Remit]:
    """Remittances of the transaction's tenant, in the practices the caller may see (None = all)."""
    given = {
        "tenant_id": tx.tenant_id,
        "ids": strings(remit_ids),
        "practices": None if practices is None else strings(practices),
    }
    return [Remit(*row) for row in await tx.rows(_READ, given)]


async def claim_states(tx: Transaction, remit_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many claim payments of each remittance are in which state."""
    given = {"tenant_id": tx.tenant_id, "ids": strings(remit_ids)}
    found: dict[UUID, dict[str, int]] = {}
    for row in await tx.rows(_CLAIM_STATES, given):
        found.setdefault(row.remit_id, {})[row.status] = row.claims
    return found


async def match(tx: Transaction, remit: Remit) -> None:
    """Find our claims: by our control number, else by the payer's own number and the charge."""
    given = {"tenant_id": remit.tenant_id, "remit_id": remit.id}
    await tx.run(_BY_NUMBER, given)
    if remit.payer_id is not None:
        await tx.run(_BY_PAYER_NUMBER, {**given, "payer_id": remit.payer_id})


async def postable(tx: Transaction, remit: Remit, *, limit: int) -> list[Postable]:
    """Claim payments to post now, at most one per claim, a reversal before its correction."""
    given = {"tenant_id": remit.tenant_id, "remit_id": remit.id, "limit": limit}
    return [
        Postable(row.id, row.claim_id, _payment(row)) for row in await tx.rows(_POSTABLE, given)
    ]


async def settle(tx: Transaction, tenant_id: UUID, settled: Sequence[Settled]) -> None:
    """Write what became of claim payments."""
    if settled:
        await tx.run(_SETTLED, {**columns(Settled._fields, settled), "tenant_id": tenant_id})


async def give_up(tx: Transaction, remit: Remit) -> list[GivenUp]:
    """Mark what still waits as unmatched; it is taken up again when its claim comes."""
    given = {"tenant_id": remit.tenant_id, "remit_id": remit.id}
    rows = [GivenUp(*row) for row in await tx.rows(_GIVEN_UP, given)]
    return sorted(rows, key=lambda row: row.position)


async def counts(tx: Transaction, remit: Remit) -> tuple[int, int]:
    """How many claim payments wait, and how many are nobody's."""
    given = {"tenant_id": remit.tenant_id, "remit_id": remit.id}
    row = await tx.row(_COUNTS, given)
    return (row.waiting, row.unmatched) if row is not None else (0, 0)


async def change(tx: Transaction, remit: Remit, status: RemittanceStatus) -> None:
    """Write a remittance's new state, with the practice and rule it carries now."""
    given = {
        "tenant_id": remit.tenant_id,
        "id": remit.id,
        "status": status.value,
        "practice_id": remit.practice_id,
        "rule": remit.rule,
    }
    await tx.run(_STATUS, given)


async def wake(
    tx: Transaction, numbers: Sequence[tuple[UUID, str, UUID]]
) -> list[tuple[UUID, UUID, UUID]]:
    """Claim payments that waited for these claims (tenant, control number, claim) may run again.

    Gives (tenant, remittance, claim) for each of them, in a fixed order.
    """
    if not numbers:
        return []
    given = columns(("tenant_id", "control_number", "claim_id"), numbers)
    return sorted({(row[0], row[1], row[2]) for row in await tx.rows(_WOKEN, given)})


async def numbers_of(
    tx: Transaction, encounters: Sequence[tuple[UUID, UUID]]
) -> list[tuple[UUID, str, UUID, UUID]]:
    """The control numbers of encounters: (tenant, number, claim, encounter)."""
    given = columns(("tenant_id", "encounter_id"), encounters)
    rows = await tx.rows(_CONTROL_NUMBERS, given)
    return [(row.tenant_id, row.control_number, row.id, row.encounter_id) for row in rows]


def _payment(row: Row[Any]) -> ClaimPayment:
    body = msgspec.json.decode(row.body, type=Body)
    return ClaimPayment(
        position=row.position,
        control_number=row.control_number,
        status=row.clp02,
        charge=Money(row.charge_cents),
        paid=Money(row.paid_cents),
        patient=Money(row.patient_cents),
        payer_control_number=row.payer_control_number,
        adjustments=body.adjustments,
        remarks=body.remarks,
        services=body.services,
    )
