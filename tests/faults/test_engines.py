"""F7b, F8: the engines under a running installation are killed, on their own data."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from shared.events.catalog import TOPICS
from shared.messaging import open_bus
from shared.messaging.bus import Place, Topic
from shared.messaging.relay import BATCH
from tests.faults.conftest import Run, rig_on
from tests.faults.rig import LIVENESS_SECONDS, Rig
from tests.support.checker import Checker
from tests.support.eventually import eventually

pytestmark = pytest.mark.fault

KAFKA_KILLS = 3
BETWEEN_KILLS_SECONDS = 6.0
RESTARTS_FOR_SECONDS, RESTARTS_AT_LEAST, CLAIMS_AT_LEAST = 30.0, 5, 60
BETWEEN_RESTARTS_SECONDS, DOWN_SECONDS = (3, 5), (0, 2)
LONGEST_SECONDS = 300.0
CLIENTS = 4
WITNESS, PARTITIONS = "faults.witness", 3
AT_ONCE, PAUSE_SECONDS = 50, 0.1
"""The witness has 50 records on their way at a time, so 500 a second at most."""

Acknowledged = dict[tuple[int, int], bytes]


@rig_on(fast="kafka", only=True)
async def test_f7b_kafka_is_killed_on_its_data(rig: Rig, run: Run) -> None:
    broker, checker = rig.engines.kafka, Checker(rig.place)
    assert broker is not None
    at_risk: Counter[UUID] = Counter()
    async with rig.load(run.chance) as load:
        async with checker.watching(), load.flowing(), _witness(rig) as acknowledged:
            for _ in range(KAFKA_KILLS):
                await asyncio.sleep(BETWEEN_KILLS_SECONDS * run.chance.uniform(0.7, 1.3))
                before = await _committed(rig)
                await asyncio.to_thread(broker.kill)
                at_risk.update(await _unsent(rig, checker))
                await asyncio.to_thread(broker.start)
                at_risk.update(await _unsent(rig, checker))
                after = await _committed(rig)
                forgotten = {at for at, offset in before.items() if after.get(at, 0) < offset}
                assert not forgotten, f"committed offsets are forgotten: {forgotten}"
            await asyncio.sleep(BETWEEN_KILLS_SECONDS)
        healed = await rig.healed(load, checker)
        await _all_there(broker.bootstrap_servers, acknowledged)
        assert not healed.again - at_risk, "sent again though no kill had put it in doubt"
        assert await checker.dead_letters() == 0
        run.saw(
            f"{KAFKA_KILLS} kills, {len(acknowledged)} acknowledged records in their places,"
            f" {len(load.accepted)} claims, {healed}"
        )


@rig_on(fast="embedded")
async def test_f8_postgres_is_restarted_under_load(rig: Rig, run: Run) -> None:
    server, checker = rig.engines.postgres, Checker(rig.place)
    clock, restarts = asyncio.get_running_loop().time, 0
    async with rig.load(run.chance) as load:
        dead = await checker.dead_letters()
        began = clock()
        async with checker.watching(), load.flowing(clients=CLIENTS, pause_seconds=0.1):
            while (
                clock() < began + RESTARTS_FOR_SECONDS
                or restarts < RESTARTS_AT_LEAST
                or len(load.accepted) < CLAIMS_AT_LEAST
            ):
                assert clock() < began + LONGEST_SECONDS, f"only {len(load.accepted)} claims"
                await asyncio.sleep(run.chance.uniform(*BETWEEN_RESTARTS_SECONDS))
                await asyncio.to_thread(server.stop, "immediate")
                await asyncio.sleep(run.chance.uniform(*DOWN_SECONDS))
                await asyncio.to_thread(server.start)
                restarts += 1
            seconds = clock() - began
        healed = await rig.healed(load, checker)
        assert await checker.dead_letters() == dead
        run.saw(
            f"{restarts} restarts in {seconds:.0f} s, {len(load.accepted)} claims,"
            f" {checker.looks} looks, {healed}"
        )


async def _unsent(rig: Rig, checker: Checker) -> list[UUID]:
    """What the relays do not know to be sent, at most a batch of each."""
    return [event for name in rig.place.urls for event in (await checker.unsent(name))[:BATCH]]


async def _committed(rig: Rig) -> dict[tuple[str, Place], int]:
    """The offsets of every group; all have some. A broker names none while it loads a group."""
    bus = open_bus(rig.place.settings["gateway"], role="checker")
    await bus.start()
    found: dict[tuple[str, Place], int] = {}
    try:
        for group in (f"rcm.{name}" for name in rig.place.urls):
            known = await eventually(
                partial(bus.committed, group, TOPICS),
                timeout_seconds=LIVENESS_SECONDS,
                describe=f"offsets of {group}",
                interval_seconds=0.1,
            )
            found |= {(group, place): offset for place, offset in known.items()}
    finally:
        await bus.stop()
    return found


@asynccontextmanager
async def _witness(rig: Rig) -> AsyncIterator[Acknowledged]:
    """Notes what the broker acknowledged, and where, while the block runs."""
    assert rig.engines.kafka is not None
    bus = open_bus(rig.place.settings["gateway"], role="checker")
    await bus.start()
    await bus.apply_topics([Topic(WITNESS, PARTITIONS)])
    await bus.stop()
    acknowledged: Acknowledged = {}
    producer = AIOKafkaProducer(
        bootstrap_servers=rig.engines.kafka.bootstrap_servers, acks="all", enable_idempotence=True
    )
    await producer.start()

    async def send(number: int) -> None:
        value = str(number).encode()
        with contextlib.suppress(KafkaError):
            told = await producer.send_and_wait(WITNESS, value, partition=number % PARTITIONS)
            acknowledged[told.partition, told.offset] = value

    async def keep_sending() -> None:
        for first in itertools.count(0, AT_ONCE):
            await asyncio.gather(*(send(first + more) for more in range(AT_ONCE)))
            await asyncio.sleep(PAUSE_SECONDS)

    task = asyncio.create_task(keep_sending())
    try:
        yield acknowledged
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), 10)


async def _all_there(servers: str, acknowledged: Acknowledged) -> None:
    assert len(acknowledged) > KAFKA_KILLS * AT_ONCE
    reader = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await reader.start()
    try:
        places = [TopicPartition(WITNESS, number) for number in range(PARTITIONS)]
        reader.assign(places)
        await reader.seek_to_beginning(*places)
        ends = await reader.end_offsets(places)
        found: Acknowledged = {}
        reached = dict.fromkeys(places, 0)
        while sum(reached.values()) < sum(ends.values()):
            for place, records in (await reader.getmany(*places, timeout_ms=1000)).items():
                found.update({(each.partition, each.offset): each.value for each in records})
                reached[place] = records[-1].offset + 1
    finally:
        await reader.stop()
    lost = {at for at, value in acknowledged.items() if found.get(at) != value}
    assert not lost, f"{len(lost)} acknowledged records are not where they were"
