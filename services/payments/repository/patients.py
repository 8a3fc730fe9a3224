"""SQL of the patient's side: accounts, what is owed by visit, statements, payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.payments.domain.matching import ClaimedLine
from services.payments.domain.visits import Open
from services.payments.repository.columns import columns, strings
from shared.database import Transaction
from shared.money import Money

_ACCOUNT = """
select id, practice_id, patient_id from accounts
where tenant_id = :tenant_id and id = :id
    and (cast(:practices as uuid[]) is null or practice_id = any (cast(:practices as uuid[])))
"""
_READ = text(_ACCOUNT)
_LOCKED = text(f"{_ACCOUNT} for no key update")
_LOCKED_ALL = text("""
select id, practice_id, patient_id from accounts
where tenant_id = :tenant_id and id = any (cast(:ids as uuid[]))
order by id for no key update
""")

_VISITS = text("""
select e.id, e.account_id, e.practice_id, e.service_date, e.charged_to,
    cast(e.lines as text) as lines, e.identity, c.id as claim_id, c.control_number,
    c.denied_cents, c.denied_category, p.name as payer_name
from encounters e
left join lateral (
    select x.id, x.control_number, x.denied_cents, x.denied_category, x.payer_id from claims x
    where x.tenant_id = e.tenant_id and x.encounter_id = e.id
    order by x.rank, x.version desc, x.id limit 1
) c on true
left join payers p on p.tenant_id = e.tenant_id and p.id = c.payer_id
where e.tenant_id = :tenant_id and e.account_id = any (cast(:accounts as uuid[]))
    and e.charged_to <> ''
    and (cast(:practices as uuid[]) is null or e.practice_id = any (cast(:practices as uuid[])))
order by e.service_date, e.id
""")

_OWED = text("""
select b.encounter_id, b.balance_cents from balances b
cross join lateral (
    select x.service_date from encounters x
    where x.tenant_id = b.tenant_id and x.id = b.encounter_id limit 1
) e
where b.tenant_id = :tenant_id and b.account_id = :account_id
    and b.account = 'ar_patient' and b.balance_cents > 0
order by e.service_date, b.encounter_id
""")

_STATEMENTS = text("""
select id, account_id, ordinal, amount_cents, open_cents, status, digest, issued_at, due_on
from statements
where tenant_id = :tenant_id and account_id = any (cast(:accounts as uuid[]))
order by account_id, ordinal
""")

_NEW_STATEMENTS = text("""
insert into statements (tenant_id, id, practice_id, account_id, ordinal, amount_cents, open_cents,
    body, digest, status, issued_at, due_on)
select tenant_id, id, practice_id, account_id, ordinal, amount_cents, amount_cents,
    body, digest, status, issued_at, due_on
from unnest(
    cast(:tenant_id as uuid[]), cast(:id as uuid[]), cast(:practice_id as uuid[]),
    cast(:account_id as uuid[]), cast(:ordinal as int[]), cast(:amount_cents as bigint[]),
    cast(:body as text[]), cast(:digest as bytea[]), cast(:status as text[]),
    cast(:issued_at as timestamptz[]), cast(:due_on as date[])
) as new (tenant_id, id, practice_id, account_id, ordinal, amount_cents, body, digest, status,
    issued_at, due_on)
""")

_STATEMENT = text("""
update statements s set status = t.status, open_cents = t.open_cents
from unnest(cast(:id as uuid[]), cast(:status as text[]), cast(:open_cents as bigint[]))
    as t (id, status, open_cents)
where s.tenant_id = :tenant_id and s.id = t.id
""")

_PAYMENT = text("""
insert into patient_payments
    (tenant_id, id, practice_id, account_id, amount_cents, channel, received_at)
values (:tenant_id, :id, :practice_id, :account_id, :amount_cents, :channel, :received_at)
""")


class Account(NamedTuple):
    """One patient's account."""

    id: UUID
    practice_id: UUID
    patient_id: UUID


class VisitRow(NamedTuple):
    """A charged encounter with its first claim, where it has one; identity is sealed."""

    id: UUID
    account_id: UUID
    practice_id: UUID
    service_date: date | None
    charged_to: str
    lines: tuple[ClaimedLine, ...]
    identity: str | None
    claim_id: UUID | None
    control_number: str
    denied_cents: int
    denied_category: str
    payer_name: str


class Statement(NamedTuple):
    """One statement, without what it says."""

    id: UUID
    account_id: UUID
    ordinal: int
    amount_cents: int
    open_cents: int
    status: str
    digest: bytes
    issued_at: datetime
    due_on: date


class NewStatement(NamedTuple):
    """A statement to keep; body is sealed."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    account_id: UUID
    ordinal: int
    amount_cents: int
    body: str
    digest: bytes
    status: str
    issued_at: datetime
    due_on: date


class Receipt(NamedTuple):
    """Money a patient gave."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    account_id: UUID
    amount_cents: int
    channel: str
    received_at: datetime


async def account(
    tx: Transaction,
    account_id: UUID,
    practices: frozenset[UUID] | None,
    *,
    locked: bool = False,
) -> Account | None:
    """An account of the transaction's tenant, in the practices the caller may see (None = all)."""
    given = {
        "tenant_id": tx.tenant_id,
        "id": account_id,
        "practices": None if practices is None else strings(practices),
    }
    row = await tx.row(_LOCKED if locked else _READ, given)
    return None if row is None else Account(*row)


async def locked(tx: Transaction, accounts: Sequence[UUID]) -> list[Account]:
    """Accounts of the transaction's tenant under lock, which is taken in the order of their ids."""
    given = {"tenant_id": tx.tenant_id, "ids": strings(accounts)}
    return [Account(*row) for row in await tx.rows(_LOCKED_ALL, given)]


async def visits(
    tx: Transaction, accounts: Sequence[UUID], practices: frozenset[UUID] | None
) -> list[VisitRow]:
    """The accounts' charged encounters, oldest first, in these practices (None = all)."""
    given = {
        "tenant_id": tx.tenant_id,
        "accounts": strings(accounts),
        "practices": None if practices is None else strings(practices),
    }
    return [
        VisitRow(
            id=row.id,
            account_id=row.account_id,
            practice_id=row.practice_id,
            service_date=row.service_date,
            charged_to=row.charged_to,
            lines=msgspec.json.decode(row.lines, type=tuple[ClaimedLine, ...]),
            identity=row.identity,
            claim_id=row.claim_id,
            control_number=row.control_number or "",
            denied_cents=row.denied_cents or 0,
            denied_category=row.denied_category or "",
            payer_name=row.payer_name or "",
        )
        for row in await tx.rows(_VISITS, given)
    ]


async def owed(tx: Transaction, account_id: UUID) -> list[Open]:
    """What the patient owes, by visit, oldest first."""
    given = {"tenant_id": tx.tenant_id, "account_id": account_id}
    return [Open(row.encounter_id, Money(row.balance_cents)) for row in await tx.rows(_OWED, given)]


async def statements(tx: Transaction, accounts: Sequence[UUID]) -> list[Statement]:
    """The accounts' statements, those of one account oldest first."""
    given = {"tenant_id": tx.tenant_id, "accounts": strings(accounts)}
    return [Statement(*row) for row in await tx.rows(_STATEMENTS, given)]


async def keep_statements(tx: Transaction, new: Sequence[NewStatement]) -> None:
    """Keep new statements."""
    if new:
        await tx.run(_NEW_STATEMENTS, columns(NewStatement._fields, new))


async def change_statements(tx: Transaction, changes: Sequence[tuple[UUID, str, int]]) -> None:
    """Write states of statements: (id, status, cents still open)."""
    if changes:
        given = columns(("id", "status", "open_cents"), changes)
        await tx.run(_STATEMENT, {"tenant_id": tx.tenant_id, **given})


async def keep_payment(tx: Transaction, receipt: Receipt) -> None:
    """Keep a patient's payment."""
    await tx.run(_PAYMENT, receipt._asdict())
