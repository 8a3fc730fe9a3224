"""F7b, F8: the engines under a running installation are killed, on their own data."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from shared.events.catalog import TOPICS
from shared.messaging import open_bus
from shared.messaging.bus import Place, Topic
from tests.faults.conftest import Run
from tests.faults.rig import Rig
from tests.support.checker import Checker

pytestmark = [pytest.mark.fault, pytest.mark.slow]

KAFKA_KILLS = 3
BETWEEN_KILLS_SECONDS = 6.0
RESTARTS_FOR_SECONDS = 30.0
WITNESS = "faults.witness"

Acknowledged = dict[tuple[int, int], bytes]


async def test_f7b_kafka_is_killed_on_its_data(rig: Rig, run: Run) -> None:
    broker = rig.engines.kafka
    if broker is None:
        pytest.skip("only on Kafka")
    checker = Checker(rig.place)
    async with rig.load(run.chance) as load:
        before = await _committed(rig)
        async with checker.watching(), load.flowing(), _witness(rig) as acknowledged:
            for _ in range(KAFKA_KILLS):
                await asyncio.sleep(BETWEEN_KILLS_SECONDS * run.chance.uniform(0.7, 1.3))
                await asyncio.to_thread(broker.kill)
                await asyncio.to_thread(broker.start)
            await asyncio.sleep(BETWEEN_KILLS_SECONDS)
        published = await rig.healed(load, checker)
        await _all_there(broker.bootstrap_servers, acknowledged)
        after = await _committed(rig)
        assert all(after.get(place, 0) >= offset for place, offset in before.items())
        assert await checker.dead_letters() == 0
        run.saw(
            f"{KAFKA_KILLS} kills, {len(acknowledged)} acknowledged records in their places,"
            f" {len(load.accepted)} claims, repeated {published.repeated}"
        )


async def test_f8_postgres_is_restarted_under_load(rig: Rig, run: Run) -> None:
    server, checker = rig.engines.postgres, Checker(rig.place)
    clock, restarts = asyncio.get_running_loop().time, 0
    async with rig.load(run.chance) as load:
        dead = await checker.dead_letters()
        async with checker.watching(), load.flowing():
            end = clock() + RESTARTS_FOR_SECONDS
            while clock() < end:
                await asyncio.sleep(run.chance.uniform(4, 7))
                await asyncio.to_thread(server.stop, "immediate")
                await asyncio.sleep(run.chance.uniform(0, 2))
                await asyncio.to_thread(server.start)
                restarts += 1
        await rig.healed(load, checker)
        assert await checker.dead_letters() == dead
        run.saw(f"{restarts} restarts, {len(load.accepted)} claims, {checker.looks} looks")


async def _committed(rig: Rig) -> dict[Place, int]:
    bus = open_bus(rig.place.settings["gateway"], role="checker")
    await bus.start()
    try:
        return await bus.committed("rcm.claims", TOPICS)
    finally:
        await bus.stop()


@asynccontextmanager
async def _witness(rig: Rig) -> AsyncIterator[Acknowledged]:
    """Notes what the broker acknowledged, and where, while the block runs."""
    assert rig.engines.kafka is not None
    bus = open_bus(rig.place.settings["gateway"], role="checker")
    await bus.start()
    await bus.apply_topics([Topic(WITNESS, 3)])
    await bus.stop()
    acknowledged: Acknowledged = {}
    producer = AIOKafkaProducer(
        bootstrap_servers=rig.engines.kafka.bootstrap_servers, acks="all", enable_idempotence=True
    )
    await producer.start()

    async def send() -> None:
        number = 0
        while True:
            number += 1
            value = str(number).encode()
            with contextlib.suppress(KafkaError):
                told = await producer.send_and_wait(WITNESS, value, partition=number % 3)
                acknowledged[told.partition, told.offset] = value

    task = asyncio.create_task(send())
    try:
        yield acknowledged
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), 10)


async def _all_there(servers: str, acknowledged: Acknowledged) -> None:
    assert len(acknowledged) > KAFKA_KILLS
    reader = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await reader.start()
    try:
        places = [TopicPartition(WITNESS, number) for number in range(3)]
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
