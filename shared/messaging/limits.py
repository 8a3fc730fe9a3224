"""Too many refusals in a row are a bad deploy, not bad data: then a consumer stops (F13)."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from shared.database import Database, Transaction
from shared.messaging.bus import Place

IN_A_ROW = 20
WINDOW = 200
SHARE = 0.05
PER_MINUTE = 50

_TRIP = text("""
insert into dlq_limits (consumer, service_version, topic, partition, reason)
values (:consumer, :version, :topic, :partition, :reason)
on conflict do nothing
""")
_TRIPPED = text(
    "select reason from dlq_limits where consumer = :consumer and service_version = :version"
)
_STOPS = text("""
select service_version, topic, partition, reason, tripped_at from dlq_limits
where consumer = :consumer order by tripped_at
""")
_RESET = text("delete from dlq_limits where consumer = :consumer")


class Stop(NamedTuple):
    """A version of a consumer that must not go on, and the refusal that was one too many."""

    service_version: str
    topic: str
    partition: int
    reason: str
    tripped_at: datetime


class LimitTripped(Exception):
    """The consumer refused too much; it stops until another version is deployed."""


class RefusalLimit:
    """Counts what became dead letters, per partition and per process."""

    def __init__(self) -> None:
        self._recent: dict[Place, deque[bool]] = {}
        self._minute: deque[float] = deque(maxlen=PER_MINUTE + 1)

    def went_well(self, place: Place, count: int) -> None:
        """Events of a partition that were handled or parked."""
        self._window(place).extend([False] * min(count, WINDOW))

    def refused(self, place: Place) -> str:
        """One event became a dead letter; the limit that this trips, "" for none."""
        window = self._window(place)
        window.append(True)
        now = time.monotonic()
        self._minute.append(now)
        if len(window) >= IN_A_ROW and all(list(window)[-IN_A_ROW:]):
            return "in_a_row"
        if len(window) == WINDOW and sum(window) > WINDOW * SHARE:
            return "share"
        if len(self._minute) > PER_MINUTE and now - self._minute[0] < 60:
            return "per_minute"
        return ""

    def forget(self) -> None:
        """Begin anew, after the limit was reset."""
        self._recent.clear()
        self._minute.clear()

    def _window(self, place: Place) -> deque[bool]:
        return self._recent.setdefault(place, deque(maxlen=WINDOW))


async def trip(
    database: Database, consumer: str, version: str, *, place: Place, reason: str
) -> None:
    """Write down that this version of the consumer must not go on."""
    async with database.pipeline(()) as tx:
        await tx.run(
            _TRIP,
            {
                "consumer": consumer,
                "version": version,
                "topic": place.topic,
                "partition": place.partition,
                "reason": reason,
            },
        )


async def tripped(database: Database, consumer: str, version: str) -> bool:
    """Whether this version of the consumer must not go on."""
    async with database.pipeline(()) as tx:
        return bool(await tx.scalar(_TRIPPED, {"consumer": consumer, "version": version}))


async def stops(database: Database, consumer: str) -> list[Stop]:
    """The versions of the consumer that must not go on, in the order they stopped."""
    async with database.pipeline(()) as tx:
        return [Stop(*row) for row in await tx.rows(_STOPS, {"consumer": consumer})]


async def reset(tx: Transaction, consumer: str) -> int:
    """Let every version of the consumer go on; how many were stopped."""
    return await tx.run(_RESET, {"consumer": consumer})
