"""Which failures of a real PostgreSQL become TryAgain, and which stay bugs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from cli.local_postgres import LocalPostgres
from shared.database import Database, Transaction, migrate, provision
from shared.database.failures import TRY_AGAIN, meaning, translated
from shared.database.transaction import Scope
from shared.errors import TryAgain
from shared.sealing import Keyring
from tests.support.builders import TENANT
from tests.support.databases import SAMPLE, DatabaseFactory
from tests.support.eventually import eventually

PUT = text(
    "insert into things (tenant_id, id) select cast(:tenant as uuid), "
    "cast(lpad(cast(n as text), 32, '0') as uuid) from generate_series(1, 2) as n"
)
TOUCH = text("update things set version = version + 1 where id = cast(:id as uuid)")
RAISE = "do $$ begin raise exception 'as asked' using errcode = '{code}'; end $$"


def thing(number: int) -> dict[str, object]:
    return {"id": f"{number:032}"}


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    made = await service_database("sample", attached=False)
    async with made.pipeline([TENANT]) as tx:
        await tx.run(PUT, {"tenant": str(TENANT)})
    return made


@asynccontextmanager
async def refused(database: Database, code: str) -> AsyncIterator[Transaction]:
    """A transaction in which something fails with this SQLSTATE and comes out as TryAgain."""
    with pytest.raises(TryAgain) as refusal:
        async with database.pipeline([TENANT]) as tx:
            yield tx
    assert refusal.value.what == meaning(code)


async def setting(tx: Transaction, name: str, value: str) -> None:
    await tx.execute(text("select set_config(:name, :value, true)"), {"name": name, "value": value})


@pytest.mark.parametrize(
    "code",
    ["53100", "53200", "53300", "25006", "40001", "57014", "57P01", "58030", "08006", "55P03"],
)
async def test_a_transient_code_is_try_again(database: Database, code: str) -> None:
    with pytest.raises(TryAgain) as refusal:
        async with database.pipeline([TENANT]) as tx:
            await tx.execute(text(RAISE.format(code=code)))
    assert refusal.value.what == meaning(code)
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select 1")) == 1


@pytest.mark.parametrize("code", ["P0001", "23505", "42501", "22012", "XX000", "0A000"])
async def test_any_other_code_stays_a_bug(database: Database, code: str) -> None:
    with pytest.raises(DBAPIError):
        async with database.pipeline([TENANT]) as tx:
            await tx.execute(text(RAISE.format(code=code)))


def test_the_table_is_of_codes_and_classes() -> None:
    assert {len(code) for code in TRY_AGAIN} == {2, 5}
    assert not meaning("")
    assert not meaning("23505")


async def test_a_value_of_a_wrong_type_is_a_bug_although_the_driver_found_it(
    database: Database,
) -> None:
    with pytest.raises(DBAPIError):
        async with database.pipeline([TENANT]) as tx:
            await tx.scalar(text("select cast(:day as date)"), {"day": "2026-11-02"})


async def test_a_syntax_error_and_a_broken_constraint_are_bugs(database: Database) -> None:
    with pytest.raises(ProgrammingError):
        async with database.pipeline([TENANT]) as tx:
            await tx.execute(text("selct 1"))
    with pytest.raises(IntegrityError):
        async with database.pipeline([TENANT]) as tx:
            await tx.run(PUT, {"tenant": str(TENANT)})


async def test_an_error_text_tells_no_value(database: Database) -> None:
    with pytest.raises(DBAPIError) as error:
        async with database.pipeline([TENANT]) as tx:
            await tx.execute(text("select cast(:a as text), 1 / 0"), {"a": "Testperson"})
    assert "Testperson" not in str(error.value)


async def test_a_deadlock(database: Database) -> None:
    """Two transactions take two rows in opposite order: one is TryAgain, the other commits."""
    barrier = asyncio.Barrier(2)

    async def touch(first: int, second: int) -> None:
        async with database.pipeline([TENANT]) as tx:
            await tx.run(TOUCH, thing(first))
            await barrier.wait()
            await tx.run(TOUCH, thing(second))

    outcomes = await asyncio.gather(touch(1, 2), touch(2, 1), return_exceptions=True)
    assert sorted(map(type, outcomes), key=str) == sorted([TryAgain, type(None)], key=str)
    refused = next(outcome for outcome in outcomes if isinstance(outcome, TryAgain))
    assert refused.what == TRY_AGAIN["40P01"]


async def test_a_lock_that_is_not_free_in_time(database: Database) -> None:
    async with database.pipeline([TENANT]) as holder:
        await holder.run(TOUCH, thing(1))
        async with refused(database, "55P03") as tx:
            await setting(tx, "lock_timeout", "50ms")
            await tx.run(TOUCH, thing(1))


async def test_a_statement_that_takes_too_long(database: Database) -> None:
    async with refused(database, "57014") as tx:
        await setting(tx, "statement_timeout", "50ms")
        await tx.execute(text("select pg_sleep(5)"))


async def test_a_transaction_that_stands_idle_is_ended_and_the_pool_recovers(
    database: Database,
) -> None:
    async with refused(database, "08") as tx:
        await setting(tx, "idle_in_transaction_session_timeout", "50ms")
        await eventually(lambda: sessions(database, 1), describe="the session is ended")
        await tx.execute(text("select 1"))
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select 1")) == 1


async def sessions(database: Database, expected: int) -> bool:
    count = text("select count(*) from pg_stat_activity where datname = current_database()")
    async with database.pipeline(()) as tx:
        return bool(await tx.scalar(count) == expected)


async def serializable(tx: Transaction) -> None:
    """Begin anew at that level: the scope was set already, and a level must be set first."""
    await tx.connection.rollback()
    await tx.execute(text("set transaction isolation level serializable"))
    await setting(tx, "app.tenants", str(TENANT))
    await tx.scalar(text("select sum(version) from things"))


async def test_a_read_only_server(database: Database) -> None:
    """What a service meets while a replica is promoted."""
    async with refused(database, "25006") as tx:
        await setting(tx, "transaction_read_only", "on")
        await tx.run(PUT, {"tenant": str(TENANT)})


async def test_a_serialization_failure(database: Database) -> None:
    async with refused(database, "40001") as one, database.pipeline([TENANT]) as two:
        await serializable(one)
        await serializable(two)
        await two.run(TOUCH, thing(1))
        await two.connection.commit()
        await one.run(TOUCH, thing(2))


async def test_no_free_connection_in_time(
    service_database: DatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.database.database.CONNECT_SECONDS", 0.05)
    database = await service_database("sample", attached=False, http_pool=1)
    async with database.request(TENANT, actor="user:a"):
        with pytest.raises(TryAgain, match="no database connection was free"):
            async with database.request(TENANT, actor="user:a"):
                pytest.fail("there is one connection only")


async def test_a_failed_statement_that_is_swallowed_keeps_nothing(database: Database) -> None:
    """PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error."""
    with pytest.raises(RuntimeError, match="swallowed"):
        await touch_and_swallow(database)
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select max(version) from things")) == 0


async def touch_and_swallow(database: Database) -> None:
    async with database.pipeline([TENANT]) as tx:
        await tx.run(TOUCH, thing(1))
        with pytest.raises(ProgrammingError):
            await tx.execute(text("selct 1"))


@pytest.fixture
async def own_server() -> AsyncIterator[tuple[LocalPostgres, Database]]:
    """A server that may be restarted, and the sample database on it."""
    with LocalPostgres(durable=False) as server:
        urls = await provision(server.admin_url, "sample")
        await migrate(urls.owner, "sample", folder=SAMPLE)
        database = Database("sample", urls, Keyring("unused"))
        yield server, database
        await database.close()


async def test_a_restart_of_the_server(own_server: tuple[LocalPostgres, Database]) -> None:
    """Stale pooled connections, a dead server and a starting one are TryAgain; then it recovers."""
    server, database = own_server
    await database.answers()
    await asyncio.to_thread(server.restart, "immediate")
    with pytest.raises(TryAgain):
        await database.answers()
    await database.answers()
    await asyncio.to_thread(server.stop, "immediate")
    with pytest.raises(TryAgain):
        await database.answers()
    with pytest.raises(TryAgain):
        await database.answers()
    await asyncio.to_thread(server.start)
    await database.answers()


async def test_a_server_that_goes_away_before_the_commit(
    own_server: tuple[LocalPostgres, Database],
) -> None:
    server, database = own_server
    async with refused(database, "08") as tx:
        await tx.run(PUT, {"tenant": str(TENANT)})
        await asyncio.to_thread(server.restart, "immediate")
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select count(*) from things")) == 0


SESSIONS = """
    from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and application_name = 'rcm.sample.pipeline'
"""


async def evict(database: Database, *, busy: bool = False) -> None:
    """End the pipeline's sessions, as an administrator does, and see them gone.

    busy: wait until one of them runs a statement.
    """
    connection = await database.direct()
    at_work = f"select count(*) {SESSIONS} and state = 'active'"
    there = f"select count(*) {SESSIONS}"
    try:
        if busy:
            await eventually(lambda: connection.fetchval(at_work), describe="a statement runs")
        await connection.execute(f"select pg_terminate_backend(pid) {SESSIONS}")

        async def gone() -> bool:
            return not await connection.fetchval(there)

        await eventually(gone, describe="the sessions are gone")
    finally:
        await connection.close()


async def test_an_evicted_session_is_try_again_wherever_it_is_met(database: Database) -> None:
    await evict(database)
    with pytest.raises(TryAgain):
        await database.answers()
    for statements_afterwards in (1, 0):
        with pytest.raises(TryAgain):
            await touch_and_be_evicted(database, statements_afterwards)
    await database.answers()


async def touch_and_be_evicted(database: Database, statements_afterwards: int) -> None:
    async with database.pipeline([TENANT]) as tx:
        await tx.run(TOUCH, thing(1))
        await evict(database)
        for _ in range(statements_afterwards):
            await tx.run(TOUCH, thing(1))


async def test_an_eviction_in_the_middle_of_a_statement(database: Database) -> None:
    async def sleep() -> None:
        async with database.pipeline([TENANT]) as tx:
            await tx.execute(text("select pg_sleep(8)"))

    sleeping = asyncio.create_task(sleep())
    await evict(database, busy=True)
    with pytest.raises(TryAgain):
        await sleeping


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("got result for unknown protocol state 3"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InterfaceError("the underlying connection is closed"),
    ],
)
async def test_what_the_driver_says_unwrapped_of_an_eviction(
    database: Database, error: Exception
) -> None:
    """Seen when a session ends while its answer arrives: SQLAlchemy does not wrap all of it."""

    class Evicted:
        async def execute(self, *_: object) -> None:
            raise error

    async with database.pipeline([TENANT]) as real:
        tx = Transaction(cast(Any, Evicted()), Scope("sample", "pipeline", (), ""), real.keys)
        with pytest.raises(TryAgain, match="connection"):
            await tx.scalar(text("select 1"))
        assert tx.failed


def test_other_complaints_of_the_driver_are_bugs() -> None:
    mistake = asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
    assert translated(mistake) is mistake
