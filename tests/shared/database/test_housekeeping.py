"""What is done to every database from time to time."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shared import audit, clock, ids
from shared.database import Database, housekeeping
from tests.support.builders import TENANT
from tests.support.databases import DatabaseFactory
from tests.support.postgres import PostgresServer


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("sample", attached=False)


async def test_the_audit_is_sealed(database: Database) -> None:
    async with database.request(TENANT, actor="user:a") as tx:
        tx.audit("claim.read", subject=ids.NIL)
    assert await housekeeping.seal_audit(database) == 1
    assert await housekeeping.seal_audit(database) == 0
    async with database.pipeline(()) as tx:
        assert await audit.verify(tx, TENANT) == (1, ())


async def test_how_long_the_audit_waits_for_the_sealer(database: Database) -> None:
    assert await housekeeping.unsealed_age_seconds(database) == 0
    async with database.request(TENANT, actor="user:a") as tx:
        tx.audit("claim.read", subject=ids.NIL)
    async with database.pipeline([TENANT]) as tx:
        past = text("select current_timestamp - min(at) > interval '0' from audit_entries")
        assert await tx.scalar(past)
    assert 0 < await housekeeping.unsealed_age_seconds(database) < 60
    await housekeeping.seal_audit(database)
    assert await housekeeping.unsealed_age_seconds(database) == 0


async def test_the_outbox_is_rolled(database: Database, postgres: PostgresServer) -> None:
    name = f"outbox_d{clock.system():%Y%m%d}"
    where = database.urls.owner.rpartition("/")[2]
    await postgres.execute(f"set role rcm_sample_owner; drop table {name}", database=where)
    assert await housekeeping.roll_outbox(database, keep_days=21) == [f"made {name}"]
    assert await housekeeping.roll_outbox(database, keep_days=21) == []
