"""What eligibility does: open checks, begin an inquiry, record what the payer said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.eligibility import repository
from services.eligibility.domain import lifecycle
from services.eligibility.domain.check import Check, Inquiry, Parties, Told
from services.eligibility.domain.lifecycle import State
from services.eligibility.repository import ANSWER_PLACE, MEMBER_PLACE, PATIENT_PLACE, SERVICE
from shared import clock, ids
from shared.database import Transaction
from shared.events.coding import EncounterReceived
from shared.events.eligibility import (
    CoverageInactive,
    EligibilityFailed,
    EligibilityRequested,
    EligibilityVerified,
)
from shared.events.envelope import Envelope, Origin
from shared.events.people import Coverage, MemberIdentity, PersonIdentity
from shared.sealing import Cell

INQUIRE = "inquire"


async def park_early(
    tx: Transaction, events: Sequence[Envelope[EncounterReceived]]
) -> list[Envelope[EncounterReceived]]:
    """Set aside encounters whose tenant, practice or payer is not known here yet.

    Returns the rest. Looks first without a lock; only what is missing is looked for again under
    the lock that the arrival of master data takes too.
    """
    ready = list(events)
    for kind in repository.KNOWN:
        waits = await _missing(tx, kind, ready)
        if waits:
            await tx.lock(kind, waits.values())
            waits = await _missing(tx, kind, ready)
        for envelope in ready:
            if envelope.id in waits:
                tx.park(envelope, until=(kind, waits[envelope.id]))
        ready = [envelope for envelope in ready if envelope.id not in waits]
    return ready


async def _missing(
    tx: Transaction, kind: str, events: Sequence[Envelope[EncounterReceived]]
) -> dict[UUID, UUID]:
    """Event id -> the first id of that kind which is not known in the event's tenant."""
    wanted = {envelope.id: _named(kind, envelope) for envelope in events}
    every = {one for named in wanted.values() for one in named}
    if not every:
        return {}
    there = await repository.known(tx, kind, every)
    missing: dict[UUID, UUID] = {}
    for envelope in events:
        for one in wanted[envelope.id]:
            if (envelope.tenant_id, one) not in there:
                missing.setdefault(envelope.id, one)
    return missing


def _named(kind: str, envelope: Envelope[EncounterReceived]) -> list[UUID]:
    match kind:
        case "tenant":
            return [envelope.tenant_id]
        case "practice":
            return [envelope.data.practice_id]
        case _:
            return [coverage.payer_id for coverage in envelope.data.coverages]


def _opened(
    tx: Transaction, envelope: Envelope[EncounterReceived], coverage: Coverage, *, at: datetime
) -> Check:
    fact = envelope.data
    tenant = envelope.tenant_id
    check_id = ids.derived(fact.encounter_id, f"eligibility:{coverage.coverage_id}")
    patient = tx.keys.open_event(tenant, fact.patient.identity, PersonIdentity)
    member = tx.keys.open_event(tenant, coverage.member, MemberIdentity)
    return Check(
        tenant_id=tenant,
        id=check_id,
        practice_id=fact.practice_id,
        encounter_id=fact.encounter_id,
        patient_id=fact.patient.patient_id,
        coverage_id=coverage.coverage_id,
        payer_id=coverage.payer_id,
        rank=coverage.rank,
        relationship=coverage.relationship,
        service_date=fact.service_from,
        trigger="encounter",
        state=State.REQUESTED,
        tries=0,
        reason="",
        plan="",
        copay_cents=None,
        deductible_left_cents=None,
        patient_sealed=tx.keys.seal_column(Cell(SERVICE, tenant, PATIENT_PLACE, check_id), patient),
        member_sealed=tx.keys.seal_column(Cell(SERVICE, tenant, MEMBER_PLACE, check_id), member),
        answer_sealed=None,
        created_at=at,
        as_of=None,
    )


async def open_checks(tx: Transaction, events: Sequence[Envelope[EncounterReceived]]) -> None:
    """One check per coverage of each encounter; the inquiry is due at once."""
    now = clock.business()
    pairs = [
        (envelope, _opened(tx, envelope, coverage, at=now))
        for envelope in await park_early(tx, events)
        for coverage in envelope.data.coverages
    ]
    if not pairs:
        return
    stored = await repository.insert(tx, [check for _, check in pairs], now)
    for envelope, check in pairs:
        if check.id not in stored:
            continue
        stored.discard(check.id)  # told again in the same batch: asked about once
        tx.publish(
            EligibilityRequested(**_told(check), trigger=check.trigger),
            subject=check.id,
            caused_by=envelope,
        )
        tx.schedule(INQUIRE, check.id, due_at=now, cause=envelope)


def _told(check: Check) -> dict[str, Any]:
    return {
        "check_id": check.id,
        "patient_id": check.patient_id,
        "encounter_id": check.encounter_id,
        "coverage_id": check.coverage_id,
        "payer_id": check.payer_id,
        "rank": check.rank,
        "service_date": check.service_date,
    }


async def begin(tx: Transaction, wanted: Sequence[tuple[UUID, UUID]]) -> list[Inquiry]:
    """Put unanswered checks in flight and say what to ask; answered ones are left out.

    A check found in flight belongs to a process that died: asking again changes nothing.
    """
    checks = [
        one._replace(state=lifecycle.move(one.state, State.IN_FLIGHT), tries=one.tries + 1)
        for one in await repository.load(tx, wanted)
        if one.state not in lifecycle.ANSWERED
    ]
    if not checks:
        return []
    await repository.save(tx, checks)
    parties = await repository.parties(tx, [(one.tenant_id, one.id) for one in checks])
    return [_inquiry(tx, check, parties) for check in checks]


async def put_back(tx: Transaction, inquiries: Sequence[Inquiry]) -> None:
    """Checks that were begun and then not asked about: as before, and no try is counted."""
    wanted = [(one.check.tenant_id, one.check.id) for one in inquiries]
    begun = [one for one in await repository.load(tx, wanted) if one.state is State.IN_FLIGHT]
    if begun:
        await repository.save(tx, [_not_asked(check) for check in begun])


def _not_asked(check: Check) -> Check:
    tries = check.tries - 1
    state = State.PAYER_DOWN if tries else State.REQUESTED
    return check._replace(state=lifecycle.move(check.state, state), tries=tries)


def _inquiry(tx: Transaction, check: Check, parties: Mapping[UUID, Parties]) -> Inquiry:
    patient = Cell(SERVICE, check.tenant_id, PATIENT_PLACE, check.id)
    member = Cell(SERVICE, check.tenant_id, MEMBER_PLACE, check.id)
    return Inquiry(
        check,
        parties[check.id],
        tx.keys.open_column(patient, check.patient_sealed, PersonIdentity),
        tx.keys.open_column(member, check.member_sealed, MemberIdentity),
    )


async def record(
    tx: Transaction, tenant_of: Mapping[UUID, UUID], told: Iterable[Told]
) -> dict[UUID, float]:
    """Store what came of inquiries and publish it; seconds to wait for those to ask again.

    tenant_of: check id -> tenant. Checks answered meanwhile stay as they are.
    """
    by_id = {one.check_id: one for one in told}
    now = clock.business()
    current = await repository.load(tx, [(tenant_of[check], check) for check in by_id])
    changed: list[Check] = []
    again: dict[UUID, float] = {}
    for check in current:
        if check.state in lifecycle.ANSWERED:
            continue
        after, wait = _after(tx, check, by_id[check.id], now=now)
        changed.append(after)
        if wait is not None:
            again[check.id] = wait
        _announce(tx, after, None if wait is None else now + timedelta(seconds=wait))
    if changed:
        await repository.save(tx, changed)
    return again


def _after(tx: Transaction, check: Check, told: Told, *, now: datetime) -> tuple[Check, int | None]:
    reading = told.reading
    raw = told.raw
    cell = Cell(SERVICE, check.tenant_id, ANSWER_PLACE, check.id)
    sealed = None if raw is None else tx.keys.seal_column(cell, raw)
    if reading is None or reading.state is State.PAYER_DOWN:
        state, wait = lifecycle.after_silence(check.tries)
        reason = told.silence_reason if reading is None else reading.reason
        to = lifecycle.move(check.state, state)
        return check._replace(state=to, reason=reason, answer_sealed=sealed, as_of=now), wait
    return (
        check._replace(
            state=lifecycle.move(check.state, reading.state),
            reason=reading.reason,
            plan=reading.plan,
            copay_cents=None if reading.copay is None else reading.copay.cents,
            deductible_left_cents=(
                None if reading.deductible_left is None else reading.deductible_left.cents
            ),
            answer_sealed=sealed,
            as_of=now,
        ),
        None,
    )


def _announce(tx: Transaction, check: Check, retry_at: datetime | None) -> None:
    attempt = ids.derived(check.id, f"try:{check.tries}")
    origin = Origin(check.tenant_id, check.practice_id, check.encounter_id, attempt)
    told = _told(check)
    match check.state:
        case State.ACTIVE | State.REVIEW:
            fact: EligibilityVerified | CoverageInactive | EligibilityFailed = EligibilityVerified(
                **told,
                verdict=check.state.value,
                plan=check.plan,
                copay_cents=check.copay_cents,
                deductible_left_cents=check.deductible_left_cents,
                as_of=check.as_of or clock.business(),
            )
        case State.INACTIVE:
            fact = CoverageInactive(**told, reason=check.reason)
        case _:
            fact = EligibilityFailed(
                **told,
                verdict=check.state.value,
                reject_code=check.reason,
                retry_at=retry_at,
                final=retry_at is None,
            )
    tx.publish(fact, subject=check.id, caused_by=origin)
