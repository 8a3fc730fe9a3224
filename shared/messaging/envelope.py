"""The wire form of an event: CloudEvents 1.0 in Kafka's binary mode, to and from an Envelope.

Attributes travel as record headers (docs/events), the fact is JSON in the value, the key is the
text of `ce_partitionkey`. The outbox keeps the headers as JSON without `ce_sequence`: an array of
the attributes in their order for an event, an object for anything else (a dead letter's copy).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from shared.database.transaction import Published
from shared.errors import Contract, Refused, Unreadable
from shared.events import catalog
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging.bus import Incoming

SCHEMA_ROOT = "urn:claimstream:rcm/events"
JSON = "application/json"
SEQUENCE = "ce_sequence"
TRACEPARENT = "traceparent"

Headers = dict[str, str]
Pairs = Sequence[tuple[str, bytes]]

_HEADER_NAMES = {
    "specversion": "ce_specversion",
    "id": "ce_id",
    "type": "ce_type",
    "source": "ce_source",
    "subject": "ce_subject",
    "time": "ce_time",
    "dataschema": "ce_dataschema",
    "content_type": "content-type",
    "tenant_id": "ce_tenantid",
    "practice_id": "ce_practiceid",
    "key": "ce_partitionkey",
    "correlation_id": "ce_correlationid",
    "causation_id": "ce_causationid",
    "traceparent": TRACEPARENT,
    "sequence": SEQUENCE,
}
_ATTRIBUTES = tuple(name for name in _HEADER_NAMES.values() if name != SEQUENCE)


class Attributes(Struct, frozen=True, kw_only=True, rename=_HEADER_NAMES):
    """The headers of an event, by their names on the wire."""

    specversion: str
    id: UUID
    type: str
    source: str
    subject: UUID
    time: datetime
    dataschema: str
    content_type: str
    tenant_id: UUID
    practice_id: UUID
    key: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str = ""
    sequence: Annotated[str, Meta(pattern="^[0-9]*$")] = ""


class _Reader(NamedTuple):
    """How the events of one type and version are read: whole, or the fact alone."""

    version: int
    envelope: msgspec.json.Decoder[Envelope[Fact]]
    fact: msgspec.json.Decoder[Fact]


def schema_of(name: str, version: int) -> str:
    """The `ce_dataschema` of a type and version."""
    return f"{SCHEMA_ROOT}/{name}/{version}"


def _reader(row: catalog.EventType) -> _Reader:
    whole = msgspec.json.Decoder(Envelope[row.fact])  # type: ignore[name-defined]
    return _Reader(row.version, whole, msgspec.json.Decoder(row.fact))


_READERS = {(row.name, schema_of(row.name, row.version)): _reader(row) for row in catalog.CATALOG}
_BY_TYPE_AND_SCHEMA = {
    (name.encode(), schema.encode()): reader for (name, schema), reader in _READERS.items()
}
_NAMES: dict[type[Fact], tuple[str, str]] = {
    row.fact: (row.name, schema_of(row.name, row.version)) for row in catalog.CATALOG
}
_encoder = msgspec.json.Encoder()
_headers_decoder = msgspec.json.Decoder(Headers)
_IN_ORDER = tuple(_HEADER_NAMES.values())
_CAUSE = _IN_ORDER.index("ce_causationid")
_WITHOUT_CAUSE = _IN_ORDER[:_CAUSE] + _IN_ORDER[_CAUSE + 1 :]


def encode_fact(fact: Fact) -> bytes:
    """The value of a record."""
    return _encoder.encode(fact)


def encode_attributes(told: Published, *, source: str, time: datetime, traceparent: str) -> str:
    """The headers of a published fact as the outbox keeps them."""
    name, schema = _NAMES[type(told.fact)]
    attributes = (
        "1.0",
        told.id,
        name,
        source,
        told.subject,
        time,
        schema,
        JSON,
        told.tenant_id,
        told.practice_id,
        told.key,
        told.correlation_id,
        told.causation_id or "",
        traceparent,
    )
    return _encoder.encode(attributes).decode()


def encode_headers(headers: Headers) -> str:
    """Headers of any record as the outbox keeps them."""
    return _encoder.encode(headers).decode()


def header_pairs(kept: str) -> list[tuple[str, bytes]]:
    """Headers from the outbox as a record carries them.

    No attribute of ours has a quote or a backslash in it, so the array is cut at its quotes: the
    relay does this for every event, and decoding JSON would cost five times as much.
    """
    if not kept.startswith("["):
        return [(name, value.encode()) for name, value in _headers_decoder.decode(kept).items()]
    values = kept[2:-2].encode().split(b'","')
    pairs = list(zip(_ATTRIBUTES, values, strict=True))
    return pairs if all(values) else [pair for pair in pairs if pair[1]]


def decode_headers(kept: str) -> Headers:
    """Headers from the outbox, by their names on the wire."""
    return {name: value.decode() for name, value in header_pairs(kept)}


def header(record: Incoming, name: str) -> str:
    """One header as text, "" where it is missing."""
    for candidate, value in record.headers:
        if candidate == name:
            return (value or b"").decode(errors="backslashreplace")
    return ""


def headers_of(record: Incoming) -> Headers:
    """All headers as text; bytes that are no UTF-8 are escaped, never lost."""
    return _as_text(record.headers)


def read_event(headers: Pairs, value: bytes | None) -> Envelope[Fact]:
    """An event from the headers and the value of a record.

    Raises Unreadable or Contract, never with a value. What looks just as the relay writes it is
    read in one step; whatever does not pass there is read again by name, to say what is wrong.
    """
    return _read_at_once(headers, value) or _read_by_name(headers, value)


def _read_at_once(headers: Pairs, value: bytes | None) -> Envelope[Fact] | None:
    """Headers and fact as one JSON array, at half the cost; None where anything is unusual.

    No header of ours has a quote or a backslash in it, so its bytes stand for themselves.
    """
    try:
        names, values = zip(*headers, strict=True)
        reader = _BY_TYPE_AND_SCHEMA[values[2], values[6]]
        caused = names == _IN_ORDER
        plain = b'","'.join(values[1:6] + values[8 : 13 if caused else 12])
        between = b"" if caused else b"null,"
        head = b'["%b",%b"%b",%b,%d,' % (plain, between, values[-2], values[-1], reader.version)
        quotes = 2 * (len(values) - 4)
        if (
            (caused or names == _WITHOUT_CAUSE)
            and values[0] == b"1.0"
            and values[7] == b"application/json"
            and values[-1].isdigit()
            and head.count(b'"') == quotes
            and b"\\" not in head
        ):
            return reader.envelope.decode(head + value + b"]")  # type: ignore[operator]
    except (ValueError, LookupError, TypeError, AttributeError):  # msgspec's errors are ValueErrors
        pass
    return None


def _read_by_name(headers: Pairs, value: bytes | None) -> Envelope[Fact]:
    attributes = _attributes(headers)
    if attributes.content_type != JSON:
        raise Unreadable("content_type_unknown", "The event is not JSON by its content type.")
    if value is None:
        raise Unreadable("value_missing", "The event has no content.")
    reader = _READERS.get((attributes.type, attributes.dataschema))
    if reader is None:
        raise Contract("version_unknown", "The event has a version this service does not read.")
    return Envelope(
        id=attributes.id,
        type=attributes.type,
        source=attributes.source,
        subject=attributes.subject,
        time=attributes.time,
        tenant_id=attributes.tenant_id,
        practice_id=attributes.practice_id,
        key=attributes.key,
        correlation_id=attributes.correlation_id,
        causation_id=attributes.causation_id,
        traceparent=attributes.traceparent,
        seq=int(attributes.sequence or "0"),
        version=reader.version,
        data=_fact(reader, value),
    )


def _attributes(headers: Pairs) -> Attributes:
    try:
        return msgspec.convert(_as_text(headers), Attributes, strict=False)
    except msgspec.ValidationError:
        pass
    raise Unreadable("headers_unreadable", "The headers of the event cannot be read.")


def _as_text(headers: Pairs) -> Headers:
    """By name; Kafka allows a header without a value, which reads as an empty one."""
    try:
        return {name: value.decode() for name, value in headers}
    except (UnicodeDecodeError, AttributeError):
        return {name: (value or b"").decode(errors="backslashreplace") for name, value in headers}


def _fact(reader: _Reader, value: bytes) -> Fact:
    refusal: Refused
    try:
        return reader.fact.decode(value)
    except msgspec.ValidationError:
        refusal = Contract("schema_violated", "The event is not of the shape that was promised.")
    except (msgspec.DecodeError, UnicodeDecodeError):
        refusal = Unreadable("value_unreadable", "The content of the event is not JSON.")
    raise refusal
