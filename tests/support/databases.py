"""Databases of services for tests: a template migrated once per run, a copy for each test.

The fixture `service_database` gives a factory: `database = await service_database("claims")`; a
copy that an earlier test left is used again. `"sample"` is no service: it has the kernel's tables
and one table `things`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import chain
from pathlib import Path

import pytest

from shared.database import Database, migrate, provision
from shared.database.migrating import migrations_of
from shared.database.provisioning import service_urls
from shared.database.urls import role_name
from shared.sealing import Keyring
from tests.support.postgres import PostgresServer
from tests.support.recycling import Original, original_of, renewed

SAMPLE = Path(__file__).with_name("sample") / "migrations"
DatabaseFactory = Callable[..., Awaitable[Database]]


class Templates:
    """One migrated database per service and run, made when first asked for."""

    def __init__(self, postgres: PostgresServer, keys: Path) -> None:
        self._postgres = postgres
        self._keys = keys
        self._names: dict[str, str] = {}
        self._originals: dict[str, Original] = {}
        self._used: defaultdict[str, list[str]] = defaultdict(list)

    async def copy(self, service: str, *, attached: bool = True, **pools: int) -> Database:
        """A database of its own; attached = with the messaging hooks, as in production."""
        name = await self._renewed(service) or await self._new(service)
        urls = service_urls(self._postgres.admin_url, service, database=name)
        keys = Keyring(self._keys, create_missing=True)
        database = Database(service, urls, keys, **pools)
        if attached:  # imported here: the kernel's own tests go without messaging
            from shared.messaging import attach

            attach(database)
        return database

    async def drop(self, database: Database) -> None:
        """Close a copy; it may be used again."""
        await database.close()
        self._used[database.service].append(database.urls.http.rpartition("/")[2])

    async def drop_all(self) -> None:
        """Remove the templates and their copies from a server that goes on without us."""
        if not self._postgres.lasts:
            return
        for name in (*self._names.values(), *chain.from_iterable(self._used.values())):
            await self._postgres.drop_database(name)

    async def _renewed(self, service: str) -> str | None:
        """A used copy, made like its template again."""
        while self._used[service]:
            name = self._used[service].pop()
            if await renewed(self._postgres.url(name), self._originals[service]):
                return name
            await self._postgres.drop_database(name)
        return None

    async def _new(self, service: str) -> str:
        template = self._names.get(service) or await self._make(service)
        name = await self._postgres.create_database(template=template)
        await self._own(name, service)
        return name

    async def _make(self, service: str) -> str:
        name = await self._postgres.create_database()
        urls = await provision(self._postgres.admin_url, service, database=name)
        await self._own(name, service)
        folder = SAMPLE if service == "sample" else migrations_of(service)
        await migrate(urls.owner, service, folder=folder)
        self._originals[service] = await original_of(self._postgres.url(name))
        self._names[service] = name
        return name

    async def _own(self, name: str, service: str) -> None:
        owner = role_name(service, "owner")
        await self._postgres.execute(f'ALTER DATABASE "{name}" OWNER TO {owner}')


@pytest.fixture(scope="session")
async def templates(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Templates]:
    """The run's migrated templates."""
    made = Templates(postgres, tmp_path_factory.mktemp("keys"))
    yield made
    await made.drop_all()


@pytest.fixture
async def service_database(templates: Templates) -> AsyncIterator[DatabaseFactory]:
    """A factory of databases that live as long as the test."""
    made: list[Database] = []

    async def factory(service: str, *, attached: bool = True, **pools: int) -> Database:
        made.append(await templates.copy(service, attached=attached, **pools))
        return made[-1]

    yield factory
    for database in made:
        await templates.drop(database)
