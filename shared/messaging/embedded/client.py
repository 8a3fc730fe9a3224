"""The bus on PostgreSQL: a log in a database of its own, for demo, development, a small office.

Offsets come from a counter row per partition, locked in one order and held to the commit, so they
are dense and become visible in order: "offset >= position" never skips a record.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from shared import clock, telemetry
from shared.errors import Conflict, TryAgain
from shared.messaging.bus import (
    PUBLISH_SECONDS,
    Incoming,
    Inspected,
    Listener,
    Member,
    NotSent,
    Outgoing,
    Place,
    Topic,
    sort_out,
)
from shared.messaging.embedded import schema as sql
from shared.messaging.embedded.group import (
    POLL_SECONDS,
    EmbeddedMember,
    LogRecord,
    News,
    Partition,
    decode_headers,
    news_of,
)
from shared.messaging.waiting import wait_for

ANSWER_SECONDS = 10.0
HOUR_SECONDS = 3600.0
STOP_SECONDS = 4.0
LISTEN_CHECK_SECONDS = 5.0
LONGEST_RECONNECT_SECONDS = 5.0
FOLLOW_RECORDS = 500

_encode_headers = msgspec.msgpack.Encoder().encode
_log = telemetry.logger("embedded bus")


class EmbeddedBus:
    """One client of the log; `start` makes its tables where they are missing."""

    system = "rcm_embedded"

    def __init__(self, url: str, *, pool_size: int = 4) -> None:
        self._url = url
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[Any] | None = None
        self._news = News()
        self._partitions: dict[str, list[Partition]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect, make the tables, listen; TryAgain when the database is away."""
        if self._pool is not None:
            return
        with sql.away():
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=self._pool_size,
                timeout=ANSWER_SECONDS,
                command_timeout=PUBLISH_SECONDS,
                reset=_as_it_is,
            )
        async with self._connection() as connection:
            await connection.execute(sql.SCHEMA)
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._forget_hourly()),
        ]

    async def stop(self) -> None:
        """Close all connections, whatever the database does."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await pool.close()
        except (*sql.AWAY, asyncpg.PostgresError):
            pool.terminate()

    async def apply_topics(self, topics: Sequence[Topic]) -> None:
        """Make missing topics."""
        async with self._connection() as connection:
            for topic in topics:
                await connection.execute(
                    sql.APPLY_TOPIC, topic.name, topic.partitions, topic.retention_days
                )
        self._partitions.clear()

    async def inspect(self, topics: Sequence[Topic]) -> dict[str, Inspected]:
        """Partitions and retention as they are."""
        async with self._connection() as connection:
            rows = await connection.fetch(sql.FOUND, [topic.name for topic in topics])
        found = {name: _settings(count, *sorted({low, high})) for name, count, low, high in rows}
        return {
            topic.name: Inspected(
                found[topic.name], _settings(topic.partitions, topic.retention_days)
            )
            for topic in topics
            if topic.name in found
        }

    async def delete_topics(self, names: Collection[str]) -> None:
        """Delete topics, their records and what groups know of them, in one transaction."""
        async with self._connection() as connection, connection.transaction():
            rows = await connection.fetch(sql.DELETE_TOPICS, list(names))
            ids = [row[0] for row in rows]
            await connection.execute(sql.DELETE_LOG, ids)
            await connection.execute(sql.DELETE_POSITIONS, ids)
        self._partitions.clear()

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """All records in one transaction; the ones that can never go are left out of it."""
        try:
            async with self._connection() as connection:
                known = {
                    topic: await self._partitions_of(connection, topic)
                    for topic in {record.topic for record in records}
                }
                counts = {topic: len(found) for topic, found in known.items()}
                outcomes, shares = sort_out(records, counts)
                if shares:
                    ids = {known[p.topic][p.partition].id: n for p, n in shares.items()}
                    await _append(connection, records, ids, news=news_of(shares))
        except TryAgain as away:
            self._partitions.clear()
            return [NotSent(away.what)] * len(records)
        self._news.tell(news_of(shares))
        return outcomes

    async def join(
        self, group: str, topics: Collection[str], listener: Listener, *, member: str = ""
    ) -> Member:
        """A group member; `member` has no meaning here: a place is free as soon as it is let go."""
        del member
        partitions = await self._partitions_now(topics)
        joined = EmbeddedMember(
            self._url, self._connection, self._news, group=group, partitions=partitions
        )
        joined.begin(listener)
        return joined

    async def follow(
        self, offsets: Mapping[Place, int]
    ) -> AsyncGenerator[Sequence[Incoming], None]:
        """Reads the log from the offsets on; it remembers nothing in the database."""
        topics = {place.topic for place in offsets}
        known = await self._partitions_now(topics)
        places = {each.id: each.place for each in known if each.place in offsets}
        next_offsets = {number: offsets[place] for number, place in places.items()}
        news = self._news.of(news_of(offsets))
        try:
            while True:
                news.clear()
                wanted = [*next_offsets], [*next_offsets.values()], FOLLOW_RECORDS
                async with self._connection() as connection:
                    rows = await connection.fetch(sql.READ, *wanted)
                next_offsets |= {row[0]: row[1] + 1 for row in rows}
                yield [
                    LogRecord(*places[number], offset, at_ms, key, value, decode_headers(headers))
                    for number, offset, at_ms, key, value, headers in rows
                ]
                if not rows:
                    await wait_for(news, POLL_SECONDS)
        finally:
            self._news.forget(news)

    async def end_offsets(self, topics: Collection[str]) -> dict[Place, int]:
        """The next offset of each partition."""
        return await self._offsets(sql.ENDS, list(topics))

    async def start_offsets(self, topics: Collection[str]) -> dict[Place, int]:
        """The oldest offset of each partition."""
        return await self._offsets(sql.STARTS, list(topics))

    async def offsets_at(self, topic: str, at_ms: int) -> dict[Place, int]:
        """The first offset at or after an instant; the end where there is none."""
        return await self._offsets(sql.AT, topic, at_ms)

    async def committed(self, group: str, topics: Collection[str]) -> dict[Place, int]:
        """The group's offsets."""
        return await self._offsets(sql.COMMITTED, group, list(topics))

    async def members(self, group: str) -> int:
        """How many members the group has."""
        async with self._connection() as connection:
            return len(await connection.fetch(sql.MEMBERS, group))

    async def rewind(self, group: str, offsets: Mapping[Place, int]) -> None:
        """Set the group's offsets; Conflict while it has members."""
        async with self._connection() as connection, connection.transaction():
            if await connection.fetch(sql.MEMBERS, group):
                raise Conflict("group_has_members", "Stop the consumers of the group first.")
            await connection.execute(
                sql.REWIND,
                group,
                [place.topic for place in offsets],
                [place.partition for place in offsets],
                list(offsets.values()),
            )

    async def trim(self, offsets: Mapping[Place, int]) -> None:
        """Delete the records below the offsets."""
        async with self._connection() as connection:
            for place, offset in offsets.items():
                await connection.execute(sql.TRIM, place.topic, place.partition, offset)

    async def forget_old(self) -> None:
        """Delete what is older than its topic's retention, from the head of each partition."""
        now_ms = int(clock.system().timestamp() * 1000)
        async with self._connection() as connection:
            await connection.execute(sql.FORGET, now_ms)

    async def _offsets(self, statement: str, *params: object) -> dict[Place, int]:
        async with self._connection() as connection:
            rows = await connection.fetch(statement, *params)
        return {Place(row[0], row[1]): row[2] for row in rows}

    async def _partitions_now(self, topics: Collection[str]) -> list[Partition]:
        """Not as remembered: a topic may have been made anew."""
        self._partitions.clear()
        async with self._connection() as connection:
            return [p for topic in topics for p in await self._partitions_of(connection, topic)]

    async def _partitions_of(
        self, connection: asyncpg.Connection[Any], topic: str
    ) -> list[Partition]:
        found = self._partitions.get(topic)
        if not found:
            rows = await connection.fetch(sql.PARTITIONS, topic)
            found = [Partition(row[0], Place(topic, row[1])) for row in rows]
            self._partitions[topic] = found
        return found

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection[Any]]:
        if self._pool is None:
            raise TryAgain("the bus is not started")
        with sql.away():
            async with self._pool.acquire(timeout=ANSWER_SECONDS) as connection:
                yield connection

    async def _listen(self) -> None:
        """Hear of records and members of other processes; a lost connection is made anew."""
        pause = 0.2
        while True:
            try:
                await self._listen_once()
            except sql.AWAY as error:
                _log.warning("the bus does not hear of news and tries again", exc_info=error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=ANSWER_SECONDS)
        try:
            await connection.add_listener(sql.CHANNEL, self._hear)
            while True:
                await asyncio.sleep(LISTEN_CHECK_SECONDS)
                await connection.execute("select 1", timeout=ANSWER_SECONDS)
        finally:
            connection.terminate()

    def _hear(self, *notice: object) -> None:
        self._news.tell(set(str(notice[-1]).split(",")))

    async def _forget_hourly(self) -> None:
        while True:
            await asyncio.sleep(HOUR_SECONDS)
            try:
                await self.forget_old()
            except TryAgain as away:
                _log.warning("old records stay for another hour", exc_info=away)


def _settings(partitions: int, *retention_days: int) -> dict[str, str]:
    days = " to ".join(map(str, retention_days))
    return {"partitions": str(partitions), "retention_days": days}


async def _append(
    connection: asyncpg.Connection[Any],
    records: Sequence[Outgoing],
    shares: Mapping[int, Sequence[int]],
    *,
    news: set[str],
) -> None:
    """shares: partition id -> numbers of its records, in order. news: whom to wake."""
    ids = sorted(shares)
    rows = []
    async with connection.transaction():
        firsts = await connection.fetch(sql.LOCK_PARTITIONS, ids)
        if len(firsts) < len(ids):
            raise TryAgain("a topic was deleted or made anew")
        await connection.execute(sql.ADVANCE, ids, [len(shares[each]) for each in ids])
        for partition, first in firsts:
            for offset, number in enumerate(shares[partition], first):
                _, key, value, headers, at_ms = records[number]
                rows.append((partition, offset, at_ms, key, value, _encode_headers(headers)))
        await connection.copy_records_to_table("log", columns=sql.LOG_COLUMNS, records=rows)
        await connection.execute("select pg_notify($1, $2)", sql.CHANNEL, ",".join(sorted(news)))


async def _as_it_is(connection: asyncpg.Connection[Any]) -> None:
    """Nothing here changes a session, so a connection is given back without a round trip.

    The driver has ended a transaction that was left open before it calls this.
    """
