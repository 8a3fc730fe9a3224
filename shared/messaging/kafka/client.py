"""The bus on Apache Kafka 4 by aiokafka; nothing outside this package knows that client.

Its traps and the rules that answer them are K1-K15 of docs/trust: every wait on the client is
bounded, a producer in doubt is discarded, a commit says exactly what was processed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)

from shared import telemetry
from shared.errors import Conflict, TryAgain
from shared.messaging.bus import (
    PUBLISH_SECONDS,
    ClockAhead,
    Incoming,
    Inspected,
    Listener,
    Member,
    NeverSendable,
    NotSent,
    Outgoing,
    Place,
    Topic,
    sort_out,
)
from shared.messaging.kafka.answers import STOP_SECONDS, answered, stopped
from shared.messaging.kafka.member import KafkaMember
from shared.messaging.kafka.topics import deleted, inspected, new_topic

RETRY_BACKOFF_MS = 500
BATCH_BYTES = 512 * 1024
FOLLOW_MS = 500
STATIC_SESSION = 9
"""Half-sessions that a static member may be away: 45 s where others have 10 s."""


class KafkaBus:
    """One client of a Kafka cluster.

    client_id: `rcm.<service>.<role>`. options: what every aiokafka client needs (TLS, SASL).
    """

    system = "kafka"

    def __init__(
        self,
        servers: str,
        *,
        client_id: str,
        replication: int = 1,
        session_seconds: float = 10.0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._client = {
            "bootstrap_servers": servers,
            "client_id": client_id,
            "retry_backoff_ms": RETRY_BACKOFF_MS,
            **(options or {}),
        }
        self._service = client_id.split(".")[1]
        self._replication = replication
        self._session_ms = int(session_seconds * 1000)
        self._producer: AIOKafkaProducer | None = None
        self._counts: dict[str, int] = {}

    async def start(self) -> None:
        """Ask the cluster for a sign of life; TryAgain when there is none."""
        async with self._admin():
            pass

    async def stop(self) -> None:
        """Close the producer, whatever the cluster does."""
        await self._discard_producer()

    async def apply_topics(self, topics: Sequence[Topic]) -> None:
        """Make missing topics, with the settings every topic has (docs/operations, Names)."""
        wanted = [new_topic(topic, self._replication) for topic in topics]
        async with self._admin() as admin:
            answer = await answered(admin.create_topics(wanted))
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise TryAgain(f"topic {name} was not made: {error.__name__}")

    async def inspect(self, topics: Sequence[Topic]) -> dict[str, Inspected]:
        """Partitions, replicas and settings as they are."""
        async with self._admin() as admin:
            return await inspected(admin, topics, self._replication)

    async def delete_topics(self, names: Collection[str]) -> None:
        """Delete topics; Kafka forgets the groups' offsets with them, some time later."""
        async with self._admin() as admin:
            await deleted(admin, names)
        self._counts.clear()

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Each partition's records in order, partitions side by side, all within 30 s."""
        try:
            producer = await self._producing()
            topics = {record.topic for record in records}
            counts = {topic: await self._count(topic) for topic in topics}
        except TryAgain as away:
            return [NotSent(away.what)] * len(records)
        outcomes, shares = sort_out(records, counts)
        tasks = {
            asyncio.create_task(_send(producer, place, [records[n] for n in numbers])): numbers
            for place, numbers in shares.items()
        }
        await self._collect(tasks, outcomes)
        return outcomes

    async def join(
        self, group: str, topics: Collection[str], listener: Listener, *, member: str = ""
    ) -> Member:
        """A group member with manual commits; range assignment keeps equal keys together.

        One with a static name leaves without a word and keeps its share for as long as its session
        lasts, hence the longer one (docs/trust, K6).
        """
        static = {"group_instance_id": member} if member else {}
        session_ms = self._session_ms * STATIC_SESSION // 2 if member else self._session_ms
        consumer = AIOKafkaConsumer(
            **self._client,
            **static,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=min(3_000, max(300, session_ms * 3 // 10)),
            rebalance_timeout_ms=60_000,
            max_poll_interval_ms=300_000,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=100,
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        try:
            await answered(consumer.start())
        except TryAgain:
            await stopped(consumer)
            raise
        # Subscribed only now: start would wait for the share, which others may be slow to let go.
        joined = KafkaMember(consumer, group, listener)
        consumer.subscribe(list(topics), listener=joined.rebalancing)
        return joined

    async def follow(
        self, offsets: Mapping[Place, int]
    ) -> AsyncGenerator[Sequence[Incoming], None]:
        """A consumer without a group, so that nothing of it stays."""
        reader = AIOKafkaConsumer(**self._client, enable_auto_commit=False)
        try:
            await answered(reader.start())
            reader.assign([TopicPartition(*place) for place in offsets])
            for place, offset in offsets.items():
                reader.seek(TopicPartition(*place), offset)
            while True:
                found = await answered(reader.getmany(timeout_ms=FOLLOW_MS, max_records=500))
                yield [record for records in found.values() for record in records]
        finally:
            await stopped(reader)

    async def end_offsets(self, topics: Collection[str]) -> dict[Place, int]:
        """The next offset of each partition."""
        return await self._offsets(topics, lambda reader, places: reader.end_offsets(places))

    async def start_offsets(self, topics: Collection[str]) -> dict[Place, int]:
        """The oldest offset of each partition."""
        return await self._offsets(topics, lambda reader, places: reader.beginning_offsets(places))

    async def offsets_at(self, topic: str, at_ms: int) -> dict[Place, int]:
        """The first offset at or after an instant; the end where there is none."""

        async def look(reader: AIOKafkaConsumer, places: list[TopicPartition]) -> dict[Any, int]:
            ends = await reader.end_offsets(places)
            found = await reader.offsets_for_times(dict.fromkeys(places, at_ms))
            return {place: found[place].offset if found[place] else ends[place] for place in places}

        return await self._offsets([topic], look)

    async def committed(self, group: str, topics: Collection[str]) -> dict[Place, int]:
        """The group's offsets, read from outside it."""
        async with self._admin() as admin:
            found = await answered(admin.list_consumer_group_offsets(group))
        return {
            Place(*place): stored.offset
            for place, stored in found.items()
            if place.topic in set(topics) and stored.offset >= 0
        }

    async def members(self, group: str) -> int:
        """How many members the group has, as its coordinator says."""
        async with self._admin() as admin:
            return await _members(admin, group)

    async def rewind(self, group: str, offsets: Mapping[Place, int]) -> None:
        """Commit for an empty group; Conflict while it has members."""
        if await self.members(group):
            raise Conflict("group_has_members", "Stop the consumers of the group first.")
        outsider = AIOKafkaConsumer(**self._client, group_id=group, enable_auto_commit=False)
        try:
            await answered(outsider.start())
            outsider.assign([TopicPartition(*place) for place in offsets])
            wanted = {TopicPartition(*place): offset for place, offset in offsets.items()}
            await answered(outsider.commit(wanted))
        finally:
            await stopped(outsider)

    async def trim(self, offsets: Mapping[Place, int]) -> None:
        """Delete the records below the offsets."""
        below = {
            TopicPartition(*place): RecordsToDelete(before_offset=offset)
            for place, offset in offsets.items()
        }
        async with self._admin() as admin:
            await answered(admin.delete_records(below))

    async def _producing(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **self._client,
                acks="all",
                enable_idempotence=True,
                linger_ms=5,
                max_batch_size=BATCH_BYTES,
                max_request_size=1024 * 1024,
            )
            self._producer = producer
            try:
                await answered(producer.start())
            except TryAgain:
                await self._discard_producer()
                raise
        return self._producer

    async def _discard_producer(self) -> None:
        """Drop a producer that is done with or in doubt; it may wait for ever, we do not."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stopped(producer)

    async def _collect(
        self, tasks: dict[asyncio.Task[list[Exception | None]], list[int]], outcomes: list[Any]
    ) -> None:
        """Write each partition's outcomes to their records; in doubt, begin with a new producer."""
        if not tasks:
            return
        doubt = False
        done, open_ones = await asyncio.wait(tasks, timeout=PUBLISH_SECONDS)
        for task in open_ones:
            task.cancel()
            doubt = True
            for number in tasks[task]:
                outcomes[number] = NotSent("no answer in time")
        broken = [error for task in done if (error := task.exception())]
        if broken:
            raise broken[0]
        for task in done:
            for number, outcome in zip(tasks[task], task.result(), strict=True):
                outcomes[number] = outcome
                doubt = doubt or isinstance(outcome, NotSent)
        if doubt:
            self._counts.clear()
            telemetry.count("rcm_relay_producer_resets_total", service=self._service)
            await self._discard_producer()

    async def _count(self, topic: str) -> int:
        """How many partitions a topic has; 0 when it does not exist."""
        if topic in self._counts:
            return self._counts[topic]
        async with self._admin() as admin:
            found = await answered(admin.describe_topics([topic]))
        if found and not found[0]["error_code"]:
            self._counts[topic] = len(found[0]["partitions"])
        return self._counts.get(topic, 0)

    async def _offsets(
        self,
        topics: Collection[str],
        look: Callable[[AIOKafkaConsumer, list[TopicPartition]], Awaitable[dict[Any, int]]],
    ) -> dict[Place, int]:
        reader = AIOKafkaConsumer(**self._client, enable_auto_commit=False)
        try:
            await answered(reader.start())
            places = [
                TopicPartition(topic, number)
                for topic in topics
                for number in range(await self._count(topic))
            ]
            if not places:
                return {}
            found = await answered(look(reader, places))
        finally:
            await stopped(reader)
        return {Place(*place): offset for place, offset in found.items()}

    @asynccontextmanager
    async def _admin(self) -> Any:
        admin = AIOKafkaAdminClient(**self._client)
        try:
            await answered(admin.start())
            yield admin
        finally:
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await admin.close()


async def _send(
    producer: AIOKafkaProducer, place: Place, records: Sequence[Outgoing]
) -> list[Exception | None]:
    """One partition's records in order, one batch after the other; stops at the first failure."""
    done = 0
    failure: Exception | None = None
    while done < len(records) and failure is None:
        batch = producer.create_batch()
        start = done
        while done < len(records) and _appended(batch, records[done]):
            done += 1
        batch.close()
        try:
            sent = await producer.send_batch(batch, place.topic, partition=place.partition)
            await sent
        except Exception as error:  # noqa: BLE001 - the client's failures come in many classes
            failure, done = _failure(error), start
    return [None] * done + [failure] * (len(records) - done)


def _appended(batch: Any, record: Outgoing) -> bool:
    taken = batch.append(
        timestamp=record.at_ms, key=record.key, value=record.value, headers=record.headers
    )
    return taken is not None


def _failure(error: Exception) -> Exception:
    if isinstance(error, InvalidTimestampError):
        return ClockAhead("the broker refuses the time stamp")
    if isinstance(error, MessageSizeTooLargeError):
        return NeverSendable("record too large for the broker")
    return NotSent(type(error).__name__)


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    answers = await answered(admin.describe_consumer_groups([group]))
    return sum(len(found[5]) for answer in answers for found in answer.groups)
