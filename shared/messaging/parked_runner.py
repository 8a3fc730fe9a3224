"""Runs parked events once nothing stops them any more: part of the role `events`."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from sqlalchemy import text

from shared import telemetry
from shared.database import Database, Transaction
from shared.errors import TryAgain
from shared.messaging import limits, parking
from shared.messaging.parking import ParkedGate
from shared.messaging.received import Received, Subscription
from shared.messaging.recovery import NotOurs, OneTurn, Worker
from shared.messaging.waiting import wait_for

POLL_SECONDS = 1.0
MEASURE_SECONDS = 15.0

_DEPTHS = text("""
select
    (select count(*) from key_holds) as holds,
    (select count(*) from parked_events) as parked,
    (select count(*) from dead_letters where status = 'open') as letters,
    (select coalesce(extract(epoch from current_timestamp - min(last_failed_at)), 0)
        from dead_letters where status = 'open') as oldest
""")

_log = telemetry.logger("parked events")


class _Turn(OneTurn):
    """Counts what was done, to know whether to look again at once."""

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__(stop)
        self.done = 0

    def finished(self, items: object) -> None:
        """One stretch more is done."""
        del items
        self.done += 1


class Depths(NamedTuple):
    """What waits in a database."""

    holds: int
    parked: int
    letters: int
    oldest: float


class ParkedRunner:
    """Looks after commits of this process that released something, and every second."""

    def __init__(self, database: Database, subscription: Subscription) -> None:
        self.consumer = subscription.consumer
        self._database = database
        self._version = subscription.service_version
        self._worker = Worker(
            database,
            ParkedGate(self.consumer),
            handlers=subscription.handlers,
            service_version=self._version,
        )
        self._wake = asyncio.Event()
        database.on_after_commit.append(self._wake_after)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until told to stop; whatever is away is waited for."""
        group = {"messaging.consumer.group.name": f"rcm.{self.consumer}"}
        with telemetry.spans_with({**group, "rcm.service": self._database.service}):
            await self._run(stop)

    async def _run(self, stop: asyncio.Event) -> None:
        measured = 0.0
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            self._wake.clear()
            try:
                progress = await self.step(stop)
                if loop.time() - measured > MEASURE_SECONDS:
                    measured = loop.time()
                    await self._measure()
            except TryAgain as away:
                _log.warning("parked events wait for the database", code=away.what)
                await wait_for(stop, POLL_SECONDS)
                continue
            if not progress:
                await wait_for(self._wake, POLL_SECONDS)

    async def step(self, stop: asyncio.Event) -> bool:
        """Run what may run now, at most one batch; whether there was anything done."""
        if await limits.tripped(self._database, self.consumer, self._version):
            self._worker.limit.forget()
            return False
        items: list[Received] = await parking.due(self._database, self.consumer)
        turn = _Turn(stop)
        try:
            await self._worker.work_off(items, turn)
        except (NotOurs, limits.LimitTripped):
            return False
        return turn.done > 0

    async def _measure(self) -> None:
        async with self._database.pipeline(()) as tx:
            row = await tx.row(_DEPTHS)
        if row is None:
            return
        depths = Depths(*row)
        service = self._database.service
        telemetry.gauge("rcm_key_holds", depths.holds, service=service)
        telemetry.gauge("rcm_parked_events", depths.parked, service=service)
        telemetry.gauge("rcm_dlq_depth", depths.letters, service=service)
        telemetry.gauge("rcm_dlq_oldest_age_seconds", float(depths.oldest), service=service)

    def _wake_after(self, tx: Transaction) -> None:
        if tx.released:
            self._wake.set()
