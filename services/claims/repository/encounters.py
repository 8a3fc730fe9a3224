"""The row on which coding and eligibility meet, and the coding versions frozen beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.claims.domain.case import member_of
from services.claims.domain.claim import CodedLine, Coding, CoverageTerms, Key
from services.claims.domain.drafting import Verdict
from services.claims.domain.parties import Parties
from services.claims.repository.rows import as_json, as_keys, from_json
from shared import ids
from shared.database import Transaction
from shared.events.people import MemberIdentity
from shared.money import Money
from shared.sealing import Cell

PARTIES = "codings.parties"

_MEET_CODED = text("""
    insert into encounters (tenant_id, id, practice_id, coding_version)
    select tenant_id, id, practice_id, coding_version
      from json_populate_recordset(cast(null as encounters), cast(:rows as json))
     order by tenant_id, id
        on conflict (tenant_id, id) do update
       set coding_version = greatest(encounters.coding_version, excluded.coding_version)
    returning tenant_id, id, practice_id, coding_version, verdict
""")

_MEET_VERDICTS = text("""
    insert into encounters (tenant_id, id, practice_id, verdict, verdict_at)
    select tenant_id, id, practice_id, verdict, verdict_at
      from json_populate_recordset(cast(null as encounters), cast(:rows as json))
     order by tenant_id, id
        on conflict (tenant_id, id) do update
       set verdict = excluded.verdict, verdict_at = excluded.verdict_at
    returning tenant_id, id, practice_id, coding_version, verdict
""")

_LOCK = text("""
    select t.tenant_id, t.id, t.practice_id, t.coding_version, t.verdict
      from encounters t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.id) = (wanted.tenant_id, wanted.id)
     order by t.tenant_id, t.id
       for update of t
""")

_KEEP_CODINGS = text("""
    insert into codings
    select * from json_populate_recordset(cast(null as codings), cast(:rows as json))
        on conflict (tenant_id, id) do nothing
    returning tenant_id, encounter_id
""")

_CODINGS = text("""
    select t.* from codings t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.id) = (wanted.tenant_id, wanted.id)
""")


@dataclass(frozen=True, slots=True)
class Meeting:
    """An encounter under lock: which halves are there. coding_version 0: not coded yet."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    coding_version: int
    verdict: Verdict | None

    @property
    def key(self) -> Key:
        """Tenant and encounter."""
        return Key(self.tenant_id, self.id)


@dataclass(frozen=True, slots=True)
class Coded:
    """A coding version with the people it is about."""

    tenant_id: UUID
    encounter_id: UUID
    practice_id: UUID
    patient_id: UUID
    coding: Coding
    parties: Parties

    @property
    def key(self) -> Key:
        """Tenant and encounter."""
        return Key(self.tenant_id, self.encounter_id)


def coding_id(encounter_id: UUID, version: int) -> UUID:
    """The id of a coding version: the same for ever."""
    return ids.derived(encounter_id, f"coding:{version}")


def member_of_rank(coded: Coded, rank: int) -> MemberIdentity:
    """The member identity of the coverage of that rank, as it was coded."""
    return member_of(coded.coding, coded.parties, rank)


async def meet_coded(tx: Transaction, coded: Sequence[Coded]) -> dict[Key, Meeting]:
    """Upsert and lock the encounters of codings, each encounter once."""
    rows = (
        {
            "tenant_id": each.tenant_id,
            "id": each.encounter_id,
            "practice_id": each.practice_id,
            "coding_version": each.coding.version,
        }
        for each in coded
    )
    return _meetings(await tx.rows(_MEET_CODED, {"rows": as_json(rows)}))


async def meet_verdicts(
    tx: Transaction, verdicts: Mapping[Key, tuple[UUID, Verdict]], *, at: datetime
) -> dict[Key, Meeting]:
    """Upsert and lock the encounters of verdicts; the last verdict counts.

    verdicts: key of the encounter -> practice and verdict.
    """
    rows = (
        {
            "tenant_id": key.tenant_id,
            "id": key.id,
            "practice_id": practice_id,
            "verdict": verdict,
            "verdict_at": at,
        }
        for key, (practice_id, verdict) in verdicts.items()
    )
    return _meetings(await tx.rows(_MEET_VERDICTS, {"rows": as_json(rows)}))


async def lock_encounters(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Meeting]:
    """The encounters under lock; unknown ones are left out."""
    return _meetings(await tx.rows(_LOCK, as_keys(keys)))


def _meetings(rows: Iterable[Row[Any]]) -> dict[Key, Meeting]:
    meetings = (
        Meeting(
            row.tenant_id,
            row.id,
            row.practice_id,
            row.coding_version,
            Verdict(row.verdict) if row.verdict else None,
        )
        for row in rows
    )
    return {each.key: each for each in meetings}


async def keep_codings(tx: Transaction, coded: Sequence[Coded]) -> set[Key]:
    """Keep coding versions, people sealed; the keys of those that were not there yet."""
    rows = []
    for each in coded:
        row_id = coding_id(each.encounter_id, each.coding.version)
        rows.append(
            {
                "tenant_id": each.tenant_id,
                "id": row_id,
                "encounter_id": each.encounter_id,
                "version": each.coding.version,
                "practice_id": each.practice_id,
                "patient_id": each.patient_id,
                "service_from": each.coding.service_from,
                "service_to": each.coding.service_to,
                "charge_cents": each.coding.charge.cents,
                "content": _content(each.coding),
                "parties": tx.keys.seal_column(
                    Cell(tx.service, each.tenant_id, PARTIES, row_id), each.parties
                ),
            }
        )
    kept = await tx.rows(_KEEP_CODINGS, {"rows": as_json(rows)})
    return {Key(row.tenant_id, row.encounter_id) for row in kept}


async def codings(
    tx: Transaction, wanted: Iterable[tuple[UUID, UUID, int]]
) -> dict[tuple[UUID, UUID, int], Coded]:
    """Coding versions by (tenant, encounter, version), people opened."""
    keys = [(tenant, coding_id(encounter, version)) for tenant, encounter, version in wanted]
    rows = await tx.rows(_CODINGS, as_keys(keys))
    return {(row.tenant_id, row.encounter_id, row.version): _coded(tx, row) for row in rows}


def _coded(tx: Transaction, row: Row[Any]) -> Coded:
    cell = Cell(tx.service, row.tenant_id, PARTIES, row.id)
    parties = tx.keys.open_column(cell, row.parties, Parties)
    return Coded(
        row.tenant_id,
        row.encounter_id,
        row.practice_id,
        row.patient_id,
        read_coding(row),
        parties,
    )


def _content(coding: Coding) -> dict[str, object]:
    return {
        "diagnoses": coding.diagnoses,
        "lines": [
            {
                "line": line.line,
                "code": line.code,
                "modifiers": line.modifiers,
                "units": line.units,
                "pointers": line.pointers,
                "charge_cents": line.charge.cents,
                "service_date": line.service_date,
            }
            for line in coding.lines
        ],
        "coverages": [
            {
                "coverage_id": terms.coverage_id,
                "payer_id": terms.payer_id,
                "rank": terms.rank,
                "relationship": terms.relationship,
            }
            for terms in coding.coverages
        ],
        "rendering_provider_id": coding.rendering_provider_id,
        "referring_provider_id": coding.referring_provider_id,
        "place_of_service": coding.place_of_service,
    }


def read_coding(row: Row[Any]) -> Coding:
    """The coding of a row with version, service dates and content."""
    content = from_json(row.content)
    referring = content["referring_provider_id"]
    return Coding(
        version=row.version,
        diagnoses=tuple(content["diagnoses"]),
        lines=tuple(_line(line) for line in content["lines"]),
        coverages=tuple(_terms(terms) for terms in content["coverages"]),
        rendering_provider_id=UUID(content["rendering_provider_id"]),
        referring_provider_id=None if referring is None else UUID(referring),
        service_from=row.service_from,
        service_to=row.service_to,
        place_of_service=content["place_of_service"],
    )


def _line(line: Mapping[str, Any]) -> CodedLine:
    return CodedLine(
        line=line["line"],
        code=line["code"],
        modifiers=tuple(line["modifiers"]),
        units=line["units"],
        pointers=tuple(line["pointers"]),
        charge=Money(line["charge_cents"]),
        service_date=date.fromisoformat(line["service_date"]),
    )


def _terms(terms: Mapping[str, Any]) -> CoverageTerms:
    return CoverageTerms(
        coverage_id=UUID(terms["coverage_id"]),
        payer_id=UUID(terms["payer_id"]),
        rank=terms["rank"],
        relationship=terms["relationship"],
    )
