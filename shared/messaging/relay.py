"""The relay: sends what stands in the outbox, in order per key, and forgets it once the bus has it.

One relay per database: it holds a session lock on a connection of its own and deletes on that same
connection. If two ever ran they would only send twice, each in order, and inboxes absorb that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg

from shared import clock, telemetry
from shared.database import Database, Transaction
from shared.errors import Conflict, TryAgain
from shared.messaging import envelope as wire
from shared.messaging import fail_points
from shared.messaging.bus import Bus, ClockAhead, NeverSendable, Outgoing
from shared.messaging.waiting import SMALL_BATCH, gather_more, wait_for

BATCH = 2_000
POLL_SECONDS = 0.5
BACKOFF_SECONDS = (0.2, 5.0)
STOPPED_SECONDS = 600
HINT_CHANNEL = "rcm_outbox"
_LOCK = "select pg_try_advisory_lock(hashtext('rcm_relay'))"

_NEXT = """
select o.id, o.topic, cast(o.key as text), o.headers, o.value
from (
    select id, day from outbox_unsent
    where failed_at is null
        and key not in (select key from outbox_unsent where failed_at is not null)
    order by id
    limit $1
) as u join outbox o on o.day = u.day and o.id = u.id
order by o.id
"""
_DELETE = "delete from outbox_unsent where id = any($1::bigint[])"
_FAIL = """
update outbox_unsent u set failed_at = current_timestamp, failure = f.failure
from unnest($1::bigint[], $2::text[]) as f (id, failure)
where u.id = f.id
"""
_UNSENT = """
select count(*) as rows, min(o.created_at) as oldest
from outbox_unsent u join outbox o on o.day = u.day and o.id = u.id
"""

_log = telemetry.logger("relay")


@asynccontextmanager
async def stopped(database: Database) -> AsyncIterator[None]:
    """Keep every relay of a database from sending; Conflict(`relay_runs`) while one is at work."""
    connection = await database.direct(idle_session_timeout_seconds=STOPPED_SECONDS)
    try:
        if not await connection.fetchval(_LOCK):
            raise Conflict("relay_runs", f"Stop the relay of {database.service} first.")
        yield
    finally:
        connection.terminate()


class _Outcome(NamedTuple):
    """What the bus said of a batch, by outbox id."""

    sent: list[int]
    failed: dict[int, str]
    waits: bool


class Relay:
    """Sends the outbox of one database; woken by commits of this process, by a hint, by a poll."""

    def __init__(self, bus: Bus, database: Database) -> None:
        self.active = False
        self._bus = bus
        self._database = database
        self._service = database.service
        self._wake = asyncio.Event()
        database.on_after_commit.append(self._wake_after)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until told to stop; whatever is away is waited for."""
        pause, longest = BACKOFF_SECONDS
        stopper = asyncio.create_task(stop.wait())
        stopper.add_done_callback(lambda _: self._wake.set())
        try:
            while not stop.is_set():
                try:
                    await self._hold_and_send(stop)
                    pause = BACKOFF_SECONDS[0]
                except (TryAgain, OSError, TimeoutError, asyncpg.PostgresError, _Lost) as error:
                    _log.warning("the relay waits and begins anew", exc_info=error)
                    await wait_for(stop, pause)
                    pause = min(pause * 2, longest)
        finally:
            stopper.cancel()
            self._set_active(False)

    async def _hold_and_send(self, stop: asyncio.Event) -> None:
        """One life of the lock connection."""
        connection = await self._database.direct()
        try:
            while not stop.is_set() and not await connection.fetchval(_LOCK):
                await wait_for(stop, POLL_SECONDS)
            if stop.is_set():
                return
            self._set_active(True)
            await connection.add_listener(HINT_CHANNEL, self._hinted)
            await self._send_until(stop, connection)
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise _Lost from error
        finally:
            self._set_active(False)
            connection.terminate()

    async def _send_until(self, stop: asyncio.Event, connection: asyncpg.Connection[Any]) -> None:
        watched = 0.0
        pause, longest = BACKOFF_SECONDS
        while not stop.is_set():
            self._wake.clear()
            began = time.monotonic()
            count, waits = await self._send_batch(connection)
            if waits:
                await wait_for(stop, pause)
                pause = min(pause * 2, longest)
                continue
            pause = BACKOFF_SECONDS[0]
            if time.monotonic() - watched > 5:
                watched = time.monotonic()
                await self._measure(connection)
            if 0 < count < SMALL_BATCH:
                await gather_more(stop, since=began)
            if count < BATCH:
                await wait_for(self._wake, POLL_SECONDS)

    async def _send_batch(self, connection: asyncpg.Connection[Any]) -> tuple[int, bool]:
        """Send the oldest rows; how many there were, and whether something must wait."""
        rows = await connection.fetch(_NEXT, BATCH)
        if not rows:
            return 0, False
        began = time.perf_counter()
        fail_points.passing("before_send")
        outcome = _sorted_out(rows, await self._publish(rows))
        fail_points.passing("after_send")
        if outcome.failed:
            ids, reasons = list(outcome.failed), list(outcome.failed.values())
            await connection.execute(_FAIL, ids, reasons)
            _log.critical("outbox rows can never be sent", count=len(ids), code=reasons[0])
        fail_points.passing("before_delete")
        if outcome.sent:
            await connection.execute(_DELETE, outcome.sent)
        elapsed = time.perf_counter() - began
        telemetry.observe("rcm_relay_batch_seconds", elapsed, service=self._service)
        return len(rows), outcome.waits

    async def _publish(self, rows: Sequence[asyncpg.Record]) -> list[Exception | None]:
        at_ms = int(clock.system().timestamp() * 1000)
        records = [outgoing(row, at_ms) for row in rows]
        topics = ",".join(sorted({record.topic for record in records}))
        attributes: dict[str, str | int] = {
            "messaging.system": self._bus.system,
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": topics,
            "messaging.batch.message_count": len(rows),
            "rcm.service": self._service,
        }
        with telemetry.span(
            f"send {topics}", kind="client", links=_causes(records), attributes=attributes
        ) as span:
            outcomes = await self._bus.publish(records)
            failed = next((each for each in outcomes if each is not None), None)
            if failed is not None:
                span.set_attribute("error.type", type(failed).__name__)
        for outcome in outcomes:
            if isinstance(outcome, ClockAhead):
                _log.critical("the clock of this machine is ahead of the bus: nothing is sent")
                break
        return outcomes

    async def _measure(self, connection: asyncpg.Connection[Any]) -> None:
        row = await connection.fetchrow(_UNSENT)
        age = (clock.system() - row["oldest"]).total_seconds() if row["oldest"] else 0.0
        telemetry.gauge("rcm_outbox_unsent_rows", row["rows"], service=self._service)
        telemetry.gauge("rcm_outbox_oldest_age_seconds", max(age, 0.0), service=self._service)

    def _set_active(self, active: bool) -> None:
        self.active = active
        telemetry.gauge("rcm_relay_active", float(active), service=self._service)

    def _wake_after(self, tx: Transaction) -> None:
        if tx.published:
            self._wake.set()

    def _hinted(self, *_: object) -> None:
        self._wake.set()


class _Lost(Exception):
    """The lock connection is gone, and the lock with it."""


def outgoing(row: Sequence[Any], at_ms: int) -> Outgoing:
    """A row of the outbox (id, topic, key, headers, value) as a record."""
    outbox_id, topic, key, headers, value = row
    pairs = wire.header_pairs(headers)
    pairs.append((wire.SEQUENCE, str(outbox_id).encode()))
    return Outgoing(topic, key.encode(), value, pairs, at_ms)


def _causes(records: Sequence[Outgoing]) -> Iterator[str]:
    """The trace contexts that made the records; read only where spans are recorded."""
    for record in records:
        for name, value in reversed(record.headers):  # it is the last but one
            if name == wire.TRACEPARENT:
                yield value.decode()
                break


def _sorted_out(rows: Sequence[asyncpg.Record], outcomes: Sequence[Exception | None]) -> _Outcome:
    if not any(outcomes):
        return _Outcome([row[0] for row in rows], {}, waits=False)
    sent: list[int] = []
    failed: dict[int, str] = {}
    waits = False
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome is None:
            sent.append(row[0])
        elif isinstance(outcome, NeverSendable):
            failed[row[0]] = str(outcome)
        else:
            waits = True
    return _Outcome(sent, failed, waits)
