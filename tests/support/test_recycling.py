"""A copy that is used again holds what its template holds, and a changed one is not used again."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from shared.database import Database
from tests.support.builders import TENANT, origin
from tests.support.databases import Templates
from tests.support.messaging import funds
from tests.support.postgres import PostgresServer

_ROWS = text("select (select count(*) from outbox), (select count(*) from outbox_unsent)")


@pytest.fixture
async def templates_here(postgres: PostgresServer, tmp_path: Path) -> Templates:
    """Templates of this test's own."""
    return Templates(postgres, tmp_path)


def name_of(database: Database) -> str:
    return database.urls.http.rpartition("/")[2]


async def used(templates: Templates) -> str:
    database = await templates.copy("sample")
    async with database.pipeline({TENANT}) as tx:
        tx.publish(funds(), subject=TENANT, caused_by=origin())
    await templates.drop(database)
    return name_of(database)


async def test_a_copy_begins_like_its_template(templates_here: Templates) -> None:
    name = await used(templates_here)
    database = await templates_here.copy("sample")
    async with database.pipeline(()) as tx:
        assert await tx.row(_ROWS) == (0, 0)
        assert await tx.scalar(text("select count(*) from installation")) == 1
    async with database.pipeline({TENANT}) as tx:
        tx.publish(funds(), subject=TENANT, caused_by=origin())
    async with database.pipeline(()) as tx:
        assert await tx.scalar(text("select id from outbox")) == 1
    assert name_of(database) == name
    await templates_here.drop(database)
    await templates_here.drop_all()


@pytest.mark.parametrize(
    "change",
    [
        "alter table things add column more text",
        "alter table things no force row level security",
        "drop policy things_http on things",
        "alter table things add constraint less check (version < 9)",
        "create table more (id int)",
    ],
)
async def test_a_changed_copy_is_not_used_again(
    templates_here: Templates, postgres: PostgresServer, change: str
) -> None:
    name = await used(templates_here)
    await postgres.execute(change, database=name)
    database = await templates_here.copy("sample")
    assert name_of(database) != name
    await templates_here.drop(database)
    await templates_here.drop_all()
