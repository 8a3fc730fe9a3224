"""A consumer's life: stopping, sharing, holding a batch, and noticing that it stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from shared import ids
from shared.database import Database, Transaction
from shared.events.envelope import Envelope
from shared.events.payments import FundsReceived
from shared.messaging import Consumer, Subscription, consumer, recovery
from shared.messaging.bus import Bus, Incoming, Listener, Place
from shared.messaging.waiting import wait_for
from tests.support.builders import TENANT, envelope, envelopes
from tests.support.eventually import eventually
from tests.support.messaging import (
    Troubles,
    caught_up,
    counts,
    funds,
    running,
    send,
    subscription,
    things,
)

TOPIC = "rcm.payments.v1"


class Gated:
    """A handler that waits in the middle of its work."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.may_leave = asyncio.Event()
        self.seen: list[Any] = []

    async def __call__(self, events: list[Envelope[FundsReceived]], tx: Transaction) -> None:
        """Note the events; wait to be let go."""
        del tx
        self.seen += [event.id for event in events]
        self.entered.set()
        await self.may_leave.wait()


async def test_stopping_finishes_the_batch_and_commits_it(bus: Bus, database: Database) -> None:
    gated = Gated()
    wanted = Subscription("rcm.sample", {FundsReceived: gated})
    events = envelopes([funds() for _ in range(5)])
    await send(bus, events)
    stop = asyncio.Event()
    task = asyncio.create_task(Consumer(bus, database, wanted).run(stop))
    await gated.entered.wait()
    stop.set()
    await asyncio.wait({task}, timeout=0.1)
    assert not task.done()
    gated.may_leave.set()
    await asyncio.wait_for(task, 10)
    committed = sum((await bus.committed("rcm.sample", [TOPIC])).values())
    assert committed == (await counts(database, "inbox"))["inbox"] == len(gated.seen) > 0


async def test_a_held_batch_does_not_delay_the_stop(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    troubles.away = 1_000
    await send(bus, [envelope(funds(trace="away"))])
    waiting = Consumer(bus, database, subscription(troubles))
    loop = asyncio.get_running_loop()
    async with running(waiting):
        await eventually(lambda: waiting.state["waiting_lanes"], describe="the batch is held")
        assert waiting.alive
        began = loop.time()
    assert loop.time() - began < 5
    assert await bus.committed("rcm.sample", [TOPIC]) == {}
    troubles.away = 0
    async with running(Consumer(bus, database, subscription(troubles))):
        await caught_up(bus, [TOPIC])
    assert len(await things(database, TENANT)) == 1


async def test_what_is_fetched_and_kept_in_a_rebalance_is_not_lost(
    bus: Bus,
    database: Database,
    troubles: Troubles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both lanes hold a batch while another member takes half of the places away."""
    monkeypatch.setattr(recovery, "BACKOFF_SECONDS", (0.05, 0.1))
    troubles.away = 1_000_000
    events = envelopes([funds(trace="away") for _ in range(200)])
    await send(bus, events)
    first = Consumer(bus, database, subscription(troubles))
    second = Consumer(bus, database, subscription(troubles))
    async with running(first):
        await eventually(
            lambda: first.state["waiting_lanes"] == 2, describe="both lanes hold a batch"
        )
        async with running(second):
            await eventually(
                lambda: first.state["partitions"] == second.state["partitions"] == 2,
                describe="the two share the partitions",
            )
            troubles.away = 0
            await caught_up(bus, [TOPIC])
    assert len(await things(database, TENANT)) == 200


async def test_members_come_and_go_under_load(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    deposits = [ids.new() for _ in range(40)]

    async def produce() -> None:
        for _ in range(25):
            await send(bus, envelopes([funds(deposit) for deposit in deposits]))

    producing = asyncio.create_task(produce())
    async with running(Consumer(bus, database, subscription(troubles))):
        for _ in range(3):
            joining = Consumer(bus, database, subscription(troubles, batch_size=50))
            async with running(joining):
                await eventually(lambda: joining.state["partitions"], describe="a share")  # noqa: B023
        await producing
        await caught_up(bus, [TOPIC])
    assert await things(database, TENANT) == dict.fromkeys(deposits, (25, 2500, ""))
    assert await counts(database, "dead_letters", "parked_events") == {
        "dead_letters": 0,
        "parked_events": 0,
    }


class Silent:
    """A bus whose members never get the records that wait for them."""

    system = "silent"

    def __init__(self) -> None:
        self.joined = 0
        self.left = 0

    async def join(
        self, group: str, topics: Collection[str], listener: Listener, *, member: str = ""
    ) -> Silent:
        """One membership more."""
        del group, topics, member
        self.joined += 1
        await listener.assigned(frozenset({Place(TOPIC, 0), Place(TOPIC, 1)}))
        return self

    async def poll(
        self, places: Collection[Place], *, limit: int, wait_seconds: float
    ) -> list[Incoming]:
        """Nothing, ever."""
        del places, limit
        await wait_for(asyncio.Event(), min(wait_seconds, 0.01))
        return []

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Nothing to commit."""
        del offsets

    async def behind(self) -> int:
        """Yet there are records."""
        return 7

    async def leave(self) -> None:
        """One membership less."""
        self.left += 1


async def test_the_watchdog_makes_a_stuck_client_anew(
    database: Database, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "WATCH_SECONDS", 0.02)
    monkeypatch.setattr(consumer, "STUCK_SECONDS", 0.05)
    monkeypatch.setattr(consumer, "REJOIN_SECONDS", (0.01, 0.02))
    silent = Silent()
    stuck = Consumer(silent, database, subscription(troubles))  # type: ignore[arg-type]
    async with running(stuck):
        await eventually(lambda: silent.joined >= 3, describe="the client is made anew")
    assert silent.left == silent.joined


async def test_a_lane_that_does_not_move_is_seen_by_livez(
    bus: Bus, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "MOVED_SECONDS", 2.0)
    gated = Gated()
    await send(bus, envelopes([funds()]))
    member = Consumer(bus, database, Subscription("rcm.sample", {FundsReceived: gated}))
    assert member.alive  # not joined yet: it waits for the bus
    async with running(member):
        await gated.entered.wait()
        assert member.alive
        await eventually(lambda: not member.alive, describe="the minute is over")
        gated.may_leave.set()
        await eventually(lambda: member.alive, describe="it moves again")


async def test_a_consumer_that_waits_for_its_database_is_alive(
    bus: Bus, database: Database, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "BACKOFF_SECONDS", (4.0, 4.0))
    monkeypatch.setattr(consumer, "MOVED_SECONDS", 1.2)
    troubles.away = 1
    await send(bus, envelopes([funds(trace="away")]))
    member = Consumer(bus, database, subscription(troubles))
    seen: list[bool] = []

    def handled() -> bool:
        seen.append(member.alive)
        return len(troubles.batches) == 2

    async with running(member):
        await eventually(handled, describe="the batch is tried again")
    assert all(seen)
