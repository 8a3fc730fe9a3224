"""A coding database with master data, and a client of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from services.coding.__main__ import service
from shared import clock
from shared.database import Database
from tests.coding.samples import HANDLERS, master_data
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver
from tests.support.web import client_for


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """A business day soon after the visits of the samples."""
    with clock.fixed(datetime(2026, 11, 23, 18, tzinfo=UTC)):
        yield


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    """Coding with one practice, one provider, two payers and a fee schedule."""
    made = await service_database("coding")
    await deliver(made, HANDLERS, master_data())
    return made


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A caller with every scope in every practice."""
    async with client_for(service, database) as made:
        yield made
