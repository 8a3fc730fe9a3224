"""SQL of 835 files and the payments in them: kept once, recognised when they come again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.payments.domain.lifecycle import RemittanceStatus
from services.payments.repository.columns import columns, strings
from shared.database import Transaction

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

_STATUS = text("""
update remittances set status = :status, practice_id = :practice_id, rule = :rule
where tenant_id = :tenant_id and id = :id
""")

_UNPOSTED_SINCE = text("""
select min(r.received_at) from remittance_claims c
join remittances r on r.tenant_id = c.tenant_id and r.id = c.remit_id
where c.status in ('waiting', 'unmatched') and r.status in ('balanced', 'matching', 'exceptions')
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


async def unposted_since(tx: Transaction) -> datetime | None:
    """When the oldest 835 came that holds a claim payment still to be posted (business time).

    Of the tenants the transaction sees. What is quarantined or refused waits for a person, not for
    posting.
    """
    found: datetime | None = await tx.scalar(_UNPOSTED_SINCE)
    return found


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
