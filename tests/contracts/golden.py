"""Golden records: two of every event type and version, written once and read for ever.

`python -m tests.contracts.golden` writes those that are missing and touches none that is there.
small: what is required, and no more. full: every field. The people are invented, the seals hold
nothing.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cli import event_schemas
from cli.asyncapi import publisher_of
from shared import ids
from shared.events.catalog import CATALOG, EventType, key_of
from shared.events.envelope import Envelope
from shared.messaging.received import KeptRecord, received_of

FOLDER = Path(__file__).with_name("golden")
SIZES = ("small", "full")

Json = dict[str, Any]

DAY, TIME = date(2026, 3, 2), datetime(2026, 3, 2, 14, 30, 15, 123456, tzinfo=UTC)
SEALED = "transit-1.c2VhbGVkOiBub2JvZHkgaXMgaW4gaGVyZS4="
NUMBERS = {
    "answer_days": 14,
    "appeal_days": 120,
    "attempt": 2,
    "claims": 3,
    "coding_version": 2,
    "filing_days": 90,
    "generation": 1,
    "line": 1,
    "offset_seconds": 86_400,
    "pointers": 2,
    "position": 4,
    "rank": 1,
    "units": 3,
    "version": 5,
}
TEXTS = {
    "acknowledgement": "999",
    "carc": "16",
    "category": "A7",
    "channel": "email",
    "city": "Springfield",
    "clp02": "1",
    "code": "99213",
    "coder_id": "coder-7",
    "control_number": "K7Q2M4X9",
    "diagnoses": "E11.9",
    "edi_id": "CS000000001",
    "email": "office@practice.example",
    "entity": "IL",
    "errors": "IK3:NM1",
    "filing_indicator": "CI",
    "first_name": "Vera",
    "frequency": "7",
    "group": "CO",
    "hold_reason": "biller",
    "kind": "initial",
    "last_name": "Inventa",
    "line1": "1 Invented Street",
    "line2": "Suite 2",
    "location": "lines/1",
    "message": "The line has no diagnosis.",
    "method": "coder",
    "mode": "test",
    "modifier": "26",
    "modifiers": "25",
    "name": "Invented Practice Ä & Ω",
    "npi": "1999999984",
    "outcome": "paid",
    "owner_of_next_action": "BILLER",
    "payer_control_number": "ICN-0042",
    "phone": "5555550100",
    "place_of_service": "11",
    "plan": 'Plan with "quotes" and a \\',
    "rarc": "M76",
    "reason": "reason",
    "reason_codes": "diagnosis_missing",
    "reference": "REF-17",
    "reject_code": "75",
    "relationship": "18",
    "remedy": "correct_and_resend",
    "reported_by": "PAYER",
    "rule": "R-12",
    "set_versions": "2026",
    "severity": "error",
    "source": "payer",
    "state": "IL",
    "status": "balanced",
    "target": "patient",
    "tax_id": "999999999",
    "taxonomy": "207Q00000X",
    "trace": "TRN-0001",
    "trigger": "encounter",
    "verdict": "active",
    "service_from": "2026-03-02",
    "service_to": "2026-03-04",
    "service_date": "2026-03-03",
    "zip_code": "627010001",
    "BalanceMoved.source": "rank:1",
    "ClaimClosed.reason": "paid",
    "ClaimDenied.category": "information",
    "ClaimRejected.status": "21",
    "CoverageInactive.reason": "6",
    "CoverageInactive.verdict": "inactive",
    "EligibilityFailed.verdict": "payer_down",
    "NotificationFailed.kind": "statement_ready",
    "NotificationSent.kind": "statement_ready",
    "NotificationSuppressed.kind": "statement_ready",
    "PatientPaymentReceived.channel": "card",
    "PayerChanged.code": "INV01",
    "PayerChanged.name": "Invented Health Plan",
    "ProviderAdjustmentPosted.reason": "WO",
}
KEYS = {"adjustments": "contractual", "set_versions": "icd10cm"}


class Golden(NamedTuple):
    """One frozen record, and the type, version and size it stands for."""

    type: str
    version: int
    size: str
    record: Json

    def kept(self) -> KeptRecord:
        """The record as a consumer gets it."""
        headers = [(name, text.encode()) for name, text in self.record["headers"].items()]
        value = msgspec.json.encode(self.record["value"])
        key = self.record["key"].encode()
        return KeptRecord(self.record["topic"], 0, 0, 0, key, value, headers)


def golden() -> Iterator[Golden]:
    """Every frozen record."""
    for path in sorted(FOLDER.glob("*/*.json")):
        records = json.loads(path.read_text())
        for size in SIZES:
            yield Golden(path.parent.name, int(path.stem), size, records[size])


def path_of(row: EventType) -> Path:
    """Where the records of a type and version stand."""
    return FOLDER / row.name / f"{row.version}.json"


def invented(schema: Json, *, full: bool) -> Json:
    """A value of a fact's schema with its required fields, or with all."""
    made: Json = _value(schema, schema, place=schema["title"], full=full)
    return made


def _value(schema: Json, whole: Json, *, place: str, full: bool) -> Any:
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    schema = schema.get("anyOf", [schema])[0]
    kind, field = schema["type"], place.rpartition(".")[2]
    if "properties" in schema:
        names = schema["properties"] if full else schema["required"]
        return {
            name: _value(schema["properties"][name], whole, place=f"{place}.{name}", full=full)
            for name in names
        }
    if kind == "array":
        return [_value(schema["items"], whole, place=place, full=full)] if full else []
    if kind == "object":
        inner = schema["additionalProperties"]
        return {KEYS[field]: _value(inner, whole, place=place, full=full)} if full else {}
    if kind == "boolean":
        return not schema.get("default", False)
    return _number(schema, field, place) if kind == "integer" else _text(schema, field, place)


def _number(schema: Json, field: str, place: str) -> int:
    return _spread(place, 100_000) if "x-unit" in schema else NUMBERS[field]


def _text(schema: Json, field: str, place: str) -> str:
    if given := TEXTS.get(place, TEXTS.get(field)):
        return given
    kind = schema.get("format")
    if kind == "uuid":
        return str(ids.derived(ids.NIL, place))
    if kind == "date":
        return (DAY + timedelta(days=_spread(place, 200))).isoformat()
    if kind == "date-time":
        return str(msgspec.to_builtins(TIME + timedelta(minutes=_spread(place, 9999))))
    if "x-sealed" in schema:
        return SEALED
    raise LookupError(f"{place}: TEXTS has no text for {field}")


def _spread(place: str, below: int) -> int:
    """A number that fields at different places do not share."""
    return zlib.crc32(place.encode()) % below


def _record(row: EventType, size: str) -> Json:
    full = size == "full"
    value = invented(event_schemas.schema(row), full=full)
    fact = msgspec.convert(value, row.fact, strict=False)
    key = key_of(fact)
    event = Envelope(
        id=ids.derived(key, f"{row.name}/{row.version}/{size}"),
        type=row.name,
        source=f"/claimstream/{publisher_of(row)}",
        subject=key,
        time=TIME,
        tenant_id=ids.derived(ids.NIL, "tenant"),
        practice_id=ids.derived(ids.NIL, "practice"),
        key=key,
        correlation_id=ids.derived(ids.NIL, "encounter"),
        causation_id=ids.derived(ids.NIL, "cause") if full else None,
        traceparent=f"00-{'a' * 32}-{'b' * 16}-01" if full else "",
        seq=7,
        version=row.version,
        data=fact,
    )
    record = received_of(event).record
    headers = {name: (text or b"").decode() for name, text in record.headers}
    return {"topic": row.topic, "key": str(key), "headers": headers, "value": value}


def write() -> None:
    """Write the records of types and versions that have none."""
    for row in CATALOG:
        path = path_of(row)
        if path.exists():
            continue
        records = {size: _record(row, size) for size in SIZES}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write()
