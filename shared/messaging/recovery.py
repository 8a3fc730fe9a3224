"""Works off a batch whatever happens: failure by kind, bisection, patience, dead letters.

TryAgain waits and repeats for as long as it takes. Anything else is bisected down to the event that
fails: a refusal becomes a dead letter at once, a bug after a few tries, and the rest goes through.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple, Protocol, TypeVar

from shared import clock, telemetry
from shared.database import Database
from shared.errors import Refused, TryAgain
from shared.messaging import batches, dead_letters, fail_points, limits
from shared.messaging.batches import Gate
from shared.messaging.bus import Place
from shared.messaging.received import Handlers, Received, Unread
from shared.messaging.waiting import wait_for

_place_of = attrgetter("record.topic", "record.partition")
T = TypeVar("T")

BACKOFF_SECONDS = (0.5, 30.0)
BUG_RETRY_SECONDS = (0.2, 1.0, 5.0)

_log = telemetry.logger("messaging")


class NotOurs(Exception):
    """The batch was taken away (a rebalance) or the process stops: leave the rest alone."""


class Turn(Protocol):
    """The right to work on a batch, which may end while the work goes on."""

    def check(self, items: Sequence[Received | Unread]) -> None:
        """Raises NotOurs when the items are not this worker's any more."""
        ...

    async def wait(self, seconds: float) -> None:
        """Wait, alive for the bus; returns early when the turn ends."""
        ...

    def finished(self, items: Sequence[Received | Unread]) -> None:
        """The items are done for good, in this order."""
        ...


class _Trouble(NamedTuple):
    """The first failure of a single event."""

    error: Exception
    fingerprint: str


class Worker:
    """Takes batches of one consumer through their handlers, once and in order."""

    def __init__(
        self, database: Database, gate: Gate, *, handlers: Handlers, service_version: str
    ) -> None:
        self.limit = limits.RefusalLimit()
        self._database = database
        self._gate = gate
        self._handlers = handlers
        self._version = service_version
        self._known_bugs: set[str] = set()

    async def work_off(self, items: Sequence[Received | Unread], turn: Turn) -> None:
        """All items, in order; raises NotOurs or LimitTripped, with the rest left alone."""
        for part in _parts(items):
            if isinstance(part, Unread):
                turn.check([part])
                await self._bury(part, part.refusal, turn, attempts=1, since=clock.system())
            else:
                turn.check(part)
                await self._settle(part, turn)

    async def _settle(self, items: Sequence[Received], turn: Turn) -> None:
        try:
            outcome = await self._patiently(lambda: self._apply(items), items, turn)
        except (TryAgain, NotOurs, limits.LimitTripped):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is dealt with here
            if len(items) == 1:
                await self._fail(items[0], error, turn)
                return
            self._count_fallback(items, error)
        else:
            self._count(items, outcome)
            turn.finished(items)
            return
        middle = len(items) // 2
        for half in (items[:middle], items[middle:]):
            turn.check(half)
            await self._settle(half, turn)

    async def _fail(self, item: Received, error: Exception, turn: Turn) -> None:
        """One event alone fails: a few tries for a bug not seen before, then a dead letter."""
        since, attempts = clock.system(), 1
        trouble = _Trouble(error, dead_letters.fingerprint(error, item))
        if not isinstance(error, Refused) and trouble.fingerprint not in self._known_bugs:
            _log.error("an event fails by a bug", exc_info=error, event_id=str(item.event_id))
            for pause in BUG_RETRY_SECONDS:
                await turn.wait(pause)
                turn.check([item])
                fail_points.passing("during_retry")
                attempts += 1
                again = await self._once_more(item, turn)
                if again is None:
                    return
                error = again
            self._known_bugs.add(trouble.fingerprint)
        await self._bury(item, error, turn, attempts=attempts, since=since)

    async def _once_more(self, item: Received, turn: Turn) -> Exception | None:
        try:
            outcome = await self._patiently(lambda: self._apply([item]), [item], turn)
        except (TryAgain, NotOurs):
            raise
        except Exception as error:  # noqa: BLE001 - the caller decides about it
            return error
        self._count([item], outcome)
        turn.finished([item])
        return None

    async def _bury(
        self,
        item: Received | Unread,
        error: Exception,
        turn: Turn,
        *,
        attempts: int,
        since: datetime,
    ) -> None:
        failure = dead_letters.failure_of(
            error,
            item=item,
            attempts=attempts,
            since=since,
            service_version=self._version,
        )

        async def bury() -> bool:
            tenant = dead_letters.known_of(item).tenant_id
            async with self._database.pipeline({tenant}) as tx:
                return await dead_letters.bury(tx, item, gate=self._gate, failure=failure)

        buried = await self._patiently(bury, [item], turn)
        turn.finished([item])
        if not buried:
            return
        kind, service = item.event_type, self._database.service
        telemetry.count("rcm_events_total", service=service, type=kind, result="dlq")
        _log.error(
            "an event became a dead letter",
            event_id=str(item.event_id),
            topic=item.record.topic,
            code=failure.code,
        )
        await self._watch_limit(item.place)

    async def _watch_limit(self, place: Place) -> None:
        reason = self.limit.refused(place)
        if not reason:
            return
        consumer = self._gate.consumer
        _log.critical("too many refusals: the consumer stops", topic=place.topic, code=reason)
        await limits.trip(self._database, consumer, self._version, place=place, reason=reason)
        raise limits.LimitTripped(reason)

    async def _apply(self, items: Sequence[Received]) -> batches.Applied:
        return await batches.apply(self._database, items, gate=self._gate, handlers=self._handlers)

    async def _patiently(
        self, work: Callable[[], Awaitable[T]], items: Sequence[Received | Unread], turn: Turn
    ) -> T:
        """Repeat what raises TryAgain, with growing pauses, for as long as the turn lasts."""
        pause, longest = BACKOFF_SECONDS
        while True:
            turn.check(items)
            try:
                return await work()
            except TryAgain as away:
                _log.warning("an event batch waits and is tried again", code=away.what)
                kind, service = items[0].event_type, self._database.service
                telemetry.count("rcm_events_total", service=service, type=kind, result="retry")
            await turn.wait(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, longest)

    def _count(self, items: Sequence[Received], outcome: batches.Applied) -> None:
        places = Counter(map(_place_of, items))
        for place, number in places.items():
            self.limit.went_well(Place(*place), number)
        service = self._database.service
        for (kind, result), number in outcome.items():
            telemetry.count("rcm_events_total", number, service=service, type=kind, result=result)

    def _count_fallback(self, items: Sequence[Received], error: Exception) -> None:
        reason = "refused" if isinstance(error, Refused) else "bug"
        kind, service = items[0].event_type, self._database.service
        telemetry.count("rcm_run_fallback_total", service=service, type=kind, reason=reason)


def _parts(items: Sequence[Received | Unread]) -> Iterator[list[Received] | Unread]:
    """Stretches of readable events, and each unreadable one by itself."""
    stretch: list[Received] = []
    for item in items:
        if isinstance(item, Received):
            stretch.append(item)
            continue
        if stretch:
            yield stretch
            stretch = []
        yield item
    if stretch:
        yield stretch


class OneTurn:
    """A turn that lasts until the process stops; for events that no bus redelivers."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    def check(self, items: Sequence[Received | Unread]) -> None:
        """NotOurs once the process stops."""
        if self._stop.is_set():
            raise NotOurs(f"{len(items)} events are left for the next start")

    async def wait(self, seconds: float) -> None:
        """Wait, or less when the process stops."""
        await wait_for(self._stop, seconds)

    def finished(self, items: Sequence[Received | Unread]) -> None:
        """Nothing to note: what is done has left its table."""
        del items
