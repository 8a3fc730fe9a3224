"""The payments database with its master data, at a fixed business time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared import clock
from shared.database import Database
from tests.payments import world
from tests.payments.builders import NOW
from tests.support.databases import DatabaseFactory


@pytest.fixture
def at_now() -> Iterator[None]:
    """Monday, 23 November 2026, 18:00 UTC."""
    with clock.fixed(NOW):
        yield


@pytest.fixture
async def database(service_database: DatabaseFactory, at_now: None) -> Database:
    """A database that knows the tenant, its practice and its payer."""
    made = await service_database("payments")
    await world.master_data(made)
    return made
