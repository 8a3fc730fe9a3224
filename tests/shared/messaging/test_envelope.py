"""The wire form: what goes out comes back, is CloudEvents 1.0, and stays inside its limits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from shared import clock, ids, telemetry
from shared.database import Database, Transaction
from shared.errors import Contract, Unreadable
from shared.events.claims import ClaimBlocked, ClaimFinding
from shared.events.envelope import Envelope
from shared.events.payments import FundsReceived
from shared.messaging import envelope as wire
from shared.messaging.received import KeptRecord, Reader, Received, Unread, joined, received_of
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT, envelope, origin
from tests.support.messaging import Troubles, funds, reconciled
from tests.support.services import deliver_envelopes, published

VALUE = wire.encode_fact(funds())
AT = datetime(2026, 11, 22, 10, 30, 15, 123456, tzinfo=UTC)


@given(
    trace=st.text(),
    cents=st.integers(-(10**12), 10**12),
    caused=st.none() | st.uuids(),
    traceparent=st.sampled_from(["", f"00-{'a' * 32}-{'b' * 16}-01"]),
)
def test_an_event_comes_back_as_it_went(
    trace: str, cents: int, caused: UUID | None, traceparent: str
) -> None:
    sent = envelope(funds(cents=cents, trace=trace))
    sent = sent._replace(time=AT, causation_id=caused, traceparent=traceparent, seq=77)
    record = received_of(sent).record
    assert wire.read_event(record.headers, record.value) == sent
    assert wire.read_event(record.headers[::-1], record.value) == sent


@given(st.sampled_from(["ce_source", "ce_id", "ce_time", "traceparent"]), st.binary(max_size=9))
@example("ce_source", b'x","y')
@example("ce_source", b"\\u0041")
@example("ce_source", b"\\")
def test_headers_in_order_are_read_like_any_others(name: str, value: bytes) -> None:
    sent = envelope(funds())._replace(causation_id=ids.new(), traceparent="x", seq=7)
    headers = [(each, value if each == name else old) for each, old in wire_headers(sent)]
    read = outcome(headers)
    assert outcome(headers[::-1]) == read
    if name == "ce_source":
        assert read == value.decode(errors="backslashreplace")


def wire_headers(sent: Envelope[Any]) -> list[tuple[str, bytes]]:
    return list(received_of(sent).record.headers)


def outcome(headers: list[tuple[str, bytes]], value: bytes | None = VALUE) -> str:
    try:
        return wire.read_event(headers, value).source
    except (Unreadable, Contract) as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("ce_type", b"FundsReconciled", "version_unknown"),
        ("ce_dataschema", b"urn:claimstream:rcm/events/FundsReceived/9", "version_unknown"),
        ("content-type", b"text/plain", "content_type_unknown"),
        ("ce_sequence", b"7,8", "headers_unreadable"),
        ("ce_sequence", b'7,{"trace":"x"}', "headers_unreadable"),
        ("ce_causationid", b"", "headers_unreadable"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(name: str, value: bytes, code: str) -> None:
    sent = envelope(funds())._replace(causation_id=ids.new(), traceparent="x", seq=7)
    headers = [(each, value if each == name else old) for each, old in wire_headers(sent)]
    assert outcome(headers) == outcome(headers[::-1]) == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "value_missing"),
        (b"", "value_unreadable"),
        (VALUE + b"," + VALUE, "value_unreadable"),
        (VALUE + b"]", "value_unreadable"),
        (b"{}", "schema_violated"),
        (b"null", "schema_violated"),
    ],
)
def test_a_value_that_is_no_fact_is_refused(value: bytes | None, code: str) -> None:
    headers = wire_headers(envelope(funds())._replace(traceparent="x", seq=7))
    assert outcome(headers, value) == outcome(headers[::-1], value) == code


def test_a_header_without_a_value_is_unreadable() -> None:
    headers: list[Any] = [*wire_headers(envelope(funds())), ("ce_tenantid", None)]
    assert outcome(headers) == "headers_unreadable"


def test_headers_of_a_record_are_kept_too() -> None:
    headers = {"ce_id": "1", "quote": 'a","b', "empty": "", "dlq_attempts": "3"}
    kept = wire.encode_headers(headers)
    assert wire.decode_headers(kept) == headers


def test_the_wire_form_is_cloudevents() -> None:
    sent = envelope(funds())._replace(time=AT, causation_id=ids.new(), seq=5)
    record = received_of(sent).record
    message = KafkaMessage(dict(record.headers), record.key, record.value or b"")
    event = from_binary_event(message)
    assert event.get_id() == str(sent.id)
    assert event.get_type() == "FundsReceived"
    assert event.get_source() == "/claimstream/payments"
    assert event.get_subject() == str(sent.subject)
    assert event.get_time() == AT
    assert event.get_dataschema() == "urn:claimstream:rcm/events/FundsReceived/1"
    assert event.get_extension("tenantid") == str(TENANT)
    assert event.get_extension("sequence") == "5"
    assert record.key == str(sent.key).encode()


async def test_a_published_fact_has_its_cause_and_key(database: Database) -> None:
    cause = envelope(funds())
    at = clock.business()
    with telemetry.span("test"):
        trace = telemetry.traceparent()
        async with database.pipeline({TENANT}) as tx:
            event_id = tx.publish(cause.data, subject=cause.subject, caused_by=cause)
    (told,) = await published(database)
    assert told.id == event_id == ids.derived(cause.id, f"FundsReceived:{cause.subject}:0")
    assert (told.key, told.tenant_id, told.practice_id) == (cause.key, TENANT, PRACTICE)
    assert (told.causation_id, told.correlation_id) == (cause.id, cause.correlation_id)
    assert told.source == "/claimstream/sample"
    assert told.time >= at
    assert told.traceparent == trace
    async with database.pipeline(()) as tx:
        unsent = await tx.rows(text("select id, key, tenant_id from outbox_unsent"))
    assert [(row.id, row.key, row.tenant_id) for row in unsent] == [(told.seq, cause.key, TENANT)]


async def test_facts_of_a_run_carry_the_runs_context(
    database: Database, troubles: Troubles
) -> None:
    seen: list[str] = []
    handle = troubles.handlers[FundsReceived]

    async def handler(events: list[Envelope[FundsReceived]], tx: Transaction) -> None:
        seen.append(telemetry.traceparent())
        await handle(events, tx)

    await deliver_envelopes(database, handler, [envelope(funds())])
    assert [told.traceparent for told in await published(database)] == seen
    assert seen[0]


async def test_a_rolled_back_transaction_tells_nothing(database: Database) -> None:
    async def tell_and_fail() -> None:
        async with database.pipeline({TENANT}) as tx:
            tx.publish(funds(), subject=ids.NIL, caused_by=origin())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await tell_and_fail()
    assert await published(database) == []


async def test_an_event_that_is_too_large_is_refused(database: Database) -> None:
    finding = ClaimFinding(rule="x", location="x", severity="x", message="m" * 300_000, remedy="x")
    fact = ClaimBlocked(
        claim_id=ids.NIL,
        encounter_id=ids.NIL,
        findings=[finding],
        owner_of_next_action="nobody",
    )
    with pytest.raises(Contract, match="event_too_large"):
        async with database.pipeline({TENANT}) as tx:
            tx.publish(fact, subject=ids.NIL, caused_by=origin())


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.booleans()), max_size=40))
def test_runs_keep_the_order_of_each_key(plan: list[tuple[bool, int, bool]]) -> None:
    keys = [ids.derived(ids.NIL, str(number)) for number in range(5)]
    items = []
    for early, number, other in plan:
        fact = reconciled(keys[number]) if early else funds(keys[number])
        tenant = OTHER_TENANT if other else TENANT
        items.append(received_of(envelope(fact, tenant_id=tenant)))
    runs = joined(items)
    flat = [item for run in runs for item in run]
    assert sorted(map(id, flat)) == sorted(map(id, items))
    assert all(len({type(item.event.data) for item in run}) == 1 for run in runs)
    for key in {item.held_key for item in items}:
        before = [item.event_id for item in items if item.held_key == key]
        assert [item.event_id for item in flat if item.held_key == key] == before


def test_interleaved_types_are_joined() -> None:
    items: list[Received] = []
    for _ in range(50):
        items += [received_of(envelope(funds())), received_of(envelope(reconciled(ids.new())))]
    assert [len(run) for run in joined(items)] == [50, 50]


def test_a_record_without_a_type_is_unreadable() -> None:
    record = received_of(envelope(funds())).record
    assert isinstance(record, KeptRecord)
    headers = [pair for pair in record.headers if pair[0] != "ce_type"]
    found = Reader(Troubles().handlers).read(msgspec.structs.replace(record, headers=headers))
    assert isinstance(found, Unread)
    assert isinstance(found.refusal, Unreadable)
