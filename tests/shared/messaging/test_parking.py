"""Events that came too early wait in order, and never let a sibling past."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database
from shared.messaging import DeadLetterDesk, ParkedRunner, batches, parking
from shared.messaging.inbox import Inbox
from shared.messaging.received import received_of
from tests.support.builders import OTHER_TENANT, TENANT, envelope
from tests.support.messaging import Troubles, counts, funds, reconciled, subscription, things

NOTHING = {"parked_events": 0, "key_holds": 0}


async def applied(database: Database, troubles: Troubles, *events: object) -> batches.Applied:
    """Events as one lane batch."""
    items = [received_of(event) for event in events]  # type: ignore[arg-type]
    gate = Inbox("sample")
    return await batches.apply(database, items, gate=gate, handlers=troubles.handlers)


async def drained(database: Database, troubles: Troubles) -> None:
    """Run parked events until nothing moves."""
    runner = ParkedRunner(database, subscription(troubles))
    while await runner.step(asyncio.Event()):
        pass


async def test_waits_for_its_thing_and_then_runs(database: Database, troubles: Troubles) -> None:
    deposit = ids.new()
    await applied(database, troubles, envelope(reconciled(deposit)))
    await drained(database, troubles)
    assert await counts(database, *NOTHING) == {"parked_events": 1, "key_holds": 1}
    # another tenant's deposit of the same id releases nothing
    await applied(database, troubles, envelope(funds(deposit), tenant_id=OTHER_TENANT))
    await drained(database, troubles)
    assert (await counts(database, "parked_events"))["parked_events"] == 1
    async with database.pipeline({TENANT}) as tx:
        await tx.lock("deposit", [deposit])
        await tx.run(
            text("insert into things (tenant_id, id) values (:tenant, :id)"),
            {"tenant": TENANT, "id": deposit},
        )
        tx.release("deposit", deposit)
    await drained(database, troubles)
    assert await counts(database, *NOTHING) == NOTHING
    assert (await things(database, TENANT))[deposit] == (0, 0, "r")


async def test_a_sibling_does_not_overtake_inside_one_batch(
    database: Database, troubles: Troubles
) -> None:
    deposit = ids.new()
    early, later = envelope(reconciled(deposit)), envelope(funds(deposit))
    outcome = await applied(database, troubles, early, later)
    assert outcome == {("FundsReconciled", "parked"): 1, ("FundsReceived", "parked"): 1}
    assert await things(database, TENANT) == {}


async def test_a_sibling_in_the_same_run_is_taken_back(
    database: Database, troubles: Troubles
) -> None:
    """The handler handles the second and parks the first: the second may not have happened."""
    deposit, key = ids.new(), ids.new()
    first = envelope(reconciled(deposit))._replace(key=key)
    known = ids.new()
    await applied(database, troubles, envelope(funds(known)))
    second = envelope(reconciled(known))._replace(key=key)
    outcome = await applied(database, troubles, first, second)
    assert outcome == {("FundsReconciled", "parked"): 2}
    assert (await things(database, TENANT))[known] == (1, 100, "")
    await applied(database, troubles, envelope(funds(deposit)))
    await drained(database, troubles)
    marks = {thing: row[2] for thing, row in (await things(database, TENANT)).items()}
    assert marks == {deposit: "r", known: "r"}
    assert await counts(database, *NOTHING) == NOTHING


async def test_followers_run_in_order_after_their_head(
    database: Database, troubles: Troubles
) -> None:
    deposit, key = ids.new(), ids.new()
    events = [envelope(reconciled(deposit))._replace(key=key)]
    events += [envelope(funds(trace=str(n)))._replace(key=key) for n in range(3)]
    for event in events:
        await applied(database, troubles, event)
    assert (await counts(database, "parked_events"))["parked_events"] == 4
    troubles.batches.clear()
    await applied(database, troubles, envelope(funds(deposit)))
    await drained(database, troubles)
    seen = [event_id for batch in troubles.batches[1:] for event_id in batch]
    assert seen == [event.id for event in events]
    assert await counts(database, *NOTHING) == NOTHING


async def test_a_released_event_may_wait_anew_at_its_old_place(
    database: Database, troubles: Troubles
) -> None:
    deposit = ids.new()
    early, follower = envelope(reconciled(deposit)), envelope(funds(deposit))
    await applied(database, troubles, early)
    await applied(database, troubles, follower)
    async with database.pipeline({TENANT}) as tx:
        tx.release("deposit", deposit)
    await drained(database, troubles)
    rows = await _waiting(database)
    assert [(row[0], row[1]) for row in rows] == [(early.id, "deposit"), (follower.id, None)]
    assert rows[0][2] is None


async def test_a_repeat_of_a_parked_event_drops_out(database: Database, troubles: Troubles) -> None:
    early = envelope(reconciled(ids.new()))
    await applied(database, troubles, early)
    assert await applied(database, troubles, early, early) == {("FundsReconciled", "duplicate"): 2}
    assert (await counts(database, "parked_events"))["parked_events"] == 1


async def test_two_runners_do_not_run_one_event_twice(
    database: Database, troubles: Troubles
) -> None:
    deposits = [ids.new() for _ in range(20)]
    for deposit in deposits:
        early = envelope(reconciled(deposit))._replace(key=ids.new())
        await applied(database, troubles, early)
    await applied(database, troubles, *(envelope(funds(deposit)) for deposit in deposits))
    await asyncio.gather(*(drained(database, troubles) for _ in range(4)))
    await drained(database, troubles)
    assert {row[2] for row in (await things(database, TENANT)).values()} == {"r"}
    assert await counts(database, *NOTHING) == NOTHING


async def test_a_lane_parks_behind_a_hold_that_is_being_drained(
    database: Database, troubles: Troubles
) -> None:
    """The lane waits for the drain and then finds no hold: nothing is stranded behind it."""
    deposit = ids.new()
    await applied(database, troubles, envelope(reconciled(deposit)))
    async with database.pipeline({TENANT}) as tx:
        await tx.run(
            text("insert into things (tenant_id, id) values (:tenant, :id)"),
            {"tenant": TENANT, "id": deposit},
        )
        tx.release("deposit", deposit)
    items = await parking.due(database, "sample")
    gate = parking.ParkedGate("sample")
    async with database.pipeline({TENANT}) as tx:
        await batches.handle(tx, items, gate=gate, handlers=troubles.handlers)
        lane = asyncio.create_task(applied(database, troubles, envelope(funds(deposit))))
        done, _ = await asyncio.wait({lane}, timeout=0.2)
        assert not done
    assert await lane == {("FundsReceived", "ok"): 1}
    assert await counts(database, *NOTHING) == NOTHING


async def test_a_replayed_letter_lets_its_followers_go_in_order(
    database: Database, troubles: Troubles
) -> None:
    desk = DeadLetterDesk(database, subscription(troubles))
    deposit = ids.new()
    letter_id = await _dead_letter(database, troubles, deposit)
    followers = [envelope(funds(deposit)) for _ in range(2)]
    await applied(database, troubles, *followers)
    await drained(database, troubles)
    assert (await counts(database, "parked_events"))["parked_events"] == 2
    failed = await desk.replay(letter_id, by="user:test")
    assert failed.error == "sample_refused"
    troubles.mended = True
    dry = await desk.replay(letter_id, by="user:test", dry_run=True)
    assert (dry.error, dry.told) == ("", ("NotificationSuppressed",))
    assert dry.changes["things"] == (1, 0, 0)
    assert deposit not in await things(database, TENANT)
    assert (await desk.replay(letter_id, by="user:test")).error == ""
    await drained(database, troubles)
    assert (await things(database, TENANT))[deposit] == (3, 300, "")
    assert await counts(database, *NOTHING) == NOTHING
    with pytest.raises(Exception, match="dead_letter_resolved"):
        await desk.replay(letter_id, by="user:test")
    shown = await desk.show(letter_id)
    assert (shown.status, shown.attempts) == ("replayed", 2)


async def test_a_discarded_letter_lets_its_followers_go(
    database: Database, troubles: Troubles
) -> None:
    desk = DeadLetterDesk(database, subscription(troubles))
    deposit = ids.new()
    letter_id = await _dead_letter(database, troubles, deposit)
    await applied(database, troubles, envelope(funds(deposit)))
    await desk.discard(letter_id, by="user:test", reason="not ours")
    await drained(database, troubles)
    assert (await things(database, TENANT))[deposit] == (1, 100, "")
    assert (await desk.show(letter_id)).reason == "not ours"
    assert await counts(database, *NOTHING, "audit_entries") == {**NOTHING, "audit_entries": 1}


async def test_a_failing_follower_stops_its_key_again(
    database: Database, troubles: Troubles
) -> None:
    desk = DeadLetterDesk(database, subscription(troubles))
    deposit = ids.new()
    letter_id = await _dead_letter(database, troubles, deposit)
    refused, last = envelope(funds(deposit, trace="refuse")), envelope(funds(deposit))
    await applied(database, troubles, refused, last)
    await desk.discard(letter_id, by="user:test", reason="first")
    await drained(database, troubles)
    (letter,) = await desk.list()
    assert letter.event_id == refused.id
    assert [row[0] for row in await _waiting(database)] == [last.id]
    await desk.discard(letter.id, by="user:test", reason="second")
    await drained(database, troubles)
    assert (await things(database, TENANT))[deposit] == (1, 100, "")


async def _dead_letter(database: Database, troubles: Troubles, deposit: UUID) -> UUID:
    from shared.messaging.recovery import OneTurn, Worker

    worker = Worker(database, Inbox("sample"), handlers=troubles.handlers, service_version="0")
    item = received_of(envelope(funds(deposit, trace="refuse")))
    await worker.work_off([item], OneTurn(asyncio.Event()))
    (letter,) = await DeadLetterDesk(database, subscription(troubles)).list()
    return letter.id


async def _waiting(database: Database) -> list[tuple[UUID, str | None, object]]:
    async with database.pipeline(()) as tx:
        rows = await tx.rows(
            text("select event_id, waiting_kind, ready_at from parked_events order by seq")
        )
    return [tuple(row) for row in rows]
