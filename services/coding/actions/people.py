"""Patients and coverages recognised: an id is minted once and found again by blind index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.coding.domain.encounter import CoverageGiven, CoverageKept, Submission
from services.coding.domain.people import natural_key
from services.coding.repository import SERVICE, people
from services.coding.repository.people import IDENTITY_PLACE, CoverageKey
from shared import ids
from shared.database import Transaction
from shared.sealing import Cell


class Guest(NamedTuple):
    """A submission with its practice and the payers its coverages name, in their order."""

    submission: Submission
    practice_id: UUID
    payer_ids: tuple[UUID, ...]


class Recognised(NamedTuple):
    """Our ids for the people of one submission."""

    patient_id: UUID
    coverages: tuple[CoverageKept, ...]


def as_lock(index: bytes) -> UUID:
    """A number for an advisory lock on what a blind index stands for."""
    return UUID(bytes=index[:16])


async def recognise(tx: Transaction, guests: Sequence[Guest], at: datetime) -> list[Recognised]:
    """The ids of each guest's patient and coverages; identities are kept as they are now."""
    indexes = [_patient_index(tx, guest) for guest in guests]
    await tx.lock("patient", map(as_lock, indexes))
    patients = await people.patients(tx, indexes)
    patients |= {index: ids.new() for index in indexes if index not in patients}
    rows = {
        index: _patient_row(tx, guest, patients[index], index=index, at=at)
        for guest, index in zip(guests, indexes, strict=True)
    }
    await people.keep_patients(tx, (rows[index] for index in sorted(rows)))
    keys = [
        [
            _coverage_key(tx, patients[index], payer, given=given)
            for payer, given in zip(guest.payer_ids, guest.submission.coverages, strict=True)
        ]
        for guest, index in zip(guests, indexes, strict=True)
    ]
    known = await _coverage_ids(tx, [key for each in keys for key in each], at)
    return [
        Recognised(
            patients[index],
            tuple(
                _kept(given, known[key], key.payer_id)
                for given, key in zip(guest.submission.coverages, each, strict=True)
            ),
        )
        for guest, index, each in zip(guests, indexes, keys, strict=True)
    ]


async def _coverage_ids(
    tx: Transaction, keys: Sequence[CoverageKey], at: datetime
) -> dict[CoverageKey, UUID]:
    """Known and new coverages; the lock on their patient keeps others from adding the same."""
    known = await people.coverages(tx, [key.member_index for key in keys])
    new = {key: ids.new() for key in keys if key not in known}
    rows = [
        {**key._asdict(), "tenant_id": tx.tenant_id, "id": one, "created_at": at}
        for key, one in new.items()
    ]
    await people.add_coverages(tx, rows)
    return {**known, **new}


def _patient_index(tx: Transaction, guest: Guest) -> bytes:
    one = guest.submission
    key = natural_key(str(guest.practice_id), one.patient_external_id, one.patient)
    return tx.keys.blind_index(SERVICE, tx.tenant_id, purpose="patient", text=key)


def _patient_row(
    tx: Transaction, guest: Guest, patient_id: UUID, *, index: bytes, at: datetime
) -> dict[str, object]:
    return {
        "tenant_id": tx.tenant_id,
        "id": patient_id,
        "practice_id": guest.practice_id,
        "natural_index": index,
        "identity_sealed": tx.keys.seal_column(
            Cell(SERVICE, tx.tenant_id, IDENTITY_PLACE, patient_id), guest.submission.patient
        ),
        "updated_at": at,
    }


def _coverage_key(
    tx: Transaction, patient_id: UUID, payer_id: UUID, *, given: CoverageGiven
) -> CoverageKey:
    member = given.member.member_id.strip().upper()
    index = tx.keys.blind_index(SERVICE, tx.tenant_id, purpose="member", text=member)
    return CoverageKey(patient_id, payer_id, index)


def _kept(given: CoverageGiven, coverage_id: UUID, payer_id: UUID) -> CoverageKept:
    return CoverageKept(
        coverage_id=coverage_id,
        payer_id=payer_id,
        payer_code=given.payer_code,
        rank=given.rank,
        relationship=given.relationship,
        member=given.member,
    )
