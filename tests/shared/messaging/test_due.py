"""Due work: leased once, done for good, again after a pause, never losing a newer intention."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared import clock, ids
from shared.database import Database
from shared.messaging import due
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT, origin
from tests.support.messaging import counts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def schedule(
    database: Database, *subjects: UUID, after: float = 0, tenant: UUID = TENANT
) -> None:
    """Intend the job `send` for subjects."""
    async with database.pipeline({tenant}) as tx:
        for subject in subjects:
            due_at = NOW + timedelta(seconds=after)
            tx.schedule("send", subject, due_at=due_at, cause=origin(tenant))


async def taken(database: Database, *, after: float = 0, limit: int = 100) -> list[UUID]:
    """Subjects that are due then."""
    with clock.fixed(NOW + timedelta(seconds=after)):
        return [item.subject for item in await due.take(database, "send", limit=limit)]


async def test_is_due_in_order_and_of_all_tenants(database: Database) -> None:
    late, early, other, future = (ids.new() for _ in range(4))
    await schedule(database, late, after=-10)
    await schedule(database, early, after=-20)
    await schedule(database, other, after=-15, tenant=OTHER_TENANT)
    await schedule(database, future, after=10)
    with clock.fixed(NOW):
        items = await due.take(database, "send", limit=10)
        assert await due.take(database, "other job", limit=10) == []
    assert [item.subject for item in items] == [early, other, late]
    assert [item.tenant_id for item in items] == [TENANT, OTHER_TENANT, TENANT]
    made = items[0].origin(late)
    assert (made.tenant_id, made.practice_id, made.causation_id) == (TENANT, PRACTICE, late)
    assert await taken(database, after=11) == [future]


async def test_a_lease_keeps_others_away_until_it_ends(database: Database) -> None:
    subject = ids.new()
    await schedule(database, subject)
    with clock.fixed(NOW):
        assert len(await due.take(database, "send", limit=1, lease_seconds=60)) == 1
    assert await taken(database, after=59) == []
    assert await taken(database, after=61) == [subject]


async def test_two_workers_share_the_work(database: Database) -> None:
    subjects = [ids.new() for _ in range(40)]
    await schedule(database, *subjects)
    found: list[UUID] = []
    with clock.fixed(NOW):
        while batch := await asyncio.gather(
            *(due.take(database, "send", limit=5) for _ in range(4))
        ):
            if not any(batch):
                break
            found += [item.subject for part in batch for item in part]
    assert sorted(found) == sorted(subjects)


async def test_done_is_done_in_the_outcomes_transaction(database: Database) -> None:
    await schedule(database, ids.new())
    with clock.fixed(NOW):
        items = await due.take(database, "send", limit=1)

    async def fail() -> None:
        async with database.pipeline({TENANT}) as tx:
            await due.done(tx, "send", items)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await counts(database, "due_work") == {"due_work": 1}
    async with database.pipeline({TENANT}) as tx:
        await due.done(tx, "send", items)
    assert await counts(database, "due_work") == {"due_work": 0}


async def test_done_spares_a_newer_intention_and_frees_it(database: Database) -> None:
    subject = ids.new()
    await schedule(database, subject)
    with clock.fixed(NOW):
        items = await due.take(database, "send", limit=1)
    await schedule(database, subject, after=1)
    assert await taken(database, after=2) == [], "still leased"
    async with database.pipeline({TENANT}) as tx:
        await due.done(tx, "send", items)
    assert await taken(database, after=2) == [subject]


async def test_again_waits_in_system_time(database: Database) -> None:
    subject = ids.new()
    await schedule(database, subject)
    with clock.fixed(NOW):
        items = await due.take(database, "send", limit=1)
        async with database.pipeline({TENANT}) as tx:
            await due.again(tx, "send", items, after_seconds=30)
    assert await taken(database, after=29) == []
    with clock.fixed(NOW + timedelta(seconds=31)):
        (item,) = await due.take(database, "send", limit=1)
    assert item.attempt == 1


async def test_what_is_given_back_is_due_as_it_was(database: Database) -> None:
    first, second, third = (ids.new() for _ in range(3))
    await schedule(database, third, after=-10)
    await schedule(database, first, after=-30)
    await schedule(database, second, after=-20, tenant=OTHER_TENANT)
    with clock.fixed(NOW):
        items = await due.take(database, "send", limit=3)
        await due.give_back(database, "send", items)
        assert await due.take(database, "send", limit=3) == items
    assert [item.subject for item in items] == [first, second, third]


async def test_the_last_intention_of_a_transaction_counts(database: Database) -> None:
    subject = ids.new()
    async with database.pipeline({TENANT}) as tx:
        for seconds in (5, 50):
            due_at = NOW + timedelta(seconds=seconds)
            tx.schedule("send", subject, due_at=due_at, cause=origin(), attempt=seconds)
    assert await taken(database, after=10) == []
    assert await taken(database, after=60) == [subject]
