"""What goes out: files of a receiver's mailbox and deposits at the bank, in sequence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.tables import deposits, files, payments, receivers


class StoredFile(NamedTuple):
    """A mailbox file."""

    id: UUID
    kind: str
    body: bytes
    sha256: str
    available_at: datetime


class StoredDeposit(NamedTuple):
    """Money that arrives at the bank."""

    id: UUID
    trace: str
    amount_cents: int
    paid_on: date
    payer: str
    available_at: datetime


async def add_files(
    connection: AsyncConnection, receiver: str, added: Sequence[StoredFile]
) -> None:
    """Put files into a mailbox; they are listed from `available_at` on."""
    rows = [{"receiver": receiver, **one._asdict()} for one in added]
    if rows:
        await connection.execute(files.insert(), rows)


async def add_deposit(connection: AsyncConnection, receiver: str, added: StoredDeposit) -> None:
    """Let money arrive."""
    await connection.execute(deposits.insert(), {"receiver": receiver, **added._asdict()})


async def is_anything_due(connection: AsyncConnection, receiver: str, now: datetime) -> bool:
    """Whether a payment run, a file or a deposit of the receiver is due."""
    due = sa.union_all(
        sa.select(sa.literal(1)).where(
            payments.c.receiver == receiver, payments.c.paid_at.is_(None), payments.c.pay_at <= now
        ),
        *(
            sa.select(sa.literal(1)).where(
                table.c.receiver == receiver,
                table.c.sequence.is_(None),
                table.c.available_at <= now,
            )
            for table in (files, deposits)
        ),
    )
    return await connection.scalar(sa.select(due.exists())) is True


async def release(connection: AsyncConnection, receiver: str, now: datetime) -> None:
    """Give what is available its place in the mailbox and in the bank's list, in order."""
    for table, counter in (
        (files, receivers.c.file_sequence),
        (deposits, receivers.c.deposit_sequence),
    ):
        due = await connection.scalars(
            sa.select(table.c.number)
            .where(
                table.c.receiver == receiver,
                table.c.sequence.is_(None),
                table.c.available_at <= now,
            )
            .order_by(table.c.available_at, table.c.number)
        )
        numbers = list(due)
        if not numbers:
            continue
        own = receivers.c.receiver == receiver
        last = int(await connection.scalar(sa.select(counter).where(own)) or 0)
        places = [{"row": number, "place": place} for place, number in enumerate(numbers, last + 1)]
        await connection.execute(
            table.update()
            .where(table.c.number == sa.bindparam("row"))
            .values(sequence=sa.bindparam("place")),
            places,
        )
        await connection.execute(
            receivers.update().where(own).values({counter.name: last + len(numbers)})
        )


async def listed_files(
    connection: AsyncConnection, receiver: str, kinds: Collection[str], *, after: int, limit: int
) -> Sequence[Any]:
    """Files of the kinds (none: of all) behind a sequence: id, sequence, kind, size, sha256."""
    columns = (files.c.id, files.c.sequence, files.c.kind, files.c.sha256)
    statement = (
        sa.select(*columns, sa.func.length(files.c.body).label("size"))
        .where(files.c.receiver == receiver, files.c.sequence > after)
        .order_by(files.c.sequence)
        .limit(limit)
    )
    if kinds:
        statement = statement.where(files.c.kind.in_(kinds))
    return (await connection.execute(statement)).all()


async def file_body(connection: AsyncConnection, file_id: UUID) -> bytes | None:
    """The bytes of a listed file."""
    return await connection.scalar(
        sa.select(files.c.body).where(files.c.id == file_id, files.c.sequence.is_not(None))
    )


async def ack_file(connection: AsyncConnection, file_id: UUID, *, at: datetime) -> bool:
    """Mark a file as fetched (the first time counts); False when there is no such file."""
    done = await connection.execute(
        files.update()
        .where(files.c.id == file_id, files.c.sequence.is_not(None))
        .values(acked_at=sa.func.coalesce(files.c.acked_at, at))
    )
    return done.rowcount > 0


async def listed_deposits(
    connection: AsyncConnection, receiver: str, *, after: int, limit: int
) -> Sequence[Any]:
    """Deposits behind a sequence."""
    statement = (
        sa.select(deposits)
        .where(deposits.c.receiver == receiver, deposits.c.sequence > after)
        .order_by(deposits.c.sequence)
        .limit(limit)
    )
    return (await connection.execute(statement)).all()
