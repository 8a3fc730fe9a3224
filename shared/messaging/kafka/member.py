"""One member of a consumer group on Kafka."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Collection, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from shared import telemetry
from shared.errors import TryAgain
from shared.messaging.bus import COMMIT_SECONDS, CommitRefused, Incoming, Listener, Place
from shared.messaging.kafka.answers import answered, stopped

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
            found = await self._consumer.getmany(*wanted, timeout_ms=wait_ms, max_records=limit)
            for place, records in found.items():
                await self._watch_jump(place, records[0].offset)
                self._expected[place] = records[-1].offset + 1
        except ConsumerStoppedError:
            return []
        except KafkaError as error:
            raise TryAgain(f"Kafka is away: {type(error).__name__}") from error
        return list(itertools.chain.from_iterable(found.values()))

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Bounded; a changed assignment or a silent broker is CommitRefused (K1, K2)."""
        wanted = {TopicPartition(*place): offset for place, offset in offsets.items()}
        try:
            await asyncio.wait_for(self._consumer.commit(wanted), COMMIT_SECONDS)
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

    async def _watch_jump(self, place: TopicPartition, offset: int) -> None:
        """Report records that were gone before this group had read them (B9)."""
        expected = self._expected.get(place)
        if expected is None:
            expected = await answered(self._consumer.committed(place))
        if expected is not None and offset != expected:
            telemetry.count("rcm_offset_resets_total", group=self._group)
            _log.error("a partition is read from another offset than expected", topic=place.topic)


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
