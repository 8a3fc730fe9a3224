"""`rcm topics` and `rcm tail` on both event logs: nothing is skipped when a topic is made anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from cli import bus_commands
from shared import ids
from shared.database import Database
from shared.messaging import Consumer, Relay, Subscription, open_bus
from shared.messaging.bus import Bus, Topic
from shared.settings import ServiceSettings
from tests.support.builders import TENANT, origin
from tests.support.commands import Commands, commands, rcm
from tests.support.databases import DatabaseFactory
from tests.support.eventually import eventually
from tests.support.messaging import (
    Troubles,
    caught_up,
    counts,
    funds,
    running,
    sample_topics,
    subscription,
    things,
)

__all__ = ["commands"]
TOPIC, GROUP = "rcm.payments.v1", "rcm.payments"
BEFORE, AFTER = 50, 80
RECREATE = ("topics", "recreate", "payments")


class Place(NamedTuple):
    """A service that publishes to a topic and consumes it itself."""

    bus: Bus
    database: Database
    wanted: Subscription

    @property
    def relay(self) -> Relay:
        """What sends its facts."""
        return Relay(self.bus, self.database)

    @property
    def consumer(self) -> Consumer:
        """What reads them."""
        return Consumer(self.bus, self.database, self.wanted)

    async def tell(self, count: int) -> None:
        """That many deposits."""
        async with self.database.pipeline({TENANT}) as tx:
            for deposit in (ids.new() for _ in range(count)):
                tx.publish(funds(deposit), subject=deposit, caused_by=origin())

    async def sent(self) -> None:
        """Until the outbox is empty."""

        async def is_sent() -> bool:
            return not (await counts(self.database, "outbox_unsent"))["outbox_unsent"]

        await eventually(is_sent, timeout_seconds=30, describe="everything is sent")

    async def read(self) -> int:
        """Until the group has read everything; how many deposits it knows, none added twice."""
        await caught_up(self.bus, [TOPIC], group=GROUP)
        known = await things(self.database, TENANT)
        assert {events for events, _, _ in known.values()} == {1}
        return len(known)


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def place(
    request: pytest.FixtureRequest,
    service_database: DatabaseFactory,
    empty_database: str,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Place]:
    """Commands find it as `payments`; its topics are the sample's, with few partitions."""
    servers = request.getfixturevalue("kafka") if request.param == "kafka" else ""
    database = await service_database("sample")
    wanted = subscription(Troubles(), group=GROUP)
    commands.find(database, wanted, bus_url=empty_database, kafka=servers)
    monkeypatch.setattr(bus_commands, "declared_topics", sample_topics)
    settings = ServiceSettings(bus_url=empty_database, kafka_bootstrap_servers=servers)
    bus = open_bus(settings, role="commands")
    await bus.start()
    await bus.delete_topics([TOPIC])
    await bus.apply_topics(sample_topics())
    yield Place(bus, database, wanted)
    await bus.delete_topics([TOPIC])
    await bus.stop()


async def test_a_topic_made_anew_is_read_whole(place: Place) -> None:
    await place.tell(BEFORE)
    async with running(place.relay, place.consumer):
        await place.sent()
        assert await place.read() == BEFORE
    shown = await rcm(*RECREATE, "--json")
    assert (shown.code, shown.json) == (4, [{"group": GROUP, "members": 0, "unread": 0}])
    assert sum((await place.bus.end_offsets([TOPIC])).values()) == BEFORE
    told = await rcm(*RECREATE, "--yes")
    assert (told.code, told.complains) == (0, "")
    assert sum((await place.bus.end_offsets([TOPIC])).values()) == 0
    await place.tell(AFTER)
    async with running(place.relay):
        await place.sent()
    assert sum((await place.bus.end_offsets([TOPIC])).values()) == AFTER
    async with running(place.consumer):
        assert await place.read() == BEFORE + AFTER


async def test_what_nobody_has_read_is_sent_again(place: Place) -> None:
    await place.tell(BEFORE)
    async with running(place.relay, place.consumer):
        await place.sent()
        await place.read()
    await place.tell(AFTER)
    async with running(place.relay):
        await place.sent()
    refused = await rcm(*RECREATE, "--yes")
    assert (refused.code, f"{AFTER} records are unread" in refused.complains) == (4, True)
    told = await rcm(*RECREATE, "--yes", "--from-outbox")
    assert f"{BEFORE + AFTER} facts will be sent again" in " ".join(told.says.split())
    async with running(place.relay, place.consumer):
        await place.sent()
        assert await place.read() == BEFORE + AFTER


async def test_nothing_is_deleted_while_somebody_works_with_it(place: Place) -> None:
    await place.tell(1)
    async with running(place.relay, place.consumer):
        await place.sent()
        await place.read()
    relay = place.relay
    async with running(relay):
        await eventually(lambda: relay.active, describe="the relay works")
        await place.sent()
        by_relay = await rcm(*RECREATE, "--yes")
    async with running(place.consumer):
        await eventually(lambda: place.bus.members(GROUP), describe="the consumer has joined")
        by_consumer = await rcm(*RECREATE, "--yes", "--from-outbox")
    assert (by_relay.code, by_relay.complains) == (4, "Stop the relay of payments first.\n")
    assert (by_consumer.code, "Stop the consumers" in by_consumer.complains) == (4, True)
    assert await counts(place.database, "outbox_unsent") == {"outbox_unsent": 0}
    assert sum((await place.bus.end_offsets([TOPIC])).values()) == 1


async def test_a_context_nobody_has_is_a_mistake() -> None:
    assert (await rcm("topics", "recreate", "dentistry", "--yes")).code == 2


async def test_a_plan_shows_what_is_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    level = await rcm("topics", "plan", "--json")
    assert level.code == 0
    other = [Topic(TOPIC, 6, 3), Topic("rcm.nobody.v1")]
    monkeypatch.setattr(bus_commands, "declared_topics", lambda: other)
    code, (found, missing), *_ = await rcm("topics", "plan", "--json")
    assert code == 1
    assert (found["partitions"], found["exists"]) == ("4", True)
    assert "partitions is 4, declared 6" in found["differs"]
    assert "retention" in found["differs"]
    assert (missing["partitions"], missing["exists"], missing["differs"]) == (None, False, "")


async def test_tail_shows_what_comes_and_nothing_of_it_stays(place: Place) -> None:
    shown = asyncio.create_task(rcm("tail", "--type", "FundsReceived", "--seconds", "4"))
    async with running(place.relay, place.consumer):
        while not shown.done():
            await place.tell(1)
            await asyncio.wait([shown], timeout=0.3)
    told = await shown
    assert (told.code, told.complains) == (0, "")
    assert "FundsReceived" in told.says
    assert "NotificationSuppressed" not in told.says
