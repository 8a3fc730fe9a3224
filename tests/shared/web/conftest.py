"""Fixtures of the web edge's tests: the service of things on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from shared.database import Database
from tests.shared.web.routes import router
from tests.support.databases import DatabaseFactory
from tests.support.web import client_for


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    """The database of the service of things."""
    return await service_database("sample", attached=False)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client with every scope."""
    async with client_for(router, database) as made:
        yield made
