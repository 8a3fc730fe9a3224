"""A consumer: a group member whose lanes take batches from the bus through handlers, in order.

Two lanes share the partitions by their number, so equal keys of all topics meet in one lane.
Offsets are committed behind the work, exactly what was processed (docs/trust, K1-K13).
"""

from __future__ import annotations

import asyncio
import time

from shared import telemetry
from shared.database import Database
from shared.errors import TryAgain
from shared.messaging import limits
from shared.messaging.bus import Bus, Listener, Member, Place
from shared.messaging.inbox import Inbox
from shared.messaging.lane import Lane, Standing
from shared.messaging.received import Reader, Subscription
from shared.messaging.recovery import Worker
from shared.messaging.waiting import wait_for

DRAIN_SECONDS = 20.0
STOP_SECONDS = 15.0
WATCH_SECONDS = 10.0
STUCK_SECONDS = 30.0
MOVED_SECONDS = 60.0
LIMIT_SECONDS = 5.0
REJOIN_SECONDS = (0.5, 15.0)

_log = telemetry.logger("consumer")


class Consumer:
    """Consumes the topics of its subscription's handlers as a member of its group."""

    def __init__(self, bus: Bus, database: Database, subscription: Subscription) -> None:
        self.group = subscription.group
        self.consumer = subscription.consumer
        self._bus = bus
        self._database = database
        self._version = subscription.service_version
        self._static_name = subscription.member
        self._reader = Reader(subscription.handlers)
        self._worker = Worker(
            database,
            Inbox(self.consumer),
            handlers=subscription.handlers,
            service_version=self._version,
        )
        self._standing = Standing(
            self.group,
            database.service,
            lanes=subscription.lanes,
            batch_size=subscription.batch_size,
        )
        self._lanes = [
            Lane(self._standing, self._worker, self._reader, number=number)
            for number in range(subscription.lanes)
        ]
        self._member: Member | None = None
        self._owned: frozenset[Place] = frozenset()
        self._stuck = False

    @property
    def ready(self) -> bool:
        """Joined, with records coming in when there are any."""
        tripped = self._standing.limit_tripped
        return self._member is not None and not self._stuck and not tripped

    @property
    def alive(self) -> bool:
        """Whether every lane polled, worked or tried again within a minute; it asks nobody.

        A member that is not joined, or is being rebalanced, waits for the bus: that is no reason
        to be started anew.
        """
        standing = self._standing
        if self._member is None or standing.stopping.is_set() or not standing.open.is_set():
            return True
        oldest = min(lane.moved_at for lane in self._lanes)
        return time.monotonic() - oldest < MOVED_SECONDS

    @property
    def state(self) -> dict[str, object]:
        """What the readiness page shows."""
        return {
            "group": self.group,
            "partitions": len(self._owned),
            "waiting_lanes": sum(lane.waiting for lane in self._lanes),
            "limit_tripped": self._standing.limit_tripped,
            "stuck": self._stuck,
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until told to stop, then finish the running batches, commit, leave."""
        attributes = {
            "messaging.system": self._bus.system,
            "messaging.consumer.group.name": self.group,
            "rcm.service": self._database.service,
        }
        with telemetry.spans_with(attributes):
            await self._run(stop)

    async def _run(self, stop: asyncio.Event) -> None:
        pause, longest = REJOIN_SECONDS
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._set_limit(await self._limit())
                await self._take_part(stop)
            except TryAgain as away:
                _log.warning("the consumer waits and joins again", group=self.group, code=away.what)
                if time.monotonic() - began > longest:
                    pause = REJOIN_SECONDS[0]
                await wait_for(stop, pause)
                pause = min(pause * 2, longest)

    async def _take_part(self, stop: asyncio.Event) -> None:
        """One membership: from joining to leaving; raises TryAgain to begin anew."""
        standing = self._standing
        standing.stopping.clear()
        standing.open.clear()
        standing.offsets.clear()
        standing.last_record = time.monotonic()
        listener = Listener(self._assigned, self._revoked)
        member = self._member = await self._bus.join(
            self.group, self._reader.topics, listener, member=self._static_name
        )
        self._stuck = False
        try:
            await self._work(stop, member)
        finally:
            standing.stopping.set()
            await standing.offsets.commit(member)
            self._member = None
            await member.leave()
            self._owned = frozenset()

    async def _work(self, stop: asyncio.Event, member: Member) -> None:
        """Until told to stop, or until one of the parts fails; then let the lanes finish."""
        lanes = [asyncio.create_task(lane.run(member)) for lane in self._lanes]
        others = [
            asyncio.create_task(part)
            for part in (
                _until(stop),
                self._standing.offsets.keep_committing(member),
                self._watch(member),
                self._watch_limit(),
            )
        ]
        try:
            done, _ = await asyncio.wait([*lanes, *others], return_when=asyncio.FIRST_COMPLETED)
            self._standing.stopping.set()
            await asyncio.wait(lanes, timeout=STOP_SECONDS)
            for task in done:
                task.result()
        finally:
            for task in (*lanes, *others):
                task.cancel()
            await asyncio.gather(*lanes, *others, return_exceptions=True)

    async def _assigned(self, places: frozenset[Place]) -> None:
        telemetry.count("rcm_rebalances_total", group=self.group)
        self._owned = places
        for place in places:
            self._standing.epochs.setdefault(place, 0)
        for lane in self._lanes:
            lane.own(places)
        self._standing.open.set()

    async def _revoked(self, places: frozenset[Place]) -> None:
        """Stop new batches, let the running ones end or give up, commit, end the epoch (K3, K4)."""
        standing = self._standing
        standing.open.clear()
        await self._until_idle()
        if self._member is not None:
            await standing.offsets.commit(self._member)
        for place in places:
            standing.epochs[place] = standing.epochs.get(place, 0) + 1
        standing.offsets.drop(places)
        self._owned -= places
        for lane in self._lanes:
            lane.own(self._owned)
        if self._owned:
            standing.open.set()

    async def _until_idle(self) -> None:
        waits = [asyncio.create_task(lane.idle.wait()) for lane in self._lanes]
        _, late = await asyncio.wait(waits, timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
            _log.error("a batch did not end in time", group=self.group)

    async def _watch(self, member: Member) -> None:
        """Progress watchdog: records wait and none comes in, so the client is made anew."""
        standing = self._standing
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            quiet = time.monotonic() - standing.last_record
            working = not all(lane.idle.is_set() for lane in self._lanes)
            if quiet < STUCK_SECONDS or working or standing.limit_tripped or not self._owned:
                continue
            if await member.behind():
                self._stuck = True
                raise TryAgain("records wait in the log and none arrives")

    async def _watch_limit(self) -> None:
        """Notice that the limit was reset, or tripped by another member."""
        while True:
            await asyncio.sleep(LIMIT_SECONDS)
            try:
                tripped = await self._limit()
            except TryAgain:
                continue
            if self._standing.limit_tripped and not tripped:
                self._worker.limit.forget()
            self._set_limit(tripped)

    async def _limit(self) -> bool:
        """Whether the limit holds: also for every restart of the same version."""
        return await limits.tripped(self._database, self.consumer, self._version)

    def _set_limit(self, tripped: bool) -> None:
        self._standing.limit_tripped = tripped
        service = self._database.service
        telemetry.gauge("rcm_dlq_limit_tripped", float(tripped), service=service)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
