"""Work of a job whose process died is due again soon, however long its steps may take."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from shared import clock
from shared.database import Database
from shared.events.envelope import Origin
from shared.messaging import due
from tests.support.builders import PRACTICE, TENANT
from tests.support.eventually import eventually

JOB = "ask"


async def planned(database: Database) -> None:
    async with database.pipeline({TENANT}) as tx:
        cause = Origin(TENANT, PRACTICE, TENANT)
        tx.schedule(JOB, TENANT, due_at=clock.business(), cause=cause)


async def leased_until(database: Database) -> datetime | None:
    async with database.pipeline(()) as tx:
        found: datetime | None = await tx.scalar(text("select leased_until from due_work"))
    return found


async def test_a_step_leases_shortly_whatever_it_asks_for(database: Database) -> None:
    await planned(database)
    async with due.leases_renewed():
        assert len(await due.take(database, JOB, limit=1, lease_seconds=3_000)) == 1
    latest = clock.system() + timedelta(seconds=due.LEASE_SECONDS)
    assert (await leased_until(database) or latest) < latest


async def test_a_lease_is_renewed_while_its_step_runs(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "RENEW_SECONDS", 0.02)
    await planned(database)
    async with due.leases_renewed():
        items = await due.take(database, JOB, limit=1)
        first = await leased_until(database)
        assert first is not None

        async def later() -> bool:
            now = await leased_until(database)
            return now is not None and now > first + timedelta(seconds=0.1)

        await eventually(later, describe="a later end of the lease")
        async with database.pipeline({TENANT}) as tx:
            await due.again(tx, JOB, items, after_seconds=60)
        assert await leased_until(database) is None
    assert await leased_until(database) is None
