"""What is done to every database from time to time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared import audit, clock, ids
from shared.audit import Anchor
from shared.database import Database, housekeeping
from shared.database.housekeeping import ChainWatch
from tests.support.builders import OTHER_TENANT, TENANT
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


async def note(database: Database, count: int) -> None:
    """Acts of two tenants, sealed."""
    for tenant_id in (TENANT, OTHER_TENANT):
        async with database.request(tenant_id, actor="user:a") as tx:
            for number in range(count):
                tx.audit(f"act.{number}", subject=ids.NIL)
    await housekeeping.seal_audit(database)


async def intrude(database: Database, postgres: PostgresServer, statement: str) -> None:
    """Change what a tenant has done, as somebody with all powers."""
    free = "alter table audit_chain drop constraint if exists audit_chain_entry"
    where = database.urls.owner.rpartition("/")[2]
    await postgres.execute(f"{free}; {statement}", database=where)


MINE = f"tenant_id = '{TENANT}'"


async def test_the_watch_reads_what_is_new_and_everything_once_a_day(
    database: Database, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    recompute = audit.recompute

    async def counted(*place: Any, **limit: Any) -> audit.Stretch:
        found = await recompute(*place, **limit)
        read.append(len(found.links))
        return found

    monkeypatch.setattr(audit, "recompute", counted)
    watch, now = ChainWatch(database), clock.system()
    assert await watch.look()
    for count, links in ((3, [3, 3]), (0, []), (2, [2, 2])):
        read.clear()
        await note(database, count)
        assert await watch.look()
        assert read == links
    with clock.fixed(now + timedelta(hours=24, seconds=60)):
        read.clear()
        assert await watch.look()
        assert read == [5, 5]
    await intrude(database, postgres, f"update audit_entries set actor = 'x' where {MINE}")
    assert await watch.look(), "an old entry is read again within a day"
    with clock.fixed(now + timedelta(hours=49)):
        assert not await watch.look()
    assert list(watch.findings) == [TENANT]


async def test_a_long_chain_is_gone_through_in_several_looks(
    database: Database, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "LINKS_AT_ONCE", 2)
    monkeypatch.setattr(housekeeping, "LINKS_A_LOOK", 4)
    await note(database, 5)
    await intrude(database, postgres, "update audit_entries set actor = 'x' where action = 'act.4'")
    watch = ChainWatch(database)
    looks = [await watch.look() for _ in range(3)]
    assert looks == [True, False, False]
    assert set(watch.findings) == {TENANT, OTHER_TENANT}


CUT = f"delete from audit_chain where {MINE} and seq > 2"


@pytest.mark.parametrize("grows_again", [False, True])
@pytest.mark.parametrize("started_anew", [False, True])
async def test_the_watch_finds_what_was_cut_off(
    database: Database, postgres: PostgresServer, *, grows_again: bool, started_anew: bool
) -> None:
    await note(database, 4)
    async with database.pipeline(()) as tx:
        known = await audit.anchors(tx, lambda _: b"")
    watch = ChainWatch(database)
    assert await watch.look()
    await intrude(database, postgres, CUT)
    if started_anew:
        assert await ChainWatch(database).look(), "nothing but an anchor knows"
        watch = ChainWatch(database, known)
    if grows_again:
        await note(database, 3)
    assert not await watch.look()
    await note(database, 5)
    assert not await watch.look(), "it stays found"
    assert list(watch.findings) == [TENANT]


async def test_a_history_written_anew_is_not_what_was_anchored(database: Database) -> None:
    await note(database, 2)
    strange = Anchor(TENANT, 1, bytes(32), clock.system(), b"")
    watch = ChainWatch(database, [strange])
    assert not await watch.look()
    assert watch.findings == {TENANT: ("link 1 is not what it was",)}


async def test_a_chain_that_vanished_is_missed(
    database: Database, postgres: PostgresServer
) -> None:
    await note(database, 2)
    watch = ChainWatch(database)
    assert await watch.look()
    await intrude(
        database,
        postgres,
        f"delete from audit_chain where {MINE}; delete from audit_entries where {MINE}",
    )
    assert not await watch.look()
