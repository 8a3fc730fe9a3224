"""The hop on the real Kafka: once each, facts go out, members come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared import ids
from shared.database import Database
from shared.messaging import Consumer, Relay, Subscription
from shared.messaging.bus import Bus
from shared.messaging.kafka import KafkaBus
from tests.support.builders import TENANT, envelopes
from tests.support.eventually import eventually
from tests.support.messaging import (
    Troubles,
    caught_up,
    counts,
    funds,
    running,
    sample_topics,
    send,
    things,
)

IN_TOPIC, OUT_TOPIC = "rcm.payments.v1", "rcm.notifications.v1"


@pytest.fixture
async def kafka_bus(kafka: str) -> AsyncIterator[Bus]:
    """A client, with nothing left in the topics of earlier tests."""
    bus = KafkaBus(kafka, client_id="rcm.test", session_seconds=2)
    await bus.start()
    await bus.apply_topics(sample_topics())

    async def known() -> bool:
        return len(await bus.end_offsets([IN_TOPIC, OUT_TOPIC])) >= 8

    await eventually(known, describe="the topics")
    await bus.trim(await bus.end_offsets([IN_TOPIC, OUT_TOPIC]))
    yield bus
    await bus.stop()


def subscription(troubles: Troubles) -> Subscription:
    """A group of this test's own."""
    return Subscription(f"rcm.sample.{ids.new().hex}", troubles.handlers)


async def test_events_go_through_once_and_their_facts_go_out(
    kafka_bus: Bus, database: Database, troubles: Troubles
) -> None:
    deposits = [ids.new() for _ in range(300)]
    events = envelopes([funds(deposit) for deposit in deposits])
    before = sum((await kafka_bus.end_offsets([OUT_TOPIC])).values())
    await send(kafka_bus, [*events, *events[:50]])
    wanted = subscription(troubles)
    async with running(Consumer(kafka_bus, database, wanted), Relay(kafka_bus, database)):
        await caught_up(kafka_bus, [IN_TOPIC], group=wanted.group)
        await eventually(lambda: _all_sent(database), describe="outbox unsent = 0")
    assert await things(database, TENANT) == dict.fromkeys(deposits, (1, 100, ""))
    assert sum((await kafka_bus.end_offsets([OUT_TOPIC])).values()) - before == 300


async def test_members_come_and_go_under_load(
    kafka_bus: Bus, database: Database, troubles: Troubles
) -> None:
    deposits = [ids.new() for _ in range(40)]
    wanted = subscription(troubles)
    async with running(Consumer(kafka_bus, database, wanted)):
        for _ in range(2):
            joining = Consumer(kafka_bus, database, wanted._replace(batch_size=20))
            await send(kafka_bus, envelopes([funds(deposit) for deposit in deposits] * 5))
            async with running(joining):
                await eventually(
                    lambda: joining.state["partitions"],  # noqa: B023
                    timeout_seconds=30,
                    describe="a share",
                )
        await caught_up(kafka_bus, [IN_TOPIC], group=wanted.group)
    assert await things(database, TENANT) == dict.fromkeys(deposits, (10, 1000, ""))
    assert await counts(database, "dead_letters") == {"dead_letters": 0}


async def _all_sent(database: Database) -> bool:
    return (await counts(database, "outbox_unsent"))["outbox_unsent"] == 0
