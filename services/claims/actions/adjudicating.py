"""An 835 matched to a claim: adjudicated, sorted, and where it denies, work for somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.claims.actions import cases, facts
from services.claims.actions.beginning import Start, begin
from services.claims.actions.docket import Docket, rounds, told_by
from services.claims.domain import denials, sorting
from services.claims.domain.claim import Cause, Claim, Finding, Key
from services.claims.domain.denials import Work
from services.claims.domain.drafting import Draft, Plan
from services.claims.domain.lifecycle import DECIDED, ENDED, Owner, Reporter, Status
from services.claims.domain.parties import Payer
from services.claims.domain.sorting import Adjudication, Sorted
from services.claims.repository import claims as stored
from services.claims.repository import denials as records
from services.claims.repository import encounters, master_data
from services.claims.repository.denials import OpenWork, WorkItem
from shared import clock, ids
from shared.database import Transaction
from shared.errors import Refused
from shared.events.claims import DenialWorkOpened
from shared.events.envelope import Envelope

REVERSIBLE = DECIDED | {Status.ADJUDICATED, Status.PENDED}
DENYING = frozenset({Status.DENIED, Status.PARTLY_DENIED})


class Decision(NamedTuple):
    """A claim payment of an 835 and the event that brought it."""

    envelope: Envelope[Any]
    adjudication: Adjudication

    @property
    def claim(self) -> Key:
        """The claim it answers."""
        return Key(self.envelope.tenant_id, self.adjudication.claim_id)


class _Desk(NamedTuple):
    """What sorting works with: the claims, their payers, their unresolved work, what is new."""

    docket: Docket
    payers: Mapping[Key, Payer]
    work: Sequence[OpenWork]
    opened: list[WorkItem]
    ended: list[tuple[OpenWork, Work]]


async def take_decisions(
    tx: Transaction, decisions: Sequence[Decision], *, undo_seconds: float
) -> None:
    """Sort matched claim payments; Refused `unknown_claim`, `never_submitted`."""
    for one_round in rounds(decisions, key=lambda decision: decision.claim):
        await _take(tx, one_round, undo_seconds)


async def _take(tx: Transaction, decisions: Sequence[Decision], undo_seconds: float) -> None:
    claims = await stored.lock_claims(tx, [each.claim for each in decisions])
    for each in decisions:
        _check(claims.get(each.claim))
    kept = [(each.claim.tenant_id, each.adjudication) for each in decisions]
    fresh = await records.keep_adjudications(tx, kept)
    known = await records.adjudications(tx, claims)
    payer_keys = {Key(claim.tenant_id, claim.payer_id) for claim in claims.values()}
    docket = Docket(tx, claims.values())
    desk = _Desk(
        docket,
        await master_data.payers(tx, payer_keys),
        await records.work_of_claims(tx, claims),
        [],
        [],
    )
    new = [each for each in decisions if Key(each.claim.tenant_id, each.adjudication.id) in fresh]
    unprocessable = [each for each in new if _decide(desk, each, known[each.claim])]
    await _begin_anew(docket, unprocessable, undo_seconds)
    await docket.save()
    await records.open_work(tx, desk.opened)
    await records.resolve_work(tx, desk.ended, at=clock.business())


def _check(claim: Claim | None) -> None:
    if claim is None:
        raise Refused("unknown_claim", "A remittance answers a claim that is not known here.")
    if claim.version == 0:
        raise Refused("never_submitted", "A remittance answers a claim that was never submitted.")


def _decide(desk: _Desk, decision: Decision, known: Sequence[Adjudication]) -> bool:
    """Apply one decision; True when the payer could not process the claim."""
    docket, said = desk.docket, decision.adjudication
    cause = told_by(decision.envelope, reported_by=Reporter.PAYER)
    claim = docket.find(*decision.claim)
    if claim is None:
        raise LookupError("a decision's claim is under lock")
    stands = sorting.standing(known)
    settled = claim.status in ENDED or said.clp02 == sorting.PREDETERMINATION
    if settled or _changes_nothing(claim, said, stands):
        kind = "reversal_recorded" if said.is_reversal else "decision_recorded"
        docket.record(claim, kind, cause, detail=_detail(said))
        return False
    if stands is None:
        _take_back(docket, claim, said, cause=cause)
        return False
    return _sort(desk, claim, stands, source=decision.envelope) is Status.UNPROCESSABLE


def _changes_nothing(claim: Claim, said: Adjudication, stands: Adjudication | None) -> bool:
    """What comes before its time or too late.

    A reversal before its decision, or of a decision that was replaced already; a decision older
    than the one that the claim shows.
    """
    if stands is None:
        return said.is_reversal and claim.status not in REVERSIBLE
    is_shown = claim.remit_id == stands.remit_id
    if said.is_reversal:
        return is_shown and claim.status in REVERSIBLE
    return is_shown and said.id != stands.id


def _detail(said: Adjudication) -> dict[str, object]:
    return {
        "remit_id": said.remit_id,
        "clp02": said.clp02,
        "paid_cents": said.paid.cents,
        "patient_cents": said.patient.cents,
    }


def _take_back(docket: Docket, claim: Claim, said: Adjudication, *, cause: Cause) -> None:
    """Everything decided so far was taken back: a correction is awaited."""
    if claim.status not in REVERSIBLE:
        claim = docket.move(claim, Status.ADJUDICATED, cause, detail=_detail(said))
    nothing = said.paid - said.paid
    docket.move(
        claim,
        Status.REVERSED,
        cause,
        paid=nothing,
        patient_share=nothing,
        denied=nothing,
        remit_id=said.remit_id,
        detail=_detail(said),
    )


def _sort(desk: _Desk, claim: Claim, stands: Adjudication, *, source: Envelope[Any]) -> Status:
    cause = told_by(source, reported_by=Reporter.PAYER)
    outcome = sorting.sort(stands)
    claim = desk.docket.move(claim, Status.ADJUDICATED, cause, detail=_detail(stands))
    claim = desk.docket.move(
        claim,
        outcome.outcome,
        cause,
        paid=stands.paid,
        patient_share=stands.patient,
        denied=outcome.denied,
        remit_id=stands.remit_id,
        close_reason="",
        payer_control_number=stands.payer_control_number or claim.payer_control_number,
        detail={"needs_review": True} if outcome.needs_review else {},
    )
    fact = facts.adjudicated(claim, stands, outcome)
    desk.docket.tx.publish(fact, subject=claim.id, caused_by=source)
    is_denial = outcome.outcome in DENYING
    end = Work.CLOSED_NO_VALUE if is_denial else Work.RESOLVED_PAID
    desk.ended.extend((work, end) for work in desk.work if work.claim == claim.key)
    if is_denial:
        _deny(desk, claim, _Denied(stands, outcome, source))
    return outcome.outcome


class _Denied(NamedTuple):
    decision: Adjudication
    outcome: Sorted
    source: Envelope[Any]


def _deny(desk: _Desk, claim: Claim, denied: _Denied) -> None:
    tx, (decision, outcome, source) = desk.docket.tx, denied
    payer = desk.payers[Key(claim.tenant_id, claim.payer_id)]
    last_day = denials.appeal_due(decision.paid_on, payer.appeal_days)
    fact = facts.denied(claim, decision, outcome, appeal_due=last_day)
    tx.publish(fact, subject=claim.id, caused_by=source)
    lead = outcome.denials[0].reading
    item = WorkItem(
        tenant_id=claim.tenant_id,
        id=ids.derived(decision.id, "denial"),
        practice_id=claim.practice_id,
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        remit_id=decision.remit_id,
        sorted=outcome,
        partial=bool(decision.paid),
        root_cause=denials.ROOT_CAUSE[lead.category],
        owner=Owner.DENIALS,
        next_step=lead.next_step,
        appeal_due=last_day,
        due=denials.work_due(clock.today(), last_day),
        opened_at=clock.business(),
    )
    desk.opened.append(item)
    tx.publish(_opened(item), subject=claim.id, caused_by=source)


def _opened(item: WorkItem) -> DenialWorkOpened:
    return DenialWorkOpened(
        work_id=item.id,
        claim_id=item.claim_id,
        encounter_id=item.encounter_id,
        category=item.sorted.denials[0].reading.category,
        denied_cents=item.sorted.denied.cents,
        owner_of_next_action=item.owner,
        due=item.due,
    )


async def _begin_anew(docket: Docket, decisions: Sequence[Decision], undo_seconds: float) -> None:
    """Unprocessable: the old claim closes, a new one (frequency 1) waits for its repair.

    A claim that a payer could not process twice has its successor already.
    """
    if not decisions:
        return
    claims = [docket.find(*each.claim) for each in decisions]
    old = [claim for claim in claims if claim is not None]
    places = [Key(each.tenant_id, each.encounter_id) for each in old]
    known = await stored.lock_claims_of_encounters(docket.tx, places)
    there = {(key, each.generation) for key, of in known.items() for each in of}
    wanted = [(each.tenant_id, each.encounter_id, each.coding_version) for each in old]
    coded = await encounters.codings(docket.tx, wanted)
    starts = []
    for decision, claim, place in zip(decisions, old, wanted, strict=True):
        cause = told_by(decision.envelope)
        closed = docket.move(claim, Status.CLOSED, cause, close_reason="unprocessable")
        docket.tx.publish(facts.closed(closed), subject=claim.id, caused_by=decision.envelope)
        if (Key(claim.tenant_id, claim.encounter_id), claim.generation + 1) in there:
            continue
        draft = Draft(Plan.BLOCK, finding=_repair(decision.adjudication))
        start = Start(coded[place], draft, decision.envelope, cause, undo_seconds)
        starts.append(start._replace(generation=claim.generation + 1))
    await begin(docket, starts, await cases.master_data_of(docket.tx, coded.values()))


def _repair(said: Adjudication) -> Finding:
    remarks = sorted({rarc for line in said.lines for rarc in line.rarcs})
    return Finding(
        rule="payer.unprocessable",
        location="/",
        message=f"The payer could not process the claim: {', '.join(remarks)}.",
        remedy="Repair what the remark codes name and release the new claim.",
    )
