"""A service's database: its pools per role, and the edge at which transactions begin and commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

import asyncpg
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from shared import audit
from shared.database.failures import DRIVER_FAILURES, raise_translated
from shared.database.transaction import Scope, Transaction
from shared.database.urls import DatabaseUrls
from shared.sealing import Keyring

CONNECT_SECONDS = 5
COMMAND_SECONDS = 15
"""Longer than the roles' statement_timeout (security.py): only a silent network reaches it."""

BeforeCommit = Callable[[Transaction], Awaitable[None]]
AfterCommit = Callable[[Transaction], None]

_SEE_TENANT = text("select set_config('app.tenant', :tenants, true)")
_SEE_TENANTS = text("select set_config('app.tenants', :tenants, true)")


class Database:
    """A service's database; every transaction of the service begins and commits here.

    on_before_commit run inside the transaction after the application code (outbox, parking, due
    work); audit entries are written here. on_after_commit wake others; they must not raise.
    """

    def __init__(
        self,
        service: str,
        urls: DatabaseUrls,
        keys: Keyring,
        *,
        http_pool: int = 5,
        pipeline_pool: int = 5,
    ) -> None:
        self.service = service
        self.urls = urls
        self.keys = keys
        self.on_before_commit: list[BeforeCommit] = []
        self.on_after_commit: list[AfterCommit] = []
        self._http = _engine(urls.http, http_pool, f"rcm.{service}.http")
        self._pipeline = _engine(urls.pipeline, pipeline_pool, f"rcm.{service}.pipeline")

    @asynccontextmanager
    async def pipeline(self, tenants: Iterable[UUID]) -> AsyncIterator[Transaction]:
        """A transaction for events and jobs that sees the given tenants (none: plumbing only)."""
        scope = Scope(
            self.service, "pipeline", tuple(dict.fromkeys(tenants)), f"service:{self.service}"
        )
        async with _connected(self._pipeline) as connection:
            tx = Transaction(connection, scope, self.keys)
            async with self._to_the_end(tx, _SEE_TENANTS):
                yield tx

    @asynccontextmanager
    async def request(
        self, tenant_id: UUID, *, actor: str, request_id: str = ""
    ) -> AsyncIterator[Transaction]:
        """A transaction for one HTTP request: it sees exactly one tenant."""
        scope = Scope(self.service, "http", (tenant_id,), actor, request_id)
        async with _connected(self._http) as connection:
            tx = Transaction(connection, scope, self.keys)
            async with self._to_the_end(tx, _SEE_TENANT):
                yield tx

    async def direct(self, *, idle_session_timeout_seconds: int = 15) -> asyncpg.Connection:
        """A pipeline connection outside the pool, for a session lock; the caller closes it.

        A holder that freezes is thrown out after the idle time-out: use it more often than that.
        """
        connection = await asyncpg.connect(
            self.urls.pipeline, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS
        )
        await connection.execute(
            f"set idle_session_timeout = '{int(idle_session_timeout_seconds)}s'"
        )
        return connection

    async def answers(self) -> None:
        """Ask the database for a sign of life; TryAgain when there is none (readiness)."""
        async with self.pipeline(()):
            pass

    def pools(self) -> dict[str, tuple[int, int]]:
        """Pool (`http`, `pipeline`) -> how many connections it may have and how many are in use."""
        engines = {"http": self._http, "pipeline": self._pipeline}
        found = {name: cast(AsyncAdaptedQueuePool, each.pool) for name, each in engines.items()}
        return {name: (pool.size(), pool.checkedout()) for name, pool in found.items()}

    async def close(self) -> None:
        """Close both pools."""
        await self._http.dispose()
        await self._pipeline.dispose()

    @asynccontextmanager
    async def _to_the_end(self, tx: Transaction, see: TextClause) -> AsyncIterator[None]:
        """Begin in earnest (SQLAlchemy's begin is lazy), and commit only what never failed."""
        await tx.execute(see, {"tenants": ",".join(map(str, tx.tenants))})
        yield
        for hook in self.on_before_commit:
            await hook(tx)
        await audit.write(tx, tx.audited)
        if tx.failed:
            raise RuntimeError("a statement failed and the failure was swallowed: nothing is kept")
        await _commit(tx.connection)
        for wake in self.on_after_commit:
            wake(tx)


def _engine(url: str, size: int, name: str) -> AsyncEngine:
    """A pool of connections that are made when first needed; nothing beyond `size`."""

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings={"application_name": name},
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_use_lifo=True,
        hide_parameters=True,  # values of a statement belong in no error text
        pool_recycle=1_800,
    )


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection from the pool, given back (and rolled back) at the end of the block."""
    connection = engine.connect()
    try:
        await connection.start()
    except DRIVER_FAILURES as error:
        raise_translated(error)
    try:
        yield connection
    finally:
        await _give_back(connection)


async def _give_back(connection: AsyncConnection) -> None:
    """Roll back what was not committed; a session that is gone has nothing to roll back."""
    try:
        await connection.close()
    except DRIVER_FAILURES as error:
        raise_translated(error)


async def _commit(connection: AsyncConnection) -> None:
    """Commit; on TryAgain nobody knows whether it happened, and repeating is safe by contract."""
    try:
        await connection.commit()
    except DRIVER_FAILURES as error:
        raise_translated(error)
