"""One member of a consumer group on Kafka."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from shared import telemetry
from shared.errors import TryAgain
from shared.messaging.bus import COMMIT_SECONDS, CommitRefused, Incoming, Listener, Place
from shared.messaging.kafka.answers import answered, stopped

REBALANCE_SECONDS = 0.1
_NOWHERE = TopicPartition("", -1)

_log = telemetry.logger("kafka")


class KafkaMember:
    """One member of a group; see bus.Member."""

    def __init__(self, consumer: AIOKafkaConsumer, group: str, listener: Listener) -> None:
        self.rebalancing = _Rebalancing(self)
        self.failure: Exception | None = None
        self.listener = listener
        self._consumer = consumer
        self._group = group
        self._expected: dict[TopicPartition, int] = {}

    async def poll(
        self, places: Collection[Place], *, limit: int, wait_seconds: float
    ) -> list[Incoming]:
        """The next records; polling no place at all still counts as a sign of life."""
        if self.failure is not None:
            raise self.failure
        wanted = [TopicPartition(*place) for place in places] or [_NOWHERE]
        wait_ms = int(wait_seconds * 1000)
        try:
            await self._expect(wanted)
            # During a rebalance the client waits for its end, whatever time-out it is given.
            async with asyncio.timeout(wait_seconds + REBALANCE_SECONDS):
                found = await self._consumer.getmany(*wanted, timeout_ms=wait_ms, max_records=limit)
        except (ConsumerStoppedError, TimeoutError):
            return []
        except KafkaError as error:
            raise TryAgain(f"Kafka is away: {type(error).__name__}") from error
        for place, records in found.items():
            self._watch_jump(place, records)
        return list(itertools.chain.from_iterable(found.values()))

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Bounded; a changed assignment or a silent broker is CommitRefused (K1, K2)."""
        wanted = {TopicPartition(*place): offset for place, offset in offsets.items()}
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer.commit(wanted)
        except (KafkaError, TimeoutError) as error:
            raise CommitRefused(type(error).__name__) from error

    async def behind(self) -> int:
        """Records between the positions and the end of the own share."""
        places = list(self._consumer.assignment())
        if not places:
            return 0
        ends = await answered(self._consumer.end_offsets(places))
        positions = [await answered(self._consumer.position(place)) for place in places]
        return sum(ends[place] - at for place, at in zip(places, positions, strict=True))

    async def leave(self) -> None:
        """Hand the share back and close."""
        await self.rebalancing.on_partitions_revoked(self._consumer.assignment())
        await stopped(self._consumer)

    def forget(self) -> None:
        """Positions start anew with an assignment."""
        self._expected.clear()

    async def _expect(self, places: Collection[TopicPartition]) -> None:
        """Learn where a newly assigned place should go on; nothing is known of a new group."""
        for place in places:
            if place not in self._expected and place in self._consumer.assignment():
                committed = await answered(self._consumer.committed(place))
                self._expected.setdefault(place, -1 if committed is None else committed)

    def _watch_jump(
        self, place: TopicPartition, records: Sequence[ConsumerRecord[bytes, bytes]]
    ) -> None:
        """Report records that were gone before this group had read them (B9)."""
        if self._expected.get(place, -1) not in {-1, records[0].offset}:
            telemetry.count("rcm_offset_resets_total", group=self._group)
            _log.error("a partition is read from another offset than expected", topic=place.topic)
        self._expected[place] = records[-1].offset + 1


class _Rebalancing(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes rebalances on; aiokafka only logs what a listener raises, so it is kept (K5)."""

    def __init__(self, member: KafkaMember) -> None:
        self._member = member

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._tell(self._member.listener.revoked, revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._member.forget()
        await self._tell(self._member.listener.assigned, assigned)

    async def _tell(
        self,
        listener: Callable[[frozenset[Place]], Awaitable[None]],
        places: Collection[TopicPartition],
    ) -> None:
        try:
            await listener(frozenset(Place(*place) for place in places))
        except Exception as error:  # noqa: BLE001 - raised again by the next poll
            self._member.failure = error
