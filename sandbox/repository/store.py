"""The sandbox's database: its transactions, its locks, the installation's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from sandbox.tables import installation, receivers
from shared.database.failures import raise_translated

Connection = AsyncConnection
"""What the functions of this package take; others name it by this name."""

POOL_SIZE = 4
CONNECT_SECONDS = 5


class Store:
    """The sandbox's database; every change happens in one of its transactions."""

    def __init__(self, url: str) -> None:
        async def connect() -> asyncpg.Connection:
            return await asyncpg.connect(url, timeout=CONNECT_SECONDS)

        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=10 * CONNECT_SECONDS,
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction; TryAgain when the database is away, the caller's errors as they are."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
            raise_translated(error)

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()


async def lock_key(connection: AsyncConnection, key: str) -> None:
    """Let one call at a time work under an Idempotency-Key."""
    await connection.execute(
        sa.text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}
    )


async def clock_offset(connection: AsyncConnection) -> int:
    """The installation's offset in seconds."""
    found = await connection.scalar(sa.select(installation.c.clock_offset_seconds))
    return int(found or 0)


async def set_clock_offset(connection: AsyncConnection, seconds: int) -> None:
    """Keep the installation's offset."""
    await connection.execute(installation.update().values(clock_offset_seconds=seconds))


async def lock_receiver(connection: AsyncConnection, receiver: str) -> int:
    """Lock a receiver's counters to the end of the transaction; its last control number."""
    new = insert(receivers).values(
        receiver=receiver, interchange=0, file_sequence=0, deposit_sequence=0
    )
    await connection.execute(new.on_conflict_do_nothing())
    found = await connection.scalar(
        sa.select(receivers.c.interchange).where(receivers.c.receiver == receiver).with_for_update()
    )
    return int(found or 0)


async def keep_interchange(connection: AsyncConnection, receiver: str, number: int) -> None:
    """The last control number that was used for a receiver."""
    await connection.execute(
        receivers.update().where(receivers.c.receiver == receiver).values(interchange=number)
    )
