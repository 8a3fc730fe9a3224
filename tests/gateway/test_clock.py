"""The clock of test mode: moved ahead for everybody, never in prod, never by a live key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shared import clock, ids
from shared.database.installation import clock_offset_seconds
from shared.events.tenancy import TestClockAdvanced
from shared.service.roles import on_clock_advanced
from tests.gateway.conftest import Gateway, GatewayFactory, new_key
from tests.shared.web.test_problems import problem
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver, published


@pytest.fixture(autouse=True)
def clock_put_back() -> Iterator[None]:
    """No other test runs in the future."""
    yield
    clock.set_offset(0)


async def test_advancing_moves_business_time(gateway: Gateway) -> None:
    caller = await gateway.tenant()
    key = new_key()
    answer = await caller.post("/v1/test/clock/advance", {"seconds": 86_400}, key)
    assert answer.json()["offset_seconds"] == 86_400
    assert clock.offset_seconds() == 86_400
    again = await caller.post("/v1/test/clock/advance", {"seconds": 86_400}, key)
    assert again.content == answer.content
    second = (await caller.post("/v1/test/clock/advance", {"seconds": 1})).json()
    assert second["offset_seconds"] == 86_401
    told = [event for event in await published(gateway.database) if event.key == ids.NIL]
    assert [event.data for event in told] == [
        TestClockAdvanced(offset_seconds=86_400),
        TestClockAdvanced(offset_seconds=86_401),
    ]
    shown = (await caller.get("/v1/test/clock")).json()
    at = datetime.fromisoformat(shown["business_time"])
    assert abs(at - clock.system() - timedelta(seconds=86_401)) < timedelta(seconds=10)


async def test_a_live_key_moves_nothing(gateway: Gateway) -> None:
    live = await gateway.tenant(mode="live")
    answer = await live.post("/v1/test/clock/advance", {"seconds": 1})
    problem(answer, 403, "test_mode_only")
    assert await clock_offset_seconds(gateway.database) == 0


async def test_prod_moves_nothing(open_gateway: GatewayFactory) -> None:
    gateway = await open_gateway(
        profile="prod",
        embedded_bus_in_prod=True,
        key_encryption_key="00" * 32,
        anchors_dir="anchors",
    )
    caller = await gateway.tenant()
    answer = await caller.post("/v1/test/clock/advance", {"seconds": 1})
    problem(answer, 403, "test_mode_only")
    assert await clock_offset_seconds(gateway.database) == 0


@pytest.mark.parametrize("seconds", [0, -1, 10**10, 1.5, "1"])
async def test_only_ahead_and_only_so_far(gateway: Gateway, seconds: object) -> None:
    caller = await gateway.tenant()
    answer = await caller.post("/v1/test/clock/advance", {"seconds": seconds})
    problem(answer, 422, "invalid_request")
    assert await clock_offset_seconds(gateway.database) == 0


async def test_every_service_follows(service_database: DatabaseFactory) -> None:
    database = await service_database("sample")
    facts = [TestClockAdvanced(offset_seconds=seconds) for seconds in (50, 70)]
    await deliver(database, on_clock_advanced, facts)
    assert clock.offset_seconds() == 70
    assert await clock_offset_seconds(database) == 70
    await deliver(database, on_clock_advanced, facts[:1])
    assert clock.offset_seconds() == 70
    assert await clock_offset_seconds(database) == 70
