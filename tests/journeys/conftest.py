"""One installation per event log, run first in one process and then in separate ones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cli.demo.opening import Company
from cli.everything import Installed
from tests.support.system import BUSES, company_of, engines, installation, services

_BUSES = [pytest.param(bus, marks=[pytest.mark.kafka] if bus == "kafka" else []) for bus in BUSES]


@pytest.fixture(scope="module", params=_BUSES)
async def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installed]:
    """An installation on engines of its own, for one module.

    A payer takes a second, so that also on a busy machine no payment overtakes its acknowledgement.
    """
    own = tmp_path_factory.mktemp(f"journeys-{request.param}")
    with pytest.MonkeyPatch.context() as told, engines(own, request.param, durable=False) as made:
        told.setenv("RCM_SANDBOX_STEP_SECONDS", "0.5")
        async with installation(made.plan()) as installed:
            yield installed


@pytest.fixture(scope="module", params=["one", "separate"])
async def system(place: Installed, request: pytest.FixtureRequest) -> AsyncIterator[Installed]:
    """The installation, running."""
    logs = place.sink.folder.parent
    async with services(place, request.param, logs):
        yield place


@pytest.fixture
async def company(system: Installed) -> AsyncIterator[Company]:
    """A billing company of the test's own."""
    async with company_of(system, system.sink.folder.parent) as made:
        yield made
