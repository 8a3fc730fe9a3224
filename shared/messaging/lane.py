"""A lane: a share of a consumer's partitions, worked off one batch at a time, in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from operator import attrgetter

from shared import clock, telemetry
from shared.messaging import fail_points, limits
from shared.messaging.bus import CommitRefused, Incoming, Member, Place
from shared.messaging.received import Reader, Received, Unread
from shared.messaging.recovery import NotOurs, Worker
from shared.messaging.waiting import SMALL_BATCH, first_of, gather_more, wait_for

POLL_SECONDS = 1.0
RECOMMIT_SECONDS = 5.0

_log = telemetry.logger("consumer")
_place_of, _offset_of = attrgetter("topic", "partition"), attrgetter("offset")


_COMMIT = {"messaging.operation.name": "commit", "messaging.operation.type": "settle"}


class Standing:
    """What a consumer's lanes have to know of its membership.

    epochs count how often a place was taken away: work of an older epoch is nobody's (K3).
    """

    def __init__(self, group: str, service: str, *, lanes: int, batch_size: int) -> None:
        self.group = group
        self.service = service
        self.lanes = lanes
        self.batch_size = batch_size
        self.open = asyncio.Event()
        self.stopping = asyncio.Event()
        self.epochs: dict[Place, int] = {}
        self.offsets = Offsets(group)
        self.limit_tripped = False
        self.last_record = time.monotonic()

    async def until_open(self) -> None:
        """Wait out a rebalance; returns at once when the consumer stops."""
        if not (self.open.is_set() or self.stopping.is_set()):
            await first_of(self.open.wait(), self.stopping.wait())


class Lane:
    """Fetches and works off; it is also the turn (recovery.Turn) of the batch it works on."""

    def __init__(self, standing: Standing, worker: Worker, reader: Reader, *, number: int) -> None:
        self.idle = asyncio.Event()
        self.idle.set()
        self.waiting = False
        self.moved_at = time.monotonic()
        self._standing = standing
        self._worker = worker
        self._reader = reader
        self._number = number
        self._places: tuple[Place, ...] = ()
        self._changed = asyncio.Event()
        self._epochs: dict[Place, int] = {}
        self._finished: dict[Place, int] = {}
        self._member: Member | None = None

    def own(self, places: frozenset[Place]) -> None:
        """Take over this lane's part of the consumer's share."""
        lanes = self._standing.lanes
        mine = (place for place in places if place.partition % lanes == self._number)
        self._places = tuple(sorted(mine))
        self.moved_at = time.monotonic()
        self._changed.set()

    async def run(self, member: Member) -> None:
        """Fetch and work off until the consumer stops."""
        self._member = member
        standing = self._standing
        rest: Sequence[Incoming] = ()
        while True:
            await standing.until_open()
            self.moved_at = time.monotonic()
            if standing.stopping.is_set():
                return
            if standing.limit_tripped or not self._places:
                await member.poll((), limit=1, wait_seconds=0)
                await self._until_changed()
                continue
            rest = self._still_ours(rest) or await self._fetch(member)
            if rest:
                await standing.until_open()
                began, count = time.monotonic(), len(rest)
                rest = await self._handle(rest)
                if count < SMALL_BATCH:
                    await gather_more(standing.stopping, since=began)

    async def _fetch(self, member: Member) -> Sequence[Incoming]:
        began = time.monotonic()
        records = await member.poll(
            self._places, limit=self._standing.batch_size, wait_seconds=POLL_SECONDS
        )
        # No await between the poll's end and this line: these are the epochs of the records.
        self._epochs = dict(self._standing.epochs)
        self._finished.clear()
        if records:
            self._standing.last_record = time.monotonic()
            if telemetry.tracing():
                _note_poll(records, time.monotonic() - began)
            fail_points.passing("after_fetch")
        return records

    async def _handle(self, records: Sequence[Incoming]) -> Sequence[Incoming]:
        """Work off a batch; gives back what is left of it when the turn ended before."""
        self.idle.clear()
        try:
            items = self._read(records)
            if items:
                await self._worker.work_off(items, self)
        except NotOurs:
            return records
        except limits.LimitTripped:
            self._standing.limit_tripped = True
            return records
        finally:
            self.idle.set()
        self._note(records)
        self._standing.offsets.due.set()
        return ()

    def _still_ours(self, records: Sequence[Incoming]) -> Sequence[Incoming]:
        """What is left of a batch after a rebalance or a stop of the limit."""
        return [
            record
            for record in records
            if self._is_ours(place := Place(record.topic, record.partition))
            and record.offset >= self._finished.get(place, 0)
        ]

    def _is_ours(self, place: Place) -> bool:
        return self._standing.epochs.get(place) == self._epochs.get(place)

    def _read(self, records: Sequence[Incoming]) -> list[Received | Unread]:
        read = self._reader.read
        items = [item for record in records if (item := read(record)) is not None]
        ignored = len(records) - len(items)
        if ignored:
            labels = {"service": self._standing.service, "type": "unknown", "result": "ignored"}
            telemetry.count("rcm_events_total", ignored, **labels)
        return items

    def check(self, items: Sequence[Received | Unread]) -> None:
        """NotOurs when a rebalance is under way or took a place, or the consumer stops."""
        standing = self._standing
        self.moved_at = time.monotonic()
        if standing.stopping.is_set() or not standing.open.is_set():
            raise NotOurs("the batch is left for whoever comes next")
        if standing.epochs != self._epochs and not all(self._is_ours(item.place) for item in items):
            raise NotOurs("the partition went to somebody else")

    async def wait(self, seconds: float) -> None:
        """Wait while a batch is held, polling nothing so that the group knows we live (K7)."""
        self.waiting = True
        try:
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                self.check(())
                if self._member is not None:
                    await self._member.poll((), limit=1, wait_seconds=0)
                await wait_for(self._standing.stopping, min(left, 0.25))
        finally:
            self.waiting = False

    def finished(self, items: Sequence[Received | Unread]) -> None:
        """Note the offsets of what is done."""
        self._note([item.record for item in items])

    def _note(self, records: Sequence[Incoming]) -> None:
        last = dict(zip(map(_place_of, records), map(_offset_of, records), strict=True))
        for where, offset in last.items():
            place = Place(*where)
            if self._is_ours(place):
                self._finished[place] = offset + 1
                self._standing.offsets.note(place, offset + 1)

    async def _until_changed(self) -> None:
        self._changed.clear()
        await first_of(
            self._changed.wait(), self._standing.stopping.wait(), asyncio.sleep(POLL_SECONDS)
        )


def _note_poll(records: Sequence[Incoming], seconds: float) -> None:
    """The span of a poll that brought records."""
    began_ns = int((clock.system().timestamp() - seconds) * 1e9)
    topics = ",".join(sorted({record.topic for record in records}))
    attributes: dict[str, str | int] = {
        "messaging.operation.name": "poll",
        "messaging.operation.type": "receive",
        "messaging.destination.name": topics,
        "messaging.batch.message_count": len(records),
    }
    with telemetry.span(
        f"poll {topics}", kind="client", attributes=attributes, started_ns=began_ns
    ):
        pass


class Offsets:
    """What is processed and not yet committed; committed behind the work, bounded."""

    def __init__(self, group: str) -> None:
        self.due = asyncio.Event()
        self._group = group
        self._next: dict[Place, int] = {}

    def note(self, place: Place, offset: int) -> None:
        """Everything of a place below the offset is done."""
        self._next[place] = offset

    def drop(self, places: frozenset[Place]) -> None:
        """The places are somebody else's."""
        for place in places:
            self._next.pop(place, None)

    def clear(self) -> None:
        """A new membership begins."""
        self._next.clear()

    async def keep_committing(self, member: Member) -> None:
        """Commit whenever something is done, and what is left over every 5 s, until cancelled."""
        while True:
            await wait_for(self.due, RECOMMIT_SECONDS)
            self.due.clear()
            await self.commit(member)

    async def commit(self, member: Member) -> None:
        """One bounded attempt; what is refused is kept, and the inbox knows it anyway (K2)."""
        offsets, self._next = self._next, {}
        if not offsets:
            return
        committed = False
        topics = ",".join(sorted({place.topic for place in offsets}))
        try:
            with telemetry.span(f"commit {topics}", kind="client", attributes=_COMMIT):
                await member.commit(offsets)
            committed = True
        except CommitRefused as refused:
            telemetry.count("rcm_offset_commit_failures_total", group=self._group)
            _log.warning("offsets were not committed", group=self._group, code=str(refused))
        finally:
            if not committed:
                self._next = offsets | self._next
        if committed:
            fail_points.passing("after_offset_commit")
