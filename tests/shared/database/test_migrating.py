"""Migrations: applied once, equal to the metadata, patient with locks."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from shared.database import DatabaseUrls, kernel, migrate, provision
from shared.database.migrating import ROOT, migrations_of, newest
from shared.errors import TryAgain
from tests.support.databases import SAMPLE, DatabaseFactory
from tests.support.eventually import eventually
from tests.support.postgres import PostgresServer

SERVICES = sorted(
    path.parent.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("services/*/tables.py"), *ROOT.glob("gateway/tables.py")]
    if any((path.parent / "migrations").glob("*.py"))
)


def own(name: str | None, kind: str) -> bool:
    """Partitions of the outbox and Alembic's own table are in no metadata."""
    return kind != "table" or not str(name).startswith(
        (*kernel.PARTITION_PREFIXES, "alembic_version")
    )


async def differences(url: str, *metadata: MetaData) -> list[Any]:
    """What Alembic would still change to make the database equal to the metadata."""

    def compare(connection: Connection) -> list[Any]:
        options = {
            "include_name": lambda name, kind, _: own(name, kind),
            "compare_type": True,
            "compare_server_default": True,
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, list(metadata)))  # type: ignore[arg-type]

    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


async def test_the_kernel_is_as_its_metadata_says(service_database: DatabaseFactory) -> None:
    database = await service_database("sample", attached=False)
    found = await differences(database.urls.owner, kernel.metadata)
    assert [change[0] for change in found] == ["remove_table"]
    assert found[0][1].name == "things"


@pytest.mark.parametrize("package", SERVICES)
async def test_a_service_is_as_its_metadata_says(
    package: str, service_database: DatabaseFactory
) -> None:
    database = await service_database(package.rpartition("/")[2], attached=False)
    tables: ModuleType = importlib.import_module(f"{package.replace('/', '.')}.tables")
    assert await differences(database.urls.owner, kernel.metadata, tables.metadata) == []


async def test_a_difference_is_seen(
    service_database: DatabaseFactory, postgres: PostgresServer
) -> None:
    database = await service_database("sample", attached=False)
    name = database.urls.owner.rpartition("/")[2]
    await postgres.execute("alter table inbox alter seen_at drop default", database=name)
    await postgres.execute("drop index due_work_next", database=name)
    await postgres.execute("alter table due_work alter attempt type bigint", database=name)
    found = str(await differences(database.urls.owner, kernel.metadata))
    for change in ("modify_default", "due_work_next", "modify_type"):
        assert change in found


FIRST = SAMPLE / "0001_first.py"

SECOND = '''"""Second."""
from alembic import op
revision = "sample_0002"
down_revision = "sample_0001"


def upgrade() -> None:
    op.execute("alter table things add column extra text")
'''


@pytest.fixture
async def urls(postgres: PostgresServer) -> DatabaseUrls:
    name = await postgres.create_database()
    urls = await provision(postgres.admin_url, "sample", database=name)
    await postgres.execute(f'alter database "{name}" owner to rcm_sample_owner')
    return urls


def revisions(folder: Path, *, second: str = SECOND) -> Path:
    """A folder with the sample's revision and another."""
    (folder / FIRST.name).write_text(FIRST.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "0002_second.py").write_text(second, encoding="utf-8")
    return folder


async def test_what_is_missing_is_applied_once(urls: DatabaseUrls, tmp_path: Path) -> None:
    assert await migrate(urls.owner, "sample", folder=SAMPLE) == "sample_0001"
    assert await migrate(urls.owner, "sample", folder=SAMPLE) == "sample_0001"
    assert await migrate(urls.owner, "sample", folder=revisions(tmp_path)) == "sample_0002"


async def test_two_migrations_at_once_take_turns(urls: DatabaseUrls) -> None:
    done = await asyncio.gather(*(migrate(urls.owner, "sample", folder=SAMPLE) for _ in range(3)))
    assert set(done) == {"sample_0001"}


async def test_only_the_owner_migrates(urls: DatabaseUrls) -> None:
    with pytest.raises(Exception, match="permission denied"):
        await migrate(urls.pipeline, "sample", folder=SAMPLE)


async def test_a_failing_revision_leaves_the_one_before(urls: DatabaseUrls, tmp_path: Path) -> None:
    broken = SECOND + '    op.execute("selct 1")\n'
    with pytest.raises(Exception, match="syntax error"):
        await migrate(urls.owner, "sample", folder=revisions(tmp_path, second=broken))
    async with connected(urls.owner) as owner:
        assert await owner.fetchval("select version_num from alembic_version") == "sample_0001"
        columns = "select count(*) from pg_attribute where attname = 'extra'"
        assert await owner.fetchval(columns) == 0


async def test_another_process_that_migrates_is_waited_for(urls: DatabaseUrls) -> None:
    async with connected(urls.owner) as other:
        await other.execute("select pg_advisory_lock(hashtext('rcm_migrate'))")
        running = asyncio.create_task(migrate(urls.owner, "sample", folder=SAMPLE))
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        await eventually(lambda: other.fetchval(waiting), describe="the migration waits")
        assert await other.fetchval("select to_regclass('outbox')") is None
    assert await running == "sample_0001"


async def test_a_long_lock_is_waited_for_in_short_tries(
    urls: DatabaseUrls, tmp_path: Path, postgres: PostgresServer
) -> None:
    """Writers behind the waiting ALTER TABLE would stand still, so it gives up and tries again."""
    await migrate(urls.owner, "sample", folder=SAMPLE)
    async with connected(urls.pipeline) as holder, connected(postgres.admin_url) as watcher:
        await watcher.execute("alter role rcm_sample_owner set lock_timeout = '100ms'")
        held = holder.transaction()
        await held.start()
        await holder.execute("select count(*) from things")
        running = asyncio.create_task(migrate(urls.owner, "sample", folder=revisions(tmp_path)))
        await eventually(lambda: migrating(watcher, urls, 1), describe="the migration waits")
        await eventually(lambda: migrating(watcher, urls, 0), describe="it gave up once")
        await held.rollback()
        assert await running == "sample_0002"
        await watcher.execute("alter role rcm_sample_owner set lock_timeout = '5s'")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def migrating(watcher: asyncpg.Connection, urls: DatabaseUrls, expected: int) -> bool:
    count = await watcher.fetchval(
        "select count(*) from pg_stat_activity where usename = 'rcm_sample_owner' and datname = $1",
        urls.owner.rpartition("/")[2],
    )
    return bool(count == expected)


async def test_a_database_that_is_away_is_try_again() -> None:
    with pytest.raises(TryAgain):
        await migrate("postgresql://a:b@127.0.0.1:1/x", "sample", folder=SAMPLE)


def test_where_revisions_stand() -> None:
    assert migrations_of("gateway").relative_to(ROOT).as_posix() == "gateway/migrations"
    for package in SERVICES:
        assert newest(package.rpartition("/")[2])
