"""A sample database with its hooks, and an embedded bus with the sample's topics."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.database import Database
from shared.messaging.embedded import EmbeddedBus
from tests.support.databases import DatabaseFactory
from tests.support.messaging import Troubles, sample_topics


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    """The sample service's database."""
    return await service_database("sample")


@pytest.fixture
async def bus(empty_database: str) -> AsyncIterator[EmbeddedBus]:
    """A log of this test's own."""
    made = EmbeddedBus(empty_database)
    await made.start()
    await made.apply_topics(sample_topics())
    yield made
    await made.stop()


@pytest.fixture
def troubles() -> Troubles:
    """The sample's handlers."""
    return Troubles()
