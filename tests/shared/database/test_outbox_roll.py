"""Daily partitions of the outbox: made ahead, dropped late, and never while something is unsent."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import clock
from shared.database import Database, Transaction
from tests.support.builders import TENANT
from tests.support.databases import DatabaseFactory
from tests.support.postgres import PostgresServer

ROLL = text("select outbox_roll(:days)")
PARTITIONS = text(
    "select relname from pg_class where relname like 'outbox\\_d%' and relispartition "
    "and relkind = 'r' order by relname"
)
PUT = text("""
with written as (
    insert into outbox (day, tenant_id, topic, key, headers, value)
    values (:day, cast(:tenant as uuid), 'rcm.claims.v1', cast(:tenant as uuid), '', 'x')
    returning id, day, tenant_id, key
)
insert into outbox_unsent (id, day, tenant_id, key) select id, day, tenant_id, key from written
""")
SENT = text("delete from outbox_unsent")
ROWS = text("select tableoid::regclass::text as part, day from outbox order by id")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("sample", attached=False)


def day(offset: int) -> date:
    return clock.system().date() + timedelta(days=offset)


def name(offset: int) -> str:
    return f"outbox_d{day(offset):%Y%m%d}"


async def partitions(tx: Transaction) -> list[str]:
    return [row.relname for row in await tx.rows(PARTITIONS)]


async def put(tx: Transaction, offset: int) -> None:
    await tx.run(PUT, {"day": day(offset), "tenant": str(TENANT)})


async def test_the_first_migration_makes_seven_days_ahead(database: Database) -> None:
    async with database.pipeline(()) as tx:
        assert await partitions(tx) == [name(offset) for offset in range(-1, 8)]
        assert await tx.scalar(ROLL, {"days": 21}) == []


async def test_a_row_goes_to_its_day(database: Database) -> None:
    async with database.pipeline([TENANT]) as tx:
        await put(tx, 0)
        (row,) = await tx.rows(ROWS)
    assert row.part == name(0)


async def test_an_old_day_goes_only_when_nothing_of_it_is_unsent(
    database: Database, postgres: PostgresServer
) -> None:
    await _make_day(database, postgres, -30)
    async with database.pipeline([TENANT]) as tx:
        await put(tx, -30)
        assert await tx.scalar(ROLL, {"days": 21}) == []
        assert name(-30) in await partitions(tx)
        await tx.run(SENT)
        assert await tx.scalar(ROLL, {"days": 21}) == [f"dropped {name(-30)}"]
        assert name(-30) not in await partitions(tx)
        assert await tx.rows(ROWS) == []


async def test_days_that_are_kept_stay(database: Database, postgres: PostgresServer) -> None:
    await _make_day(database, postgres, -20)
    async with database.pipeline(()) as tx:
        assert await tx.scalar(ROLL, {"days": 21}) == []
        assert await tx.scalar(ROLL, {"days": 19}) == [f"dropped {name(-20)}"]


async def test_a_forgotten_roll_never_stops_the_service(database: Database) -> None:
    """Rows of a day without partition go to the rest, are rolled around, and go when sent."""
    async with database.pipeline([TENANT]) as tx:
        await put(tx, 40)
        await put(tx, -40)
        assert {row.part for row in await tx.rows(ROWS)} == {"outbox_rest"}
        await tx.scalar(ROLL, {"days": 21})
        assert len(await tx.rows(ROWS)) == 2
        await tx.run(SENT)
        await tx.scalar(ROLL, {"days": 21})
        assert [row.day for row in await tx.rows(ROWS)] == [day(40)]


async def test_a_day_that_began_in_the_rest_is_left_there(
    database: Database, postgres: PostgresServer
) -> None:
    await _owner(database, postgres, f"drop table {name(7)}")
    async with database.pipeline([TENANT]) as tx:
        await put(tx, 7)
        assert await tx.scalar(ROLL, {"days": 21}) == []
        assert name(7) not in await partitions(tx)


async def test_a_missing_day_ahead_is_made_again(
    database: Database, postgres: PostgresServer
) -> None:
    await _owner(database, postgres, f"drop table {name(7)}")
    async with database.pipeline(()) as tx:
        assert await tx.scalar(ROLL, {"days": 21}) == [f"made {name(7)}"]


async def test_http_may_not_roll(database: Database) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.request(TENANT, actor="user:a") as tx:
            await tx.scalar(ROLL, {"days": 21})


async def test_http_writes_its_tenants_facts_and_reads_none(database: Database) -> None:
    async with database.request(TENANT, actor="user:a") as tx:
        await put(tx, 0)
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.request(TENANT, actor="user:a") as tx:
            await tx.rows(text("select value from outbox"))


async def test_a_value_above_the_limit_is_refused(database: Database) -> None:
    large = text("""
        insert into outbox (tenant_id, topic, key, headers, value)
        values (cast(:tenant as uuid), 't', cast(:tenant as uuid), '',
            convert_to(repeat('x', 262145), 'UTF8'))
    """)
    with pytest.raises(DBAPIError, match="outbox_value_limit"):
        async with database.pipeline([TENANT]) as tx:
            await tx.run(large, {"tenant": str(TENANT)})


async def _make_day(database: Database, postgres: PostgresServer, offset: int) -> None:
    await _owner(
        database,
        postgres,
        f"create table {name(offset)} partition of outbox "
        f"for values from ('{day(offset)}') to ('{day(offset + 1)}')",
    )


async def _owner(database: Database, postgres: PostgresServer, statement: str) -> None:
    where = database.urls.owner.rpartition("/")[2]
    await postgres.execute(f"set role rcm_sample_owner; {statement}", database=where)
