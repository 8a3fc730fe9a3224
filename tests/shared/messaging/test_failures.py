"""Failure by kind: what is away is awaited, what is refused steps aside, bugs get a few tries."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging import Consumer, DeadLetterDesk, recovery
from shared.messaging import envelope as wire
from shared.messaging.bus import Bus, Outgoing
from tests.support.builders import TENANT, envelope, envelopes
from tests.support.eventually import eventually
from tests.support.messaging import (
    Troubles,
    caught_up,
    counts,
    funds,
    outgoing,
    running,
    subscription,
    things,
)

TOPIC = "rcm.payments.v1"
POISON = {
    "bad JSON": ("unreadable", "value_unreadable"),
    "null value": ("unreadable", "value_missing"),
    "no id": ("unreadable", "headers_unreadable"),
    "no tenant": ("unreadable", "headers_unreadable"),
    "wrong content type": ("unreadable", "content_type_unknown"),
    "unknown version": ("contract", "version_unknown"),
    "schema violation": ("contract", "schema_violated"),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a test can wait for."""
    monkeypatch.setattr(recovery, "BACKOFF_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(recovery, "BUG_RETRY_SECONDS", (0.01, 0.01, 0.01))


def poisoned(event: Envelope[Fact], kind: str) -> Outgoing:
    """An event as a record that cannot be read."""
    record = outgoing(event)
    headers = dict(record.headers)
    value = record.value
    if kind == "bad JSON":
        value = b'{"deposit_id": "'
    elif kind == "null value":
        value = None
    elif kind == "no id":
        del headers["ce_id"]
    elif kind == "no tenant":
        headers["ce_tenantid"] = b"nobody"
    elif kind == "wrong content type":
        headers["content-type"] = b"application/avro"
    elif kind == "unknown version":
        headers["ce_dataschema"] = wire.schema_of("FundsReceived", 99).encode()
    elif kind == "schema violation":
        value = b'{"deposit_id": "not a uuid"}'
    return record._replace(headers=list(headers.items()), value=value)


@pytest.mark.parametrize("kind", POISON)
async def test_poison_steps_aside_at_once(
    bus: Bus, database: Database, troubles: Troubles, kind: str
) -> None:
    """First, in the middle and last."""
    events = envelopes([funds() for _ in range(100)])
    records = [outgoing(event) for event in events]
    for place in (0, 50, 99):
        records[place] = poisoned(events[place], kind)
    assert await bus.publish(records) == [None] * 100
    wanted = subscription(troubles)
    async with running(Consumer(bus, database, wanted)):
        await caught_up(bus, [TOPIC])
    assert len(await things(database, TENANT)) == 97
    letters = await DeadLetterDesk(database, wanted).list()
    assert [(each.error_class, each.error_code) for each in letters] == [POISON[kind]] * 3
    assert {each.attempts for each in letters} == {1}
    assert {each.tenant_id for each in letters} == {ids.NIL if kind == "no tenant" else TENANT}


async def test_followers_of_poison_wait_and_others_do_not(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    deposit = ids.new()
    events = [envelope(funds(deposit)) for _ in range(4)]
    events += [envelope(funds()) for _ in range(4)]
    records = [outgoing(event) for event in events]
    records[1] = poisoned(events[1], "bad JSON")
    assert await bus.publish(records) == [None] * 8
    async with running(Consumer(bus, database, subscription(troubles))):
        await caught_up(bus, [TOPIC])
    known = await things(database, TENANT)
    assert known.pop(deposit) == (1, 100, "")
    assert len(known) == 4
    assert await counts(database, "parked_events", "key_holds", "inbox") == {
        "parked_events": 2,
        "key_holds": 1,
        "inbox": 8,
    }


async def test_a_refusal_is_found_by_bisection(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    events = envelopes([funds(trace="refuse" if n == 37 else "") for n in range(100)])
    assert await bus.publish([outgoing(event) for event in events]) == [None] * 100
    wanted = subscription(troubles, lanes=1)
    async with running(Consumer(bus, database, wanted)):
        await caught_up(bus, [TOPIC])
    assert len(await things(database, TENANT)) == 99
    (letter,) = await DeadLetterDesk(database, wanted).list()
    assert (letter.event_id, letter.error_class) == (events[37].id, "refused")
    assert (letter.error_code, letter.attempts) == ("sample_refused", 1)
    assert len(troubles.batches) <= 20


async def test_the_copy_for_outside_tools_has_reasons_and_no_content(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    event = envelope(funds(trace="refuse"))
    assert await bus.publish([outgoing(event)]) == [None]
    async with running(Consumer(bus, database, subscription(troubles))):
        await caught_up(bus, [TOPIC])
    async with database.pipeline(()) as tx:
        row = await tx.row(text("select topic, key, headers, value from outbox"))
    assert row is not None
    assert (row.topic, row.key) == ("rcm.sample.dlq.v1", event.key)
    headers = wire.decode_headers(row.headers)
    assert headers["ce_id"] == str(event.id)
    assert headers["dlq_error_class"] == "refused"
    assert headers["dlq_error_code"] == "sample_refused"
    assert headers["dlq_original_topic"] == TOPIC
    assert headers["dlq_consumer"] == "sample"
    assert b"refuse" not in row.value
    assert b"amount" not in row.value


async def test_a_bug_is_tried_a_few_times_and_its_twin_once(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    events = envelopes([funds(trace="bug"), funds(), funds(trace="bug"), funds()])
    assert await bus.publish([outgoing(event) for event in events]) == [None] * 4
    wanted = subscription(troubles, lanes=1)
    async with running(Consumer(bus, database, wanted)):
        await caught_up(bus, [TOPIC])
    letters = await DeadLetterDesk(database, wanted).list()
    assert sorted(letter.attempts for letter in letters) == [1, 4]
    assert {letter.error_class for letter in letters} == {"bug"}
    assert {letter.error_code for letter in letters} == {"ZeroDivisionError"}
    assert len(await things(database, TENANT)) == 2


async def test_what_is_away_is_waited_for_in_order(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    troubles.away = 3
    deposit = ids.new()
    events = [envelope(funds(deposit, trace="away")), *envelopes([funds(deposit)] * 5)]
    assert await bus.publish([outgoing(event) for event in events]) == [None] * 6
    async with running(Consumer(bus, database, subscription(troubles))):
        await caught_up(bus, [TOPIC])
    wanted = [event.id for event in events]
    assert troubles.batches == [wanted] * 4
    assert await things(database, TENANT) == {deposit: (6, 600, "")}
    assert await counts(database, "dead_letters") == {"dead_letters": 0}


async def test_a_bad_deploy_stops_the_consumer_and_loses_nothing(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    events = envelopes([funds(trace="refuse") for _ in range(400)])
    assert await bus.publish([outgoing(event) for event in events]) == [None] * 400
    bad = subscription(troubles, service_version="bad")
    consumer = Consumer(bus, database, bad)
    async with running(consumer):
        await eventually(lambda: not consumer.ready, timeout_seconds=30, describe="not ready")
        assert consumer.alive
    again = Consumer(bus, database, bad)
    async with running(again):
        await eventually(lambda: again.state["limit_tripped"], describe="a restart obeys the limit")
    dead = (await counts(database, "dead_letters"))["dead_letters"]
    assert 20 <= dead <= 4 * 20
    troubles.mended = True
    good = subscription(troubles, service_version="good")
    desk = DeadLetterDesk(database, good)
    async with running(Consumer(bus, database, good)):
        await caught_up(bus, [TOPIC])
    for letter in await desk.list():
        assert (await desk.replay(letter.id, by="user:test")).error == ""
    assert len(await things(database, TENANT)) == 400


async def test_a_reset_lets_a_stopped_consumer_go_on(
    bus: Bus,
    database: Database,
    troubles: Troubles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.messaging.consumer.LIMIT_SECONDS", 0.05)
    events = envelopes([funds(trace="refuse") for _ in range(100)])
    assert await bus.publish([outgoing(event) for event in events]) == [None] * 100
    wanted = subscription(troubles, lanes=1)
    consumer, desk = Consumer(bus, database, wanted), DeadLetterDesk(database, wanted)
    async with running(consumer):
        await eventually(
            lambda: consumer.state["limit_tripped"], timeout_seconds=30, describe="stopped"
        )
        troubles.mended = True
        (stop,) = await desk.stops()
        assert (stop.topic, stop.reason) == (TOPIC, "in_a_row")
        assert await desk.resume(by="user:test") == 1
        assert await desk.resume(by="user:test") == 0
        await caught_up(bus, [TOPIC])
        assert consumer.ready
    assert await counts(database, "inbox") == {"inbox": 100}
    async with database.pipeline({ids.NIL}) as tx:
        acts = await tx.rows(text("select actor, action from audit_entries"))
    assert [tuple(act) for act in acts] == [("user:test", "dlq_limit.reset")]


async def test_unknown_types_are_ignored_and_their_offsets_committed(
    bus: Bus, database: Database, troubles: Troubles
) -> None:
    record = outgoing(envelope(funds()))
    headers = [(name, b"Unheard" if name == "ce_type" else v) for name, v in record.headers]
    assert await bus.publish([record._replace(headers=headers)] * 3) == [None] * 3
    async with running(Consumer(bus, database, subscription(troubles))):
        await caught_up(bus, [TOPIC])
    assert await counts(database, "inbox", "dead_letters") == {"inbox": 0, "dead_letters": 0}
