"""One event, door to door: bus, inbox, handler, outbox, relay, bus."""

from __future__ import annotations

from shared import ids
from shared.database import Database
from shared.messaging import Consumer, ParkedRunner, Relay
from shared.messaging.bus import Bus
from tests.support.builders import OTHER_TENANT, TENANT, envelope, envelopes
from tests.support.eventually import eventually
from tests.support.messaging import (
    Troubles,
    caught_up,
    counts,
    funds,
    reconciled,
    running,
    send,
    subscription,
    things,
)

TOPIC = "rcm.payments.v1"


async def test_events_go_through_once_and_their_facts_go_out(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    deposits = [ids.new() for _ in range(50)]
    events = envelopes([funds(deposit) for deposit in deposits])
    await send(bus, [*events, *events[:20]])
    async with running(Consumer(bus, database, subscription(troubles)), Relay(bus, database)):
        await caught_up(bus, [TOPIC])
        await eventually(lambda: _all_sent(database), describe="outbox unsent = 0")
    assert await things(database, TENANT) == dict.fromkeys(deposits, (1, 100, ""))
    assert sum((await bus.end_offsets(["rcm.notifications.v1"])).values()) == 50
    assert await counts(database, "inbox", "outbox") == {"inbox": 50, "outbox": 50}


async def test_what_came_too_early_runs_once_the_thing_is_there(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    deposit = ids.new()
    early = [envelope(reconciled(deposit)), envelope(reconciled(deposit))]
    wanted = subscription(troubles)
    async with running(Consumer(bus, database, wanted), ParkedRunner(database, wanted)):
        await send(bus, early)
        await eventually(lambda: _parked(database, 2), describe="both wait")
        await send(bus, [envelope(funds(ids.new()))])
        await caught_up(bus, [TOPIC])
        await send(bus, [envelope(funds(deposit, trace="other"), tenant_id=OTHER_TENANT)])
        await caught_up(bus, [TOPIC])
        assert (await counts(database, "parked_events"))["parked_events"] == 2


async def _all_sent(database: Database) -> bool:
    return (await counts(database, "outbox_unsent"))["outbox_unsent"] == 0


async def _parked(database: Database, number: int) -> bool:
    return (await counts(database, "parked_events"))["parked_events"] == number
