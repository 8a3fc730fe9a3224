"""The edge of a service's database: when it connects, when a transaction is real, session locks."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from shared.database import Database, Transaction
from tests.support.builders import TENANT
from tests.support.databases import DatabaseFactory
from tests.support.eventually import eventually

LOCK = "select pg_try_advisory_lock(7)"
ISOLATION = text("select current_user, current_setting('application_name') as name")
SESSIONS = """
select usename, count(*) as count from pg_stat_activity
where datname = current_database() and usename <> 'rcm_sample_checker' group by usename
"""


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("sample", attached=False, http_pool=2, pipeline_pool=2)


async def sessions(database: Database) -> dict[str, int]:
    connection = await asyncpg.connect(database.urls.checker)
    try:
        return {row["usename"]: row["count"] for row in await connection.fetch(SESSIONS)}
    finally:
        await connection.close()


async def raw(tx: Transaction) -> asyncpg.Connection:
    return (await tx.connection.get_raw_connection()).driver_connection


async def test_each_door_has_its_role_and_says_who_it_is(database: Database) -> None:
    async with database.pipeline([TENANT]) as tx:
        row = await tx.row(ISOLATION)
        assert tuple(row or ()) == ("rcm_sample_pipeline", "rcm.sample.pipeline")
        assert (tx.role, tx.actor) == ("pipeline", "service:sample")
    async with database.request(TENANT, actor="key:1") as tx:
        row = await tx.row(ISOLATION)
        assert tuple(row or ()) == ("rcm_sample_http", "rcm.sample.http")
        assert (tx.role, tx.actor) == ("http", "key:1")


async def test_connections_are_made_when_needed_and_kept(database: Database) -> None:
    assert await sessions(database) == {}
    for _ in range(5):
        async with database.pipeline([TENANT]):
            pass
    assert await sessions(database) == {"rcm_sample_pipeline": 1}
    async with database.pipeline([TENANT]), database.pipeline([TENANT]):
        assert await sessions(database) == {"rcm_sample_pipeline": 2}
    await database.close()
    await eventually(lambda: closed(database), describe="the pool is closed")


async def closed(database: Database) -> bool:
    return not await sessions(database)


async def test_there_is_never_a_connection_beyond_the_pool(database: Database) -> None:
    running, most = 0, 0
    pair = asyncio.Barrier(2)

    async def use() -> None:
        nonlocal running, most
        async with database.request(TENANT, actor="user:a") as tx:
            running, most = running + 1, max(most, running + 1)
            await tx.scalar(text("select 1"))
            await pair.wait()
            running -= 1

    async with asyncio.timeout(20):
        await asyncio.gather(*(use() for _ in range(20)))
    assert most == 2


async def test_the_transaction_is_real_before_the_first_statement(database: Database) -> None:
    """SQLAlchemy begins lazily; whoever takes the driver's connection needs it at once."""
    async with database.pipeline([TENANT]) as tx:
        assert (await raw(tx)).is_in_transaction()


async def test_the_same_tenant_twice_is_one(database: Database) -> None:
    async with database.pipeline(iter([TENANT, TENANT])) as tx:
        assert tx.tenants == (TENANT,)


async def test_cancelling_in_the_middle_gives_the_connection_back(
    service_database: DatabaseFactory,
) -> None:
    database = await service_database("sample", attached=False, pipeline_pool=1)

    async def sleep() -> None:
        async with database.pipeline([TENANT]) as tx:
            await tx.execute(text("select pg_sleep(5)"))

    sleeping = asyncio.create_task(sleep())
    await eventually(lambda: asleep(database), describe="the statement runs")
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    async with asyncio.timeout(2):
        await database.answers()


async def asleep(database: Database) -> bool:
    connection = await asyncpg.connect(database.urls.pipeline)
    try:
        query = "select count(*) from pg_stat_activity where query = 'select pg_sleep(5)'"
        return bool(await connection.fetchval(query))
    finally:
        await connection.close()


async def test_a_session_lock_outlives_transactions(database: Database) -> None:
    holder, other = await database.direct(), await database.direct()
    try:
        assert await holder.fetchval("show idle_session_timeout") == "15s"
        assert await holder.fetchval(LOCK)
        async with holder.transaction():
            await holder.execute("select 1")
        assert not await other.fetchval(LOCK)
    finally:
        await holder.close()
    await eventually(lambda: other.fetchval(LOCK), describe="the lock is free")
    await other.close()


async def test_a_holder_that_freezes_loses_its_lock(database: Database) -> None:
    frozen = await database.direct(idle_session_timeout_seconds=1)
    other = await database.direct()
    assert await frozen.fetchval(LOCK)
    await eventually(lambda: other.fetchval(LOCK), describe="the frozen holder is thrown out")
    gone = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
    with pytest.raises(gone):
        await frozen.fetchval(LOCK)
    await other.close()


async def test_the_pools_tell_how_much_is_in_use(database: Database) -> None:
    free = database.pools()
    assert {pool: used for pool, (_, used) in free.items()} == {"http": 0, "pipeline": 0}
    async with database.pipeline(()), database.pipeline(()):
        assert database.pools()["pipeline"] == (free["pipeline"][0], 2)
        assert database.pools()["http"] == free["http"]
