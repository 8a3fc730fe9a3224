"""Decisions that wait for their payment run, and what practices still owe a payer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.tables import balances, payments


class Owner(NamedTuple):
    """Whose debts: of a practice of a receiver, to a payer."""

    receiver: str
    payer: str
    payee_npi: str


class StoredPayment(NamedTuple):
    """A decision waiting for the run that pays it; details as JSON."""

    payer: str
    payee_npi: str
    pay_at: datetime
    apart: str
    details: bytes


async def add_payments(
    connection: AsyncConnection, receiver: str, added: Sequence[StoredPayment]
) -> None:
    """Keep decisions until their run."""
    rows = [{"receiver": receiver, **one._asdict()} for one in added]
    if rows:
        await connection.execute(payments.insert(), rows)


async def take_due_payments(
    connection: AsyncConnection, receiver: str, now: datetime
) -> list[StoredPayment]:
    """Decisions whose time has come, oldest first; they are paid from now on."""
    found = await connection.execute(
        payments.update()
        .where(
            payments.c.receiver == receiver, payments.c.paid_at.is_(None), payments.c.pay_at <= now
        )
        .values(paid_at=now)
        .returning(payments.c.id, *(payments.c[name] for name in StoredPayment._fields))
    )
    rows = sorted(found, key=lambda row: int(row.id))
    return [StoredPayment(*row[1:]) for row in rows]


async def open_balances(connection: AsyncConnection, owner: Owner) -> dict[str, int]:
    """What the practice still owes the payer, by the trace of the 835 that left it."""
    found = await connection.execute(
        sa.select(balances.c.trace, balances.c.left_cents)
        .where(*_owed(owner), balances.c.left_cents > 0)
        .order_by(balances.c.trace)
    )
    return {row.trace: row.left_cents for row in found}


async def keep_balance(connection: AsyncConnection, owner: Owner, *, left: dict[str, int]) -> None:
    """Cents still owed, by trace."""
    for trace, cents in sorted(left.items()):
        statement = insert(balances).values(**owner._asdict(), trace=trace, left_cents=cents)
        key = ["receiver", "payer", "payee_npi", "trace"]
        await connection.execute(
            statement.on_conflict_do_update(index_elements=key, set_={"left_cents": cents})
        )


def _owed(owner: Owner) -> tuple[sa.ColumnElement[bool], ...]:
    columns = balances.c
    return (
        columns.receiver == owner.receiver,
        columns.payer == owner.payer,
        columns.payee_npi == owner.payee_npi,
    )
