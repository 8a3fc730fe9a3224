"""Members of consumer groups on the embedded log: a session, an advisory lock per partition.

A member is known by a lock of its session, so a dead one is gone with its connection, and a frozen
one is thrown out after 15 s. Each partition taken over starts a new generation; a commit of an
older one is refused.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg
import msgspec

from shared import telemetry
from shared.messaging.bus import COMMIT_SECONDS, CommitRefused, Incoming, Listener, Place
from shared.messaging.embedded import schema as sql
from shared.messaging.waiting import wait_for

HEARTBEAT_SECONDS = 1.0
IDLE_SESSION_SECONDS = 15
ANSWER_SECONDS = 5.0
POLL_SECONDS = 1.0

Connecting = Callable[[], AbstractAsyncContextManager[Any]]

decode_headers = msgspec.msgpack.Decoder(tuple[tuple[str, bytes], ...]).decode
_log = telemetry.logger("embedded bus")


class Partition(NamedTuple):
    """A partition and its number in the log."""

    id: int
    place: Place


class LogRecord(NamedTuple):
    """A record of the embedded log (bus.Incoming)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(slots=True)
class _Share:
    """A partition this member owns: where it reads next, and since which generation."""

    partition: Partition
    generation: int
    position: int


def news_of(places: Iterable[Place]) -> set[str]:
    """What those who wait for records of these places listen for."""
    return {f"{topic}/{partition}" for topic, partition in places}


class News:
    """Wakes those who wait for records of a place, or for a change of a group."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, frozenset[str]] = {}

    def tell(self, names: set[str]) -> None:
        """Something new under these names."""
        for event, wanted in self._waiting.items():
            if not wanted.isdisjoint(names):
                event.set()

    def of(self, names: Collection[str]) -> asyncio.Event:
        """An event that is set by news; give it back with `forget`."""
        event = asyncio.Event()
        self._waiting[event] = frozenset(names)
        return event

    def forget(self, event: asyncio.Event) -> None:
        """Nobody waits for it any more."""
        self._waiting.pop(event, None)


class EmbeddedMember:
    """One member of a group; see bus.Member."""

    def __init__(
        self,
        url: str,
        connecting: Connecting,
        news: News,
        *,
        group: str,
        partitions: Sequence[Partition],
    ) -> None:
        self._url = url
        self._connecting = connecting
        self._news = news
        self._group = group
        self._partitions = {each.place: each for each in partitions}
        self._number = random.randrange(1, 2**31)
        self._shares: dict[Place, _Share] = {}
        self._turn = 0
        self._session: asyncpg.Connection[Any] | None = None
        self._in_use = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    def begin(self, listener: Listener) -> None:
        """Take part; assignments come to the listener."""
        self._listener = listener
        self._task = asyncio.create_task(self._take_part())

    async def poll(
        self, places: Collection[Place], *, limit: int, wait_seconds: float
    ) -> list[Incoming]:
        """The next records of owned places, waiting for news."""
        if self._failure is not None:
            raise self._failure
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        news = self._news.of(news_of(places))
        try:
            while True:
                news.clear()
                records = await self._read(places, limit)
                if records:
                    return records
                await wait_for(news, min(deadline - loop.time(), POLL_SECONDS))
                if loop.time() >= deadline and not news.is_set():
                    return []
        finally:
            self._news.forget(news)

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Store offsets of places still owned; CommitRefused when one is not, or in silence."""
        owned = [(self._shares[p], n) for p, n in offsets.items() if p in self._shares]
        if owned:
            ids = [share.partition.id for share, _ in owned]
            generations = [share.generation for share, _ in owned]
            numbers = [number for _, number in owned]
            try:
                async with asyncio.timeout(COMMIT_SECONDS):
                    answer = await self._ask("execute", sql.COMMIT, ids, numbers, generations)
            except sql.AWAY as error:
                raise CommitRefused(type(error).__name__) from error
            if int(answer.split()[-1]) < len(owned):
                raise CommitRefused("a partition has another owner")
        if len(owned) < len(offsets):
            raise CommitRefused("a partition is not owned any more")

    async def behind(self) -> int:
        """Records between the positions and the end of the own share."""
        shares = list(self._shares.values())
        ids = [share.partition.id for share in shares]
        positions = [share.position for share in shares]
        async with self._connecting() as connection:
            return int(await connection.fetchval(sql.BEHIND, ids, positions))

    async def leave(self) -> None:
        """Hand the share back and close the session."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self._give_up(frozenset(self._shares))
            if self._session is not None:  # nobody sees a member that has left
                await self._ask("execute", sql.LEAVE, self._number)
        except sql.AWAY as error:
            _log.warning("a group member left without a word", group=self._group, exc_info=error)
        await self._close()

    async def _read(self, places: Collection[Place], limit: int) -> list[Incoming]:
        shares = [self._shares[place] for place in places if place in self._shares]
        if not shares:
            return []
        self._turn = (self._turn + 1) % len(shares)
        shares = shares[self._turn :] + shares[: self._turn]
        ids = [share.partition.id for share in shares]
        async with self._connecting() as connection:
            rows = await connection.fetch(sql.READ, ids, [each.position for each in shares], limit)
        by_id = {share.partition.id: share for share in shares}
        records: list[Incoming] = []
        for partition_id, offset, at_ms, key, value, headers in rows:
            share = by_id[partition_id]
            place = share.partition.place
            if self._shares.get(place) is not share:
                continue
            if offset != share.position:
                self._report_jump(place)
            share.position = offset + 1
            found = decode_headers(headers)
            records.append(LogRecord(*place, offset, at_ms, key, value, found))
        return records

    def _report_jump(self, place: Place) -> None:
        telemetry.count("rcm_offset_resets_total", group=self._group)
        _log.error("a partition is read from another offset than expected", topic=place.topic)

    async def _take_part(self) -> None:
        """Keep the session alive and the share up to date, until cancelled."""
        news = self._news.of({f"group:{self._group}"})
        try:
            while True:
                news.clear()
                await self._beat()
                await wait_for(news, HEARTBEAT_SECONDS)
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._news.forget(news)

    async def _beat(self) -> None:
        try:
            if self._session is None:
                await self._enter()
            await self._rebalance()
        except sql.AWAY as error:
            _log.warning("a group member begins anew", group=self._group, exc_info=error)
            await self._lose_all()

    async def _enter(self) -> None:
        settings = {"idle_session_timeout": str(IDLE_SESSION_SECONDS * 1000)}
        self._session = await asyncpg.connect(
            self._url,
            timeout=ANSWER_SECONDS,
            command_timeout=ANSWER_SECONDS,
            server_settings=settings,
        )
        await self._ask("execute", sql.ENTER, self._number)
        await self._tell_group()

    async def _rebalance(self) -> None:
        """Let go of what others shall have, then take what is mine and free."""
        rows = await self._ask("fetch", sql.MEMBERS)
        members = [row[0] for row in rows]
        if self._number not in members:
            raise OSError("the session is not known any more")
        mine = members.index(self._number)
        target = {p for p in self._partitions if p.partition % len(members) == mine}
        surplus = frozenset(self._shares) - target
        if surplus:
            await self._give_up(surplus)
        gained = [await self._take(self._partitions[p]) for p in target - set(self._shares)]
        if surplus or any(gained):
            await self._listener.assigned(frozenset(self._shares))

    async def _take(self, partition: Partition) -> bool:
        if not await self._ask("fetchval", sql.OWN, partition.id):
            return False
        row = await self._ask("fetchrow", sql.BEGIN, partition.id)
        position = row["next_offset"]
        if position is None:
            position = row["head"]
        elif not row["head"] <= position <= row["tail"]:
            self._report_jump(partition.place)
            position = row["head"]
        self._shares[partition.place] = _Share(partition, row["generation"], position)
        return True

    async def _give_up(self, places: frozenset[Place]) -> None:
        """The owner finishes and commits first; only then is a place free for others."""
        if not places:
            return
        await self._listener.revoked(places)
        for place in places:
            share = self._shares.pop(place)
            if self._session is not None:
                await self._ask("execute", sql.DISOWN, share.partition.id)
        if self._session is not None:
            await self._tell_group()

    async def _lose_all(self) -> None:
        await self._close()
        lost = frozenset(self._shares)
        if lost:
            await self._listener.revoked(lost)
            self._shares.clear()

    async def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.terminate()

    async def _tell_group(self) -> None:
        await self._ask("execute", f"select pg_notify('{sql.CHANNEL}', 'group:' || $1::text)")

    async def _ask(self, method: str, statement: str, *params: object) -> Any:
        """One statement on the session; its first parameter is always the group."""
        async with self._in_use:
            if self._session is None:
                raise ConnectionError("the session is lost")
            return await getattr(self._session, method)(statement, self._group, *params)
