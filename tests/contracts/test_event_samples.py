"""Records of every type and version ever published are read, by each of their consumers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cli import event_schemas
from cli.asyncapi import handled_by
from cli.documents import ROOT
from cli.everything import SERVICES
from shared.events.catalog import BY_FACT, CATALOG, key_of
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging import envelope as wire
from shared.messaging.received import Reader, Received
from shared.service import Service
from tests.contracts.golden import SIZES, Golden, golden
from tests.support.event_schemas import breaches

Json = dict[str, Any]

RECORDS = list(golden())
TOLD = [f"{each.type}-{each.version}-{each.size}" for each in RECORDS]
ATTRIBUTES = {
    "ce_id": "id",
    "ce_type": "type",
    "ce_source": "source",
    "ce_subject": "subject",
    "ce_time": "time",
    "ce_tenantid": "tenant_id",
    "ce_practiceid": "practice_id",
    "ce_partitionkey": "key",
    "ce_correlationid": "correlation_id",
    "ce_causationid": "causation_id",
    "traceparent": "traceparent",
    "ce_sequence": "seq",
}


def lost(sample: Any, read: Any, place: str = "") -> list[str]:
    """Where a read value is not what the sample says; fields that came later may be there too."""
    if isinstance(sample, dict) and isinstance(read, dict):
        return [
            each
            for name, value in sample.items()
            for each in lost(value, read.get(name, "nothing"), f"{place}.{name}")
        ]
    if isinstance(sample, list) and isinstance(read, list) and len(sample) == len(read):
        pairs = zip(sample, read, strict=True)
        return [each for old, new in pairs for each in lost(old, new, f"{place}[]")]
    same = type(sample) is type(read) and sample == read
    return [] if same else [f"{place}: {sample!r} is read as {read!r}"]


@pytest.mark.parametrize("record", RECORDS, ids=TOLD)
def test_a_golden_record_is_read_with_every_value(record: Golden) -> None:
    kept = record.kept()
    event = wire.read_event(kept.headers, kept.value)
    assert lost(record.record["value"], msgspec.json.decode(wire.encode_fact(event.data))) == []
    assert attributes_of(event) == {"ce_causationid": "", "traceparent": ""} | {
        name: text for name, text in record.record["headers"].items() if name in ATTRIBUTES
    }
    assert event.version == record.version
    assert record.record["topic"] == BY_FACT[type(event.data)].topic
    assert str(key_of(event.data)) == record.record["key"]
    assert wire.read_event(kept.headers[::-1], kept.value) == event


def attributes_of(event: Envelope[Fact]) -> dict[str, str]:
    values = msgspec.to_builtins(event._asdict())
    return {name: str(values[field] or "") for name, field in ATTRIBUTES.items()}


@pytest.mark.parametrize("record", RECORDS, ids=TOLD)
def test_every_consumer_of_a_type_reads_its_golden_records(record: Golden) -> None:
    consumers = [each for each in SERVICES if record.type in types_of(each)]
    for service in consumers:
        handlers = dict.fromkeys(handled_by(service), nobody)
        received = Reader(handlers).read(record.kept())
        assert isinstance(received, Received), service.name
        assert type(received.event.data) in handlers, f"{service.name} reads it and drops it"


def types_of(service: Service) -> set[str]:
    """A consumer of one version of a type must handle all: what it left out would be lost."""
    return {BY_FACT[fact].name for fact in handled_by(service)}


async def nobody(events: object, tx: object) -> None:
    """Stands for a handler: what counts here is that there is one."""


def test_every_type_and_version_has_its_golden_records() -> None:
    found = {(each.type, each.version, each.size) for each in RECORDS}
    wanted = {(row.name, row.version, size) for row in CATALOG for size in SIZES}
    assert wanted - found == set(), "run `python -m tests.contracts.golden`"
    assert found - wanted == set(), "events of it were published: its reader has to stay"


def test_every_golden_record_fits_its_schema() -> None:
    schemas = event_schemas.written(ROOT)
    for record in RECORDS:
        assert breaches(record.kept()) == []
        schema = schemas[f"{event_schemas.FOLDER}/{record.type}/{record.version}.json"]
        assert set(schema["required"]) <= set(record.record["value"]), record.type


def test_a_record_that_is_not_as_described_is_seen() -> None:
    record = RECORDS[0].kept()
    value = msgspec.json.decode(record.value or b"")
    name = RECORDS[0].type
    more = msgspec.structs.replace(record, value=msgspec.json.encode({**value, "more": 1}))
    assert breaches(more) == [f"/{name}/1 value $ breaks additionalProperties"]
    wrong = msgspec.structs.replace(record, value=msgspec.json.encode({**value, "claim_id": "7"}))
    assert breaches(wrong) == [f"/{name}/1 value $.claim_id breaks format"]
    header = msgspec.structs.replace(record, headers=[*record.headers, ("ce_name", b"x")])
    assert breaches(header) == [f"/{name}/1 header $ breaks additionalProperties"]


def test_what_is_lost_in_reading_is_seen() -> None:
    sample = {"a": 1, "b": [{"c": "x"}]}
    assert lost(sample, {"a": 1, "b": [{"c": "x", "new": 2}], "newer": None}) == []
    assert lost(sample, {"a": 1.0, "b": [{"c": "x"}]}) == [".a: 1 is read as 1.0"]
    assert lost(sample, {"a": 1, "b": [{}]}) == [".b[].c: 'x' is read as 'nothing'"]
    assert lost(sample, {"a": 1, "b": []}) == [".b: [{'c': 'x'}] is read as []"]
