"""SQL of bank deposits: kept once, paired with the remittance of the same trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.payments.domain.lifecycle import DepositStatus
from services.payments.repository.columns import columns
from shared.database import Transaction

_DEPOSITS = text("""
insert into deposits (tenant_id, id, practice_id, bank_id, sequence, trace, amount_cents,
    received_on, payer_code, status, received_at)
select * from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]), cast(:practice_id as uuid[]),
    cast(:bank_id as text[]), cast(:sequence as bigint[]), cast(:trace as text[]),
    cast(:amount_cents as bigint[]), cast(:received_on as date[]), cast(:payer_code as text[]),
    cast(:status as text[]), cast(:received_at as timestamptz[]))
on conflict (tenant_id, bank_id) do nothing returning id
""")

_CURSOR = text("select coalesce(max(sequence), 0) from deposits where tenant_id = :tenant_id")

_PAIRS = text("""
select d.id as deposit_id, d.amount_cents, d.status as deposit_status, r.id as remit_id,
    r.practice_id, r.total_cents, r.status as remit_status
from deposits d
join remittances r on r.tenant_id = d.tenant_id and r.trace = d.trace
    and r.payer_code = d.payer_code
where d.tenant_id = :tenant_id and d.trace = any (cast(:traces as text[]))
    and d.status <> 'reconciled' and r.expects_money
    and r.status not in ('duplicate', 'quarantined')
    and not exists (select from deposits o where o.tenant_id = r.tenant_id
        and o.remit_id = r.id and o.status = 'reconciled')
order by d.trace, abs(d.amount_cents - r.total_cents), d.id, r.id
for no key update of d, r
""")

_PAIRED = text("""
update deposits set status = :status, remit_id = :remit_id, practice_id = :practice_id
where tenant_id = :tenant_id and id = :id
""")

_IS_SETTLED = text("""
select exists (select from deposits
    where tenant_id = :tenant_id and remit_id = :remit_id and status = 'reconciled')
""")

_PRACTICES = text("""
select trace, practice_id from remittances
where tenant_id = :tenant_id and trace = any (cast(:traces as text[]))
    and status not in ('duplicate', 'quarantined')
""")


class Deposit(NamedTuple):
    """One amount the bank shows; practice_id is nil until its remittance is known."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    bank_id: str
    sequence: int
    trace: str
    amount_cents: int
    received_on: date
    payer_code: str
    status: str
    received_at: datetime


class Pair(NamedTuple):
    """A deposit and a remittance that speak of the same trace."""

    deposit_id: UUID
    amount_cents: int
    deposit_status: str
    remit_id: UUID
    practice_id: UUID
    total_cents: int
    remit_status: str


async def keep(tx: Transaction, deposits: Sequence[Deposit]) -> set[UUID]:
    """Keep deposits; gives the ids of those that are new."""
    rows = await tx.rows(_DEPOSITS, columns(Deposit._fields, deposits))
    return {row.id for row in rows}


async def cursor(tx: Transaction, tenant_id: UUID) -> int:
    """The highest bank sequence kept so far."""
    return int(await tx.scalar(_CURSOR, {"tenant_id": tenant_id}))


async def practices(tx: Transaction, tenant_id: UUID, traces: Sequence[str]) -> dict[str, UUID]:
    """The practice that each trace's remittance belongs to, where it came before the money."""
    rows = await tx.rows(_PRACTICES, {"tenant_id": tenant_id, "traces": list(traces)})
    return {row.trace: row.practice_id for row in rows}


async def pairs(tx: Transaction, tenant_id: UUID, traces: Sequence[str]) -> list[Pair]:
    """Deposits and remittances of these traces that are not yet paired, best fit first, locked."""
    rows = await tx.rows(_PAIRS, {"tenant_id": tenant_id, "traces": list(traces)})
    return [Pair(*row) for row in rows]


async def pair(tx: Transaction, tenant_id: UUID, found: Pair, *, status: DepositStatus) -> None:
    """Write which remittance a deposit belongs to."""
    given = {
        "tenant_id": tenant_id,
        "id": found.deposit_id,
        "remit_id": found.remit_id,
        "practice_id": found.practice_id,
        "status": status.value,
    }
    await tx.run(_PAIRED, given)


async def is_settled(tx: Transaction, tenant_id: UUID, remit_id: UUID) -> bool:
    """True when the bank's money for a remittance agrees with it."""
    given = {"tenant_id": tenant_id, "remit_id": remit_id}
    return bool(await tx.scalar(_IS_SETTLED, given))
