"""The conformance suite runs once per engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.engines import Engine, Rig
from tests.support.postgres import PostgresServer


@pytest.fixture(scope="session")
async def bus_database(postgres: PostgresServer) -> AsyncIterator[str]:
    """One embedded log for the whole suite; every test has topics of its own."""
    async with postgres.database() as url:
        yield url


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    name = request.param
    fixture = "kafka" if name == "kafka" else "bus_database"
    return Engine(name, request.getfixturevalue(fixture))


@pytest.fixture
async def rig(engine: Engine) -> AsyncIterator[Rig]:
    """A started client and a topic name of this test's own."""
    bus = engine.bus()
    await bus.start()
    made = Rig(engine, bus)
    yield made
    await made.close()
    await bus.stop()
