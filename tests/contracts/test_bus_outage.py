"""B16 of the bus's promises: an unreachable log gives bounded errors, recovers, and stops clean."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from cli.local_kafka import LocalKafka
from cli.local_postgres import LocalPostgres
from cli.local_process import free_port
from shared.errors import TryAgain
from shared.messaging.bus import Listener, NotSent, Place
from tests.contracts.engines import Engine, Rig, numbers, put, read, record
from tests.support.eventually import eventually
from tests.support.kafka import require_kafka

BOUND_SECONDS = 35


class Breakable(NamedTuple):
    """An engine of this test's own, with what takes it down and up again."""

    engine: Engine
    down: Callable[[], None]
    up: Callable[[], object]


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def breakable(request: pytest.FixtureRequest) -> Iterator[Breakable]:
    """Each engine in turn, running."""
    if request.param == "kafka":
        require_kafka()
        with LocalKafka() as kafka:
            yield Breakable(Engine("kafka", kafka.bootstrap_servers), kafka.kill, kafka.start)
    else:
        with LocalPostgres(durable=False) as server:
            engine = Engine("embedded", server.admin_url)
            yield Breakable(engine, lambda: server.stop("immediate"), server.start)


@pytest.mark.parametrize("name", ["embedded", "kafka"])
async def test_b16_nobody_there(name: str) -> None:
    address = {"kafka": "127.0.0.1:{}", "embedded": "postgresql://nobody:x@127.0.0.1:{}/none"}
    bus = Engine(name, address[name].format(free_port())).bus()
    began = time.monotonic()
    with pytest.raises(TryAgain):
        await bus.start()
    outcomes = await bus.publish([record("any", "key")])
    assert [type(each) for each in outcomes] == [NotSent]
    with pytest.raises(TryAgain):
        await bus.join("group", ["any"], Listener(_nothing, _nothing))
    await bus.stop()
    assert time.monotonic() - began < BOUND_SECONDS


@pytest.mark.slow
async def test_b16_an_outage_ends_by_itself(breakable: Breakable) -> None:
    bus = breakable.engine.bus()
    await bus.start()
    rig = Rig(breakable.engine, bus)
    try:
        places = await rig.topics(partitions=1)
        member, _ = await rig.join()
        await put(bus, rig.topic, ("key", 0))
        assert numbers(await read(member, places, 1)) == [0]
        await member.commit({places[0]: 1})
        await asyncio.to_thread(breakable.down)
        began = time.monotonic()
        outcomes = await bus.publish([record(rig.topic, "key", b"1")])
        assert [type(each) for each in outcomes] == [NotSent]
        assert time.monotonic() - began < BOUND_SECONDS
        await asyncio.to_thread(breakable.up)
        await eventually(
            lambda: _sent(rig, b"1"), timeout_seconds=60, describe="publishing goes on"
        )
        again, _ = await rig.join(group=f"{rig.group}.again")
        assert numbers(await read(again, places, 2, seconds=60))[:2] == [0, 1]
        assert await bus.committed(rig.group, [rig.topic]) == {places[0]: 1}
    finally:
        await rig.close()
        await bus.stop()


async def _sent(rig: Rig, value: bytes) -> bool:
    return await rig.bus.publish([record(rig.topic, "key", value)]) == [None]


async def _nothing(places: frozenset[Place]) -> None:
    del places
