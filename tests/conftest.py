"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

from cli.local_kafka import LocalKafka
from tests.support.databases import service_database, templates
from tests.support.kafka import require_kafka
from tests.support.postgres import ADDRESS, OF_THIS_RUN, PostgresServer, run_server
from tests.support.spans import spans

__all__ = ["service_database", "spans", "templates"]  # fixtures of tests/support

# A slow machine is no failure: there is no deadline. `make properties` asks for the second profile.
_EXAMPLES = DirectoryBasedExampleDatabase(".cache/hypothesis")
settings.register_profile("claimstream", deadline=None, database=_EXAMPLES)
settings.register_profile("fuzz", deadline=None, database=_EXAMPLES, max_examples=10_000)
settings.load_profile("claimstream")


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


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Bootstrap servers of the run's one real Kafka, started when the first test asks for it."""
    configured = os.environ.get("RCM_TEST_KAFKA_BOOTSTRAP_SERVERS")
    if configured:
        yield configured
        return
    require_kafka()
    with LocalKafka() as broker:
        yield broker.bootstrap_servers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for the broker is marked, so that `-m "not kafka"` leaves it out.

    Of several workers one runs all tests of the broker, and each file goes to one of them.
    """
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)
        kafka = item.get_closest_marker("kafka")
        item.add_marker(pytest.mark.xdist_group("kafka" if kafka else item.path.name))


def pytest_configure(config: pytest.Config) -> None:
    """Several workers share one PostgreSQL: it is started here, before they are."""
    if config.getoption("numprocesses", None) and ADDRESS not in os.environ:
        running = ExitStack()
        config.add_cleanup(running.close)
        os.environ[OF_THIS_RUN] = "yes"
        os.environ[ADDRESS] = running.enter_context(run_server()).admin_url
