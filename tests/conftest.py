"""Fixtures that every test may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.postgres import PostgresServer, run_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The run's one PostgreSQL server, started when the first test asks for it."""
    with run_server() as server:
        yield server


@pytest.fixture
async def empty_database(postgres: PostgresServer) -> AsyncIterator[str]:
    """The superuser address of a database of this test's own."""
    async with postgres.database() as url:
        yield url
