"""SQL of encounters, their lines, and the files they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.coding.domain.encounter import Circumstances, Coding, Content, Line
from services.coding.domain.findings import Finding
from services.coding.domain.lifecycle import EncounterStatus
from services.coding.repository import SERVICE
from services.coding.repository.rows import SCOPED, Listing, as_rows, from_json, scope, texts
from shared.database import Transaction
from shared.errors import NotFound
from shared.money import Money
from shared.sealing import Cell

CONTENT_PLACE = "encounters.content_sealed"
RAW_PLACE = "documents.raw_sealed"


class Encounter(NamedTuple):
    """One encounter as coding keeps it; coding and findings are the latest, tidy and priced."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    external_index: bytes
    fingerprint: bytes
    status: EncounterStatus
    patient_id: UUID
    rendering_provider_id: UUID
    referring_provider_id: UUID | None
    circumstances: Circumstances
    coding_version: int
    coding: Coding
    findings: tuple[Finding, ...]
    document_id: UUID | None
    content_sealed: str
    created_at: datetime


class Document(NamedTuple):
    """A file as it was received, sealed."""

    id: UUID
    media_type: str
    size_bytes: int
    raw_sealed: str


COLUMNS = """e.tenant_id, e.id, e.practice_id, e.external_index, e.fingerprint, e.status,
    e.patient_id, e.rendering_provider_id, e.referring_provider_id, e.service_from, e.service_to,
    e.place_of_service, e.coding_version, e.diagnoses, e.findings, e.document_id, e.content_sealed,
    e.created_at"""

ADD_DOCUMENT = text(
    """
    insert into documents (tenant_id, id, media_type, size_bytes, raw_sealed, received_at)
    values (:tenant, :id, :media_type, :size, :raw, :at)
    """
)

ADD = text(
    """
    insert into encounters
    select * from json_populate_recordset(cast(null as encounters), cast(:rows as json))
    """
)

SAVE = text(
    """
    update encounters set status = :status, coding_version = :version,
        diagnoses = cast(:diagnoses as text[]), findings = cast(:findings as jsonb),
        updated_at = :at
    where tenant_id = :tenant and id = :id
    """
)

ADD_LINES = text(
    """
    insert into lines
    select * from json_populate_recordset(cast(null as lines), cast(:rows as json))
    """
)

DROP_LINES = text("delete from lines where tenant_id = :tenant and encounter_id = :id")

LINES = text(
    """
    select encounter_id, code, modifiers, units, pointers, charge_cents, service_date from lines
    where tenant_id = :tenant and encounter_id = any (cast(:ids as uuid[]))
    order by encounter_id, line
    """
)

BY_EXTERNAL = text(
    f"""
    select {COLUMNS} from encounters e
    where e.tenant_id = :tenant and e.external_index = any (cast(:indexes as bytea[]))
    """  # noqa: S608 - the column list is a literal of this module
)

ONE = text(
    f"""
    select {COLUMNS} from encounters e
    where e.tenant_id = :tenant and e.id = :id and {SCOPED.format(table="e")}
    """  # noqa: S608 - the column list is a literal of this module
)

LOCK = text("select id from encounters where tenant_id = :tenant and id = :id for update")

PAGE = text(
    f"""
    select {COLUMNS} from encounters e
    where e.tenant_id = :tenant and {SCOPED.format(table="e")}
        and (cast(:statuses as text[]) is null or e.status = any (cast(:statuses as text[])))
        and (cast(:practice as uuid) is null or e.practice_id = cast(:practice as uuid))
        and (cast(:external as bytea) is null or e.external_index = cast(:external as bytea))
        and (cast(:after_at as timestamptz) is null
            or (e.created_at, e.id) < (:after_at, cast(:after_id as uuid)))
    order by e.created_at desc, e.id desc limit :limit
    """  # noqa: S608 - the column list is a literal of this module
)


def _encounter(row: Any, lines: Sequence[Line]) -> Encounter:
    return Encounter(
        tenant_id=row.tenant_id,
        id=row.id,
        practice_id=row.practice_id,
        external_index=bytes(row.external_index),
        fingerprint=bytes(row.fingerprint),
        status=EncounterStatus(row.status),
        patient_id=row.patient_id,
        rendering_provider_id=row.rendering_provider_id,
        referring_provider_id=row.referring_provider_id,
        circumstances=Circumstances(row.service_from, row.service_to, row.place_of_service),
        coding_version=row.coding_version,
        coding=Coding(tuple(row.diagnoses), tuple(lines)),
        findings=msgspec.convert(from_json(row.findings), tuple[Finding, ...]),
        document_id=row.document_id,
        content_sealed=row.content_sealed,
        created_at=row.created_at,
    )


async def _with_lines(tx: Transaction, rows: Sequence[Any]) -> list[Encounter]:
    params = {"tenant": tx.tenant_id, "ids": texts(row.id for row in rows)}
    lines: dict[UUID, list[Line]] = {row.id: [] for row in rows}
    for row in await tx.rows(LINES, params):
        line = Line(
            row.code,
            tuple(row.modifiers),
            row.units,
            tuple(row.pointers),
            Money(row.charge_cents),
            row.service_date,
        )
        lines[row.encounter_id].append(line)
    return [_encounter(row, lines[row.id]) for row in rows]


async def add_document(tx: Transaction, document: Document, at: datetime) -> None:
    """Keep a file as it was received."""
    params = {
        "tenant": tx.tenant_id,
        "id": document.id,
        "media_type": document.media_type,
        "size": document.size_bytes,
        "raw": document.raw_sealed,
        "at": at,
    }
    await tx.run(ADD_DOCUMENT, params)


async def add(tx: Transaction, encounters: Sequence[Encounter]) -> None:
    """Store new encounters with their lines."""
    await tx.run(ADD, as_rows(_row(one) for one in encounters))
    await tx.run(ADD_LINES, as_rows(row for one in encounters for row in _line_rows(one)))


def _row(encounter: Encounter) -> dict[str, object]:
    span = encounter.circumstances
    return {
        "tenant_id": encounter.tenant_id,
        "id": encounter.id,
        "practice_id": encounter.practice_id,
        "external_index": encounter.external_index,
        "fingerprint": encounter.fingerprint,
        "status": encounter.status.value,
        "patient_id": encounter.patient_id,
        "rendering_provider_id": encounter.rendering_provider_id,
        "referring_provider_id": encounter.referring_provider_id,
        "service_from": span.service_from,
        "service_to": span.service_to,
        "place_of_service": span.place_of_service,
        "coding_version": encounter.coding_version,
        "diagnoses": encounter.coding.diagnoses,
        "findings": encounter.findings,
        "document_id": encounter.document_id,
        "content_sealed": encounter.content_sealed,
        "created_at": encounter.created_at,
        "updated_at": encounter.created_at,
    }


def _line_rows(encounter: Encounter) -> Iterable[dict[str, object]]:
    for number, line in enumerate(encounter.coding.lines, start=1):
        yield {
            "tenant_id": encounter.tenant_id,
            "encounter_id": encounter.id,
            "line": number,
            "code": line.code,
            "modifiers": line.modifiers,
            "units": line.units,
            "pointers": line.pointers,
            "charge_cents": line.charge.cents,
            "service_date": line.service_date,
        }


async def save_coding(tx: Transaction, encounter: Encounter, at: datetime) -> None:
    """Store status, version, diagnoses and lines of an encounter as given."""
    place = {"tenant": encounter.tenant_id, "id": encounter.id}
    told = {
        "status": encounter.status.value,
        "version": encounter.coding_version,
        "diagnoses": list(encounter.coding.diagnoses),
        "findings": msgspec.json.encode(encounter.findings).decode(),
        "at": at,
    }
    await tx.run(SAVE, {**place, **told})
    await tx.run(DROP_LINES, place)
    await tx.run(ADD_LINES, as_rows(_line_rows(encounter)))


async def by_external(
    tx: Transaction, indexes: Iterable[bytes]
) -> dict[tuple[UUID, bytes], Encounter]:
    """Known encounters by (practice, external index)."""
    params = {"tenant": tx.tenant_id, "indexes": sorted(set(indexes))}
    found = await _with_lines(tx, await tx.rows(BY_EXTERNAL, params))
    return {(one.practice_id, one.external_index): one for one in found}


async def one(
    tx: Transaction,
    encounter_id: UUID,
    practices: Iterable[UUID] | None,
    *,
    for_update: bool = False,
) -> Encounter:
    """An encounter inside the caller's practices, locked on demand; NotFound otherwise."""
    place = {"tenant": tx.tenant_id, "id": encounter_id}
    if for_update:
        await tx.rows(LOCK, place)
    rows = await tx.rows(ONE, {**place, "practices": scope(practices)})
    if not rows:
        raise NotFound("encounter_not_found", "There is no such encounter.")
    return (await _with_lines(tx, rows))[0]


class Search(NamedTuple):
    """Which encounters to list; None = any."""

    statuses: Sequence[str] | None
    practice: UUID | None
    external_index: bytes | None


async def page(tx: Transaction, search: Search, listing: Listing) -> list[Encounter]:
    """Newest first, after the position (created_at, id)."""
    wanted = {
        "tenant": tx.tenant_id,
        "statuses": search.statuses or None,
        "practice": None if search.practice is None else str(search.practice),
        "external": search.external_index,
    }
    return await _with_lines(tx, await tx.rows(PAGE, {**wanted, **listing.params()}))


def content(tx: Transaction, encounter: Encounter) -> Content:
    """The sealed part of an encounter, opened."""
    cell = Cell(SERVICE, encounter.tenant_id, CONTENT_PLACE, encounter.id)
    return tx.keys.open_column(cell, encounter.content_sealed, Content)
