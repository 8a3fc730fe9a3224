"""A second version of a fact stands beside the first: told, described, read and handled apart."""

from __future__ import annotations

import pytest

from cli import asyncapi, event_schemas
from shared.errors import Contract
from shared.events.catalog import BY_FACT, CATALOG, EventType
from shared.events.marks import Fact, Id, Plain
from shared.events.payments import FundsReceived
from shared.messaging import envelope as wire
from shared.messaging.received import Reader, Received, joined, received_of
from tests.support.builders import envelope
from tests.support.messaging import funds


class FundsReceivedV2(Fact, frozen=True, kw_only=True):
    """The bank shows money; key: deposit_id. amount: a decimal number and its currency."""

    deposit_id: Id
    amount: Plain


async def nobody(events: object, tx: object) -> None:
    """Stands for a handler: what counts here is that there is one."""


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> EventType:
    """A row of the catalogue, as the modules that read it would have taken it in."""
    row = EventType(FundsReceivedV2, "payments", "deposit_id", 2)
    schema, reader = wire.schema_of(row.name, row.version), wire._reader(row)
    monkeypatch.setitem(BY_FACT, row.fact, row)
    monkeypatch.setitem(wire._NAMES, row.fact, (row.name, schema))
    monkeypatch.setitem(wire._READERS, (row.name, schema), reader)
    monkeypatch.setitem(wire._BY_TYPE_AND_SCHEMA, (row.name.encode(), schema.encode()), reader)
    return row


def test_both_versions_are_told_and_handled_apart(row: EventType) -> None:
    first = funds()
    second = FundsReceivedV2(deposit_id=first.deposit_id, amount="1.00 USD")
    records = [received_of(envelope(fact)).record for fact in (first, second, first)]
    assert [dict(each.headers)["ce_type"] for each in records] == [b"FundsReceived"] * 3
    assert dict(records[1].headers)["ce_dataschema"].endswith(b"/FundsReceived/2")
    reader = Reader({FundsReceived: nobody, FundsReceivedV2: nobody})
    received = [item for each in records if isinstance(item := reader.read(each), Received)]
    assert [item.event.data for item in received] == [first, second, first]
    assert [item.event.version for item in received] == [1, 2, 1]
    assert [len(run) for run in joined(received)] == [1, 1, 1]
    backwards = wire.read_event(records[1].headers[::-1], records[1].value)
    assert backwards.data == second


def test_a_second_version_has_a_schema_and_a_message_of_its_own(
    row: EventType, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = event_schemas.schema(row)
    assert schema["$id"] == "urn:claimstream:rcm/events/FundsReceived/2"
    assert schema["title"] == "FundsReceived"
    assert event_schemas.path_of(row) == f"{event_schemas.FOLDER}/FundsReceived/2.json"
    monkeypatch.setattr(asyncapi, "CATALOG", (*CATALOG, row))
    messages = asyncapi.document()["components"]["messages"]
    assert (messages["FundsReceived"]["title"], messages["FundsReceivedV2"]["title"]) == (
        "FundsReceived 1",
        "FundsReceived 2",
    )
    assert messages["FundsReceivedV2"]["name"] == "FundsReceived"


def test_events_of_the_first_version_are_not_read_as_the_second(row: EventType) -> None:
    record = received_of(envelope(funds())).record
    headers = [
        (name, b"urn:claimstream:rcm/events/FundsReceived/2" if name == "ce_dataschema" else text)
        for name, text in record.headers
    ]
    with pytest.raises(Contract) as refusal:
        wire.read_event(headers, record.value)
    assert refusal.value.code == "schema_violated"
