"""Book an encounter's charges once: against its payer when billed, else against its patient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from services.payments.actions import waking
from services.payments.domain.charging import (
    INSURANCE,
    PATIENT,
    Encounter,
    carried_rank,
    charges,
    charges_source,
    charges_taken_back,
)
from services.payments.domain.matching import ClaimedLine
from services.payments.domain.postings import Entry, LedgerTransaction, entries, mirrored
from services.payments.repository import claims, encounters, ledger
from services.payments.repository.claims import Submitted
from services.payments.repository.encounters import Seen
from shared import clock, ids
from shared.database import Transaction
from shared.events.claims import ClaimLine, ClaimSubmitted
from shared.events.coding import CodedLine, EncounterCoded
from shared.events.eligibility import CoverageInactive
from shared.events.envelope import Envelope
from shared.events.people import PersonIdentity
from shared.sealing import Cell

Key = tuple[UUID, UUID]


class _Books:
    """The encounters of one batch as they change, and the ledger transactions they lead to."""

    def __init__(self, known: dict[Key, Encounter]) -> None:
        self.known = known
        self.changed: dict[Key, Encounter] = {}
        self.booked: list[LedgerTransaction] = []
        self.taken_back: list[Encounter] = []

    def change(self, encounter: Encounter) -> None:
        key = encounter.tenant_id, encounter.id
        self.known[key] = self.changed[key] = encounter

    def charge(self, encounter: Encounter, lines: Sequence[ClaimedLine], rank: int | None) -> None:
        """Book the charges against the payer of that rank, or (None) against the patient."""
        owed_by = PATIENT if rank is None else INSURANCE
        source = charges_source(encounter.id, owed_by)
        self.booked.append(_booked(encounter, source, entries(charges(lines, rank=rank))))
        self.change(replace(encounter, charged_to=owed_by))


async def take_coded(tx: Transaction, events: Sequence[Envelope[EncounterCoded]]) -> None:
    """Keep the newest coding of each encounter; what nobody covers becomes the patient's."""
    await waking.claims_of(tx, events)
    seen = [_seen(event, event.data.patient.patient_id) for event in events]
    books = _Books(await encounters.locked(tx, seen))
    identities: dict[Key, str] = {}
    for event in events:
        key = event.tenant_id, event.data.encounter_id
        known = books.known[key]
        if event.data.coding_version <= known.coding_version:
            continue
        books.change(_coded(known, event))
        identities[key] = _resealed(tx, event)
        _charge_patient(tx, books, event)
    await encounters.save(tx, books.changed.values(), identities)
    await ledger.append(tx, books.booked)


async def take_uncovered(tx: Transaction, events: Sequence[Envelope[CoverageInactive]]) -> None:
    """Note that the first payer does not cover the encounter (other ranks decide nothing)."""
    first = [event for event in events if event.data.rank == 1]
    if not first:
        return
    books = _Books(await encounters.locked(tx, [_seen(e, e.data.patient_id) for e in first]))
    for event in first:
        known = books.known[event.tenant_id, event.data.encounter_id]
        books.change(replace(known, is_uncovered=True))
        _charge_patient(tx, books, event)
    await encounters.save(tx, books.changed.values(), {})
    await ledger.append(tx, books.booked)


async def take_submitted(tx: Transaction, events: Sequence[Envelope[ClaimSubmitted]]) -> None:
    """Keep the claims; the first of an encounter books its charges against that payer."""
    await waking.claims_held(tx, events)
    books = _Books(await encounters.locked(tx, [_seen(e, e.data.patient_id) for e in events]))
    await claims.keep(tx, [_submitted(event) for event in events])
    for event in events:
        known = books.known[event.tenant_id, event.data.encounter_id]
        if known.charged_to == INSURANCE:
            continue
        if known.charged_to == PATIENT:
            books.taken_back.append(known)
        books.charge(known, _lines(event.data.lines), event.data.rank)
    books.booked.extend(await _taken_back(tx, books.taken_back))
    await encounters.save(tx, books.changed.values(), {})
    await ledger.append(tx, books.booked)
    await waking.claims_submitted(tx, events)


def _charge_patient(
    tx: Transaction,
    books: _Books,
    event: Envelope[EncounterCoded] | Envelope[CoverageInactive],
) -> None:
    known = books.known[event.tenant_id, event.data.encounter_id]
    if known.is_self_pay:
        books.charge(known, known.lines, None)
        waking.statement(tx, known.account_id, event)


async def _taken_back(tx: Transaction, found: Iterable[Encounter]) -> list[LedgerTransaction]:
    """Mirrors of charges that were the patient's, now that a payer is billed after all."""
    originals = {
        (each.tenant_id, ids.derived(charges_source(each.id, PATIENT), "ledger")): each
        for each in found
    }
    booked = await ledger.booked(tx, originals)
    return [
        replace(_booked(each, charges_taken_back(each.id), mirrored(booked[key])), mirrors=key[1])
        for key, each in originals.items()
        if key in booked
    ]


def _booked(encounter: Encounter, source: UUID, legs: tuple[Entry, ...]) -> LedgerTransaction:
    return LedgerTransaction(
        source_event=source,
        tenant_id=encounter.tenant_id,
        practice_id=encounter.practice_id,
        booked_on=clock.today(),
        entries=legs,
        account_id=encounter.account_id,
        encounter_id=encounter.id,
    )


def _coded(known: Encounter, event: Envelope[EncounterCoded]) -> Encounter:
    return replace(
        known,
        practice_id=event.practice_id,
        coding_version=event.data.coding_version,
        service_date=event.data.service_from,
        lines=_lines(event.data.lines),
        ranks=tuple(sorted({coverage.rank for coverage in event.data.coverages})),
    )


def _resealed(tx: Transaction, event: Envelope[EncounterCoded]) -> str:
    """The patient's identity, from the transit key of events to the store key of this service."""
    sealed = event.data.patient.identity
    person = tx.keys.open_event(event.tenant_id, sealed, PersonIdentity)
    cell = Cell(tx.service, event.tenant_id, "encounters.identity", event.data.encounter_id)
    return tx.keys.seal_column(cell, person)


def _lines(lines: Iterable[CodedLine | ClaimLine]) -> tuple[ClaimedLine, ...]:
    return tuple(ClaimedLine(each.line, each.code, each.charge_cents) for each in lines)


def _seen(
    event: Envelope[EncounterCoded] | Envelope[CoverageInactive] | Envelope[ClaimSubmitted],
    patient_id: UUID,
) -> Seen:
    return Seen(
        event.tenant_id,
        event.data.encounter_id,
        event.practice_id,
        ids.account_id(patient_id),
        patient_id,
    )


def _submitted(event: Envelope[ClaimSubmitted]) -> Submitted:
    return Submitted(
        tenant_id=event.tenant_id,
        id=event.data.claim_id,
        practice_id=event.practice_id,
        encounter_id=event.data.encounter_id,
        account_id=ids.account_id(event.data.patient_id),
        payer_id=event.data.payer_id,
        rank=carried_rank(event.data.rank),
        control_number=event.data.control_number,
        version=event.data.version,
        charge_cents=event.data.charge_cents,
        lines=_lines(event.data.lines),
    )
