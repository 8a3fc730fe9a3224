"""Both engines of the bus behind one handle, for the conformance suite."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from typing import NamedTuple

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from shared import clock, ids
from shared.messaging.bus import (
    Bus,
    Incoming,
    Listener,
    Member,
    Outgoing,
    Place,
    Topic,
    partition_of,
)
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.kafka import KafkaBus
from tests.support.eventually import eventually

SESSION_SECONDS = 2.0


class Engine(NamedTuple):
    """An engine: its name and where it is."""

    name: str
    address: str

    def bus(self) -> Bus:
        """A client of its own."""
        if self.name == "kafka":
            return KafkaBus(self.address, client_id="rcm.test", session_seconds=SESSION_SECONDS)
        return EmbeddedBus(self.address)


class Rig:
    """A topic of a test's own, clients and members that end with the test."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self.engine = engine
        self.bus = bus
        self.topic = f"test.{ids.new().hex}"
        self.group = f"test.{ids.new().hex}"
        self._clients: list[Bus] = []
        self._members: list[Member] = []
        self._watches: list[Watch] = []

    async def topics(self, *, partitions: int = 3) -> list[Place]:
        """Make the topic; its places."""
        await self.bus.apply_topics([Topic(self.topic, partitions)])
        places = [Place(self.topic, number) for number in range(partitions)]

        async def known() -> bool:
            return len(await self.bus.end_offsets([self.topic])) == partitions

        await eventually(known, describe="the topic's partitions")
        return places

    async def client(self) -> Bus:
        """One client more."""
        bus = self.engine.bus()
        await bus.start()
        self._clients.append(bus)
        return bus

    async def join(
        self, watch: Watch | None = None, *, group: str = "", name: str = ""
    ) -> tuple[Member, Watch]:
        """A member of the group, once it has a share (or at once, when one is watched)."""
        waits = watch is None
        watch = watch or Watch()
        self._watches.append(watch)
        bus = await self.client()
        member = await bus.join(group or self.group, [self.topic], watch.listener, member=name)
        self._members.append(member)
        if waits:
            await eventually(
                lambda: watch.owned, timeout_seconds=20, describe="the member gets a share"
            )
        return member, watch

    async def groups(self) -> list[str]:
        """The groups that the log knows of and that have to do with the topic."""
        if self.engine.name == "kafka":
            admin = AIOKafkaAdminClient(bootstrap_servers=self.engine.address)
            await admin.start()
            names = [name for name, _ in await admin.list_consumer_groups()]
            found = [n for n in names if await self.bus.committed(n, [self.topic])]
            empty = [n for n in names if not n.startswith("test.")]
            await admin.close()
            return [*found, *empty]
        connection = await asyncpg.connect(self.engine.address)
        statement = """
            select distinct group_name from positions g join partitions p on p.id = g.partition_id
            where p.topic = $1
        """
        rows = await connection.fetch(statement, self.topic)
        await connection.close()
        return [row[0] for row in rows]

    async def close(self) -> None:
        """Everything that still is open."""
        for watch in self._watches:
            watch.may_leave.set()
        for member in self._members:
            await member.leave()
        for client in self._clients:
            await client.stop()


class Watch:
    """A listener that remembers; `hold` makes its revoke callback wait."""

    def __init__(self) -> None:
        self.owned: frozenset[Place] = frozenset()
        self.assigned = 0
        self.entered = asyncio.Event()
        self.may_leave = asyncio.Event()
        self.may_leave.set()
        self.finished = False
        self.listener = Listener(self._assigned, self._revoked)

    def hold(self) -> None:
        """Let the next revoke callback wait until `may_leave` is set."""
        self.may_leave.clear()
        self.entered.clear()
        self.finished = False

    async def _assigned(self, places: frozenset[Place]) -> None:
        self.assigned += 1
        self.owned = places

    async def _revoked(self, places: frozenset[Place]) -> None:
        self.entered.set()
        await self.may_leave.wait()
        self.finished = True
        self.owned -= places


class OtherProcess:
    """A member in a process of its own, that may be killed."""

    def __init__(self, engine: Engine, topic: str, group: str) -> None:
        command = [sys.executable, "-m", "tests.contracts.member"]
        self._process = subprocess.Popen(
            [*command, engine.name, engine.address, topic, group],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": "."},
        )

    async def partitions(self) -> int:
        """Wait for the next assignment it reports; how many partitions."""
        assert self._process.stdout is not None
        line = await asyncio.to_thread(self._process.stdout.readline)
        return int(line)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def record(
    topic: str,
    key: str,
    value: bytes | None = b"{}",
    *,
    headers: Sequence[tuple[str, bytes]] = (),
    at_ms: int = 0,
) -> Outgoing:
    """A record, stamped now unless said otherwise."""
    now = int(clock.system().timestamp() * 1000)
    return Outgoing(topic, key.encode(), value, list(headers), at_ms or now)


async def put(bus: Bus, topic: str, *values: tuple[str, int]) -> None:
    """Publish (key, number) pairs, all acknowledged."""
    records = [record(topic, key, str(number).encode()) for key, number in values]
    assert await bus.publish(records) == [None] * len(records)


async def read(
    member: Member, places: Collection[Place], count: int, *, seconds: float = 20
) -> list[Incoming]:
    """Poll until there are `count` records."""
    found: list[Incoming] = []

    async def enough() -> bool:
        found.extend(await member.poll(places, limit=500, wait_seconds=0.2))
        assert len(found) >= count, f"{len(found)} records"
        return True

    await eventually(enough, timeout_seconds=seconds, describe=f"{count} records")
    return found


def numbers(records: Sequence[Incoming]) -> list[int]:
    """The numbers that `put` wrote."""
    return [int(record.value or b"-1") for record in records]


def key_for(partition: int, partitions: int) -> str:
    """A key that falls into a partition."""
    return next(
        key
        for key in (f"key-{number}" for number in range(1000))
        if partition_of(key.encode(), partitions) == partition
    )
