"""Coding and eligibility meet on the encounter's row; when both are there its claim begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.claims.actions import cases, facts
from services.claims.actions.beginning import PRIMARY, Start, begin
from services.claims.actions.docket import Docket, rounds, told_by
from services.claims.domain import drafting, edits
from services.claims.domain.claim import Cause, Claim, Key
from services.claims.domain.drafting import Draft, Plan, Verdict
from services.claims.domain.lifecycle import Owner, Status
from services.claims.repository import claims as stored
from services.claims.repository import encounters
from services.claims.repository.encounters import Coded, Meeting
from services.claims.repository.master_data import MasterData
from shared import clock
from shared.database import Transaction
from shared.events.envelope import Envelope, Origin

HOLD_WITHOUT_VERDICT = "hold_without_verdict"


class Patience(NamedTuple):
    """How long a coded encounter waits for a verdict, and a clean claim before it is sent."""

    verdict_hours: float
    undo_seconds: float


class Arrival(NamedTuple):
    """A coding version and the event that brought it."""

    envelope: Envelope[Any]
    coded: Coded


class Told(NamedTuple):
    """A verdict about an encounter's first coverage and the event that brought it."""

    envelope: Envelope[Any]
    encounter_id: UUID
    verdict: Verdict

    @property
    def key(self) -> Key:
        """Tenant and encounter."""
        return Key(self.envelope.tenant_id, self.encounter_id)


async def take_codings(tx: Transaction, arrivals: Sequence[Arrival], patience: Patience) -> None:
    """Keep coding versions; begin the claims of those whose verdict is known.

    What arrives before its master data is parked.
    """
    here, master = await _with_master_data(tx, arrivals)
    for one_round in rounds(here, key=lambda arrival: arrival.coded.key):
        await _take_codings(tx, one_round, master=master, patience=patience)


async def _with_master_data(
    tx: Transaction, arrivals: Sequence[Arrival]
) -> tuple[list[Arrival], MasterData]:
    """Those whose master data is here; the others are parked.

    Only what seems to be missing is locked and looked for again, so that lanes do not queue on the
    practice they share.
    """
    coded = [arrival.coded for arrival in arrivals]
    master = await cases.master_data_of(tx, coded)
    gone = {each for one in coded for each in _named(one) if not _knows(master, one, each)}
    if not gone:
        return list(arrivals), master
    for kind in ("practice", "provider", "payer"):
        await tx.lock(kind, {id_ for of_kind, id_ in gone if of_kind == kind})
    master = await cases.master_data_of(tx, coded)
    waits: dict[Key, tuple[str, UUID]] = {}
    here = []
    for arrival in arrivals:
        key, named = arrival.coded.key, _named(arrival.coded)
        missing = [each for each in named if not _knows(master, arrival.coded, each)]
        if key not in waits and not missing:
            here.append(arrival)
        else:
            if key not in waits:
                waits[key] = missing[0]
            tx.park(arrival.envelope, until=waits[key])
    return here, master


def _named(coded: Coded) -> list[tuple[str, UUID]]:
    coding = coded.coding
    named = [("practice", coded.practice_id), ("provider", coding.rendering_provider_id)]
    if coding.referring_provider_id is not None:
        named.append(("provider", coding.referring_provider_id))
    return named + [("payer", terms.payer_id) for terms in coding.coverages]


def _knows(master: MasterData, coded: Coded, named: tuple[str, UUID]) -> bool:
    kinds: Mapping[str, Mapping[Key, object]] = {
        "practice": master.practices,
        "provider": master.providers,
        "payer": master.payers,
    }
    kind, id_ = named
    return Key(coded.tenant_id, id_) in kinds[kind]


async def _take_codings(
    tx: Transaction, arrivals: Sequence[Arrival], *, master: MasterData, patience: Patience
) -> None:
    coded = [arrival.coded for arrival in arrivals]
    meetings = await encounters.meet_coded(tx, coded)
    fresh = await encounters.keep_codings(tx, coded)
    current = [
        arrival
        for arrival in arrivals
        if arrival.coded.key in fresh
        and meetings[arrival.coded.key].coding_version == arrival.coded.coding.version
    ]
    existing = await stored.lock_claims_of_encounters(tx, [each.coded.key for each in current])
    docket = Docket(tx, [claim for claims in existing.values() for claim in claims])
    starts = []
    for arrival in current:
        claims = existing.get(arrival.coded.key)
        if claims:
            draft = _redrafted(docket, claims[-1], arrival)
        else:
            draft = _drafted(tx, meetings[arrival.coded.key], arrival, patience=patience)
        if draft is not None:
            starts.append(_start(arrival.coded, draft, arrival.envelope, patience=patience))
    await begin(docket, starts, master)
    await docket.save()


def _start(coded: Coded, draft: Draft, envelope: Envelope[Any], *, patience: Patience) -> Start:
    return Start(coded, draft, envelope, told_by(envelope), patience.undo_seconds)


def _drafted(
    tx: Transaction, meeting: Meeting, arrival: Arrival, *, patience: Patience
) -> Draft | None:
    """The draft of a first claim; None while its verdict is awaited or when the patient pays."""
    coded, envelope = arrival.coded, arrival.envelope
    draft = drafting.draft(meeting.verdict, covered=coded.coding.coverage(PRIMARY) is not None)
    if draft.plan is Plan.WAIT:
        due = clock.business() + timedelta(hours=patience.verdict_hours)
        tx.schedule(HOLD_WITHOUT_VERDICT, coded.encounter_id, due_at=due, cause=envelope)
    return None if draft.plan in {Plan.WAIT, Plan.SELF_PAY} else draft


def _redrafted(docket: Docket, claim: Claim, arrival: Arrival) -> Draft | None:
    """A newer coding: taken over by a claim that is at home, noted by one that has left."""
    if claim.is_at_home and arrival.coded.coding.coverage(claim.rank) is not None:
        plan = Plan.HOLD if claim.status is Status.HELD else Plan.CLAIM
        return Draft(plan, hold_reason=claim.hold_reason)
    detail = {"coding_version": arrival.coded.coding.version}
    docket.record(claim, "coding_changed", told_by(arrival.envelope), detail=detail)
    return None


async def take_verdicts(tx: Transaction, told: Sequence[Told], patience: Patience) -> None:
    """Keep verdicts; begin, free or stop the claims of encounters that are coded."""
    for one_round in rounds(told, key=lambda each: each.key):
        await _take_verdicts(tx, one_round, patience)


async def _take_verdicts(tx: Transaction, told: Sequence[Told], patience: Patience) -> None:
    wanted = {each.key: (each.envelope.practice_id, each.verdict) for each in told}
    meetings = await encounters.meet_verdicts(tx, wanted, at=clock.business())
    coded_keys = [key for key, meeting in meetings.items() if meeting.coding_version > 0]
    if not coded_keys:
        return
    existing = await stored.lock_claims_of_encounters(tx, coded_keys)
    coded = await _current_codings(tx, [meetings[key] for key in coded_keys])
    docket = Docket(tx, [claim for claims in existing.values() for claim in claims])
    starts = []
    for each in (each for each in told if each.key in coded):
        covered = coded[each.key].coding.coverage(PRIMARY) is not None
        draft: Draft | None = drafting.draft(each.verdict, covered=covered)
        if each.key in existing:
            draft = _told_again(docket, existing[each.key][-1], each)
        if draft is not None and draft.plan is not Plan.SELF_PAY:
            starts.append(_start(coded[each.key], draft, each.envelope, patience=patience))
    await begin(docket, starts, await cases.master_data_of(tx, [each.coded for each in starts]))
    await docket.save()


async def _current_codings(tx: Transaction, meetings: Sequence[Meeting]) -> dict[Key, Coded]:
    wanted = [(each.tenant_id, each.id, each.coding_version) for each in meetings]
    return {coded.key: coded for coded in (await encounters.codings(tx, wanted)).values()}


def _told_again(docket: Docket, claim: Claim, told: Told) -> Draft | None:
    """A verdict about a claim that exists: it frees what only eligibility stopped."""
    cause = told_by(told.envelope)
    rules = {finding.rule for finding in edits.errors(claim.findings)}
    stopped = claim.hold_reason in {drafting.ELIGIBILITY_UNKNOWN, drafting.COVERAGE_INACTIVE}
    stopped = stopped or bool(rules & {drafting.REVIEW_RULE, drafting.CORRECTION_RULE})
    if told.verdict is Verdict.ACTIVE and stopped and claim.is_at_home:
        return Draft(Plan.CLAIM)
    reason = drafting.COVERAGE_INACTIVE
    if told.verdict is Verdict.INACTIVE and claim.status is Status.HELD:
        docket.record(claim, reason, cause, hold_reason=reason, owner=Owner.BILLER)
    elif told.verdict is Verdict.INACTIVE and claim.status is Status.READY and claim.is_at_home:
        claim = docket.move(claim, Status.HELD, cause, hold_reason=reason)
        docket.tx.publish(facts.held(claim), subject=claim.id, caused_by=told.envelope)
    else:
        docket.record(claim, f"eligibility_{told.verdict}", cause)
    return None


async def hold_without_verdict(tx: Transaction, keys: Sequence[Key], patience: Patience) -> int:
    """Encounters whose verdict never came: their claims begin held. How many those are."""
    meetings = await encounters.lock_encounters(tx, keys)
    waiting = [each for each in meetings.values() if each.coding_version and not each.verdict]
    existing = await stored.lock_claims_of_encounters(tx, [each.key for each in waiting])
    coded = await _current_codings(tx, [each for each in waiting if each.key not in existing])
    cause = Cause(clock.business(), f"job:{HOLD_WITHOUT_VERDICT}")
    draft = drafting.draft(Verdict.UNKNOWN, covered=True)
    starts = [
        Start(each, draft, _origin(each), cause, patience.undo_seconds)
        for each in coded.values()
        if each.coding.coverage(PRIMARY) is not None
    ]
    docket = Docket(tx)
    await begin(docket, starts, await cases.master_data_of(tx, [each.coded for each in starts]))
    await docket.save()
    return len(starts)


def _origin(coded: Coded) -> Origin:
    return Origin(coded.tenant_id, coded.practice_id, coded.encounter_id, coded.encounter_id)
