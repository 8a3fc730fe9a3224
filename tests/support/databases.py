"""Databases of services for tests: a template migrated once per run, a copy for each test.

The fixture `service_database` gives a factory: `database = await service_database("claims")` takes
some 40 ms. `"sample"` is no service: it has the kernel's tables and one table `things`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from shared.database import Database, migrate, provision
from shared.database.migrating import migrations_of
from shared.database.provisioning import service_urls
from shared.database.urls import role_name
from shared.sealing import Keyring
from tests.support.postgres import PostgresServer

SAMPLE = Path(__file__).with_name("sample") / "migrations"
DatabaseFactory = Callable[..., Awaitable[Database]]


class Templates:
    """One migrated database per service and run, made when first asked for."""

    def __init__(self, postgres: PostgresServer, keys: Path) -> None:
        self._postgres = postgres
        self._keys = keys
        self._names: dict[str, str] = {}

    async def copy(self, service: str, *, attached: bool = True, **pools: int) -> Database:
        """A database of its own; attached = with the messaging hooks, as in production."""
        template = self._names.get(service) or await self._make(service)
        name = await self._postgres.create_database(template=template)
        await self._own(name, service)
        urls = service_urls(self._postgres.admin_url, service, database=name)
        keys = Keyring(self._keys, create_missing=True)
        database = Database(service, urls, keys, **pools)
        if attached:  # imported here: the kernel's own tests go without messaging
            from shared.messaging import attach

            attach(database)
        return database

    async def drop(self, database: Database) -> None:
        """Close a copy and remove it."""
        await database.close()
        await self._postgres.drop_database(database.urls.http.rpartition("/")[2])

    async def drop_all(self) -> None:
        """Remove the templates."""
        for name in self._names.values():
            await self._postgres.drop_database(name)

    async def _make(self, service: str) -> str:
        name = await self._postgres.create_database()
        urls = await provision(self._postgres.admin_url, service, database=name)
        await self._own(name, service)
        folder = SAMPLE if service == "sample" else migrations_of(service)
        await migrate(urls.owner, service, folder=folder)
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
