"""What a process asks its database at start and while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from shared import clock, ids
from shared.database import Database, installation
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT
from tests.support.databases import DatabaseFactory

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
INTEND = text("""
insert into due_work (tenant_id, job, subject, practice_id, correlation_id, due_at)
values (cast(:tenant as uuid), :job, cast(:id as uuid), cast(:practice as uuid),
    cast(:id as uuid), :due_at)
""")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("sample", attached=False)


@pytest.fixture(autouse=True)
def _no_offset() -> Iterator[None]:
    clock.set_offset(0)
    yield
    clock.set_offset(0)


async def test_the_offset_of_the_clock_is_kept(database: Database) -> None:
    assert await installation.clock_offset_seconds(database) == 0
    async with database.pipeline([TENANT]) as tx:
        await installation.set_clock_offset(tx, 86_400)
    assert await installation.clock_offset_seconds(database) == 86_400


def test_business_time_only_advances() -> None:
    installation.follow_clock(100)
    installation.follow_clock(60)
    assert clock.offset_seconds() == 100


async def test_the_revision_of_the_database(database: Database) -> None:
    assert await installation.revision(database) == "sample_0001"


async def test_due_work_is_counted_by_job_in_business_time(database: Database) -> None:
    async with database.pipeline([TENANT, OTHER_TENANT]) as tx:
        for tenant, job, minutes in (
            (TENANT, "submit", -5),
            (OTHER_TENANT, "submit", -1),
            (TENANT, "submit", 30),
            (TENANT, "poll", 90),
        ):
            await tx.run(
                INTEND,
                {
                    "tenant": str(tenant),
                    "job": job,
                    "id": str(ids.new()),
                    "practice": str(PRACTICE),
                    "due_at": NOON + timedelta(minutes=minutes),
                },
            )
    with clock.fixed(NOON):
        assert await installation.due_figures(database) == [("submit", 2, 300.0)]
        clock.set_offset(7_200)
        figures = await installation.due_figures(database)
    assert sorted(figures) == [("poll", 1, 1_800.0), ("submit", 3, 7_500.0)]
