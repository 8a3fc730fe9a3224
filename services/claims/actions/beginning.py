"""How a claim begins: drafted or renewed, through the edits, to blocked, held or ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from services.claims.actions import cases, facts
from services.claims.actions.docket import Docket
from services.claims.domain import drafting, edits
from services.claims.domain.case import Case
from services.claims.domain.claim import ORIGINAL, Cause, Claim, Finding, Key, Severity
from services.claims.domain.drafting import Draft, Plan
from services.claims.domain.lifecycle import Status
from services.claims.repository import claims as stored
from services.claims.repository.encounters import Coded
from services.claims.repository.master_data import MasterData
from shared import clock, ids
from shared.events.envelope import Envelope, Origin

PRIMARY = 1
SUBMIT = "submit"

DUPLICATE = Finding(
    rule="duplicate.claim",
    location="/",
    message="Another encounter has the same services for the same member.",
    remedy="Make sure that both services were given; a payer may refuse the second.",
    severity=Severity.WARN,
)

Source = Envelope[Any] | Origin


class Start(NamedTuple):
    """One encounter whose claim is to begin, how, and what caused it; generation of a new claim."""

    coded: Coded
    draft: Draft
    source: Source
    cause: Cause
    undo_seconds: float
    generation: int = 0


async def begin(docket: Docket, starts: Sequence[Start], master: MasterData) -> None:
    """Draft the claims of these encounters, or renew those in the docket, and let them begin.

    A claim of the docket is taken when it is at home; each encounter stands in `starts` once.
    """
    made = []
    for start in starts:
        at_home = docket.of_encounter(start.coded.tenant_id, start.coded.encounter_id)
        if at_home is not None and at_home.is_at_home:
            claim = _renewed(docket, at_home, start, master=master)
        else:
            claim = _opened(docket, start, master)
        made.append((start, cases.build(claim, start.coded, master)))
    await _settle_all(docket, made)


def _opened(docket: Docket, start: Start, master: MasterData) -> Claim:
    draft = _draft(start.coded, master, generation=start.generation)
    claim = docket.open(draft, start.cause)
    fact = facts.created(claim, start.coded.coding)
    docket.tx.publish(fact, subject=claim.id, caused_by=start.source)
    return claim


def _draft(coded: Coded, master: MasterData, *, generation: int) -> Claim:
    terms = coded.coding.coverage(PRIMARY)
    if terms is None:
        raise LookupError("an encounter without coverage has no claim")
    payer = master.payers[Key(coded.tenant_id, terms.payer_id)]
    due, rule = drafting.filing_due(payer, coded.coding.service_from)
    return Claim(
        tenant_id=coded.tenant_id,
        id=ids.claim_id(coded.encounter_id, PRIMARY, generation),
        practice_id=coded.practice_id,
        encounter_id=coded.encounter_id,
        patient_id=coded.patient_id,
        payer_id=terms.payer_id,
        rank=PRIMARY,
        generation=generation,
        frequency=ORIGINAL,
        coding_version=coded.coding.version,
        service_from=coded.coding.service_from,
        service_to=coded.coding.service_to,
        charge=coded.coding.charge,
        filing_due=due,
        filing_rule=rule,
        opened_at=clock.business(),
    )


def _renewed(docket: Docket, claim: Claim, start: Start, *, master: MasterData) -> Claim:
    fresh = _draft(start.coded, master, generation=claim.generation)
    return docket.record(
        claim,
        "renewed",
        start.cause,
        coding_version=fresh.coding_version,
        payer_id=fresh.payer_id,
        service_from=fresh.service_from,
        service_to=fresh.service_to,
        charge=fresh.charge,
        filing_due=fresh.filing_due,
        filing_rule=fresh.filing_rule,
    )


async def _settle_all(docket: Docket, made: Sequence[tuple[Start, Case]]) -> None:
    names = {case.claim.key: cases.duplicate_key(docket.tx, case) for _, case in made}
    wanted = [(key.tenant_id, name) for key, name in names.items() if name]
    known = await stored.duplicates(docket.tx, wanted) if wanted else {}
    for start, case in made:
        place = (case.claim.tenant_id, names[case.claim.key])
        bearers = known.setdefault(place, set())
        findings = list(edits.scrub(case))
        if start.draft.finding is not None:
            findings.append(start.draft.finding)
        if place[1] and bearers - {case.claim.encounter_id}:
            findings.append(DUPLICATE)
        bearers.add(case.claim.encounter_id)
        claim = replace(case.claim, duplicate_key=place[1])
        _settle(docket, claim, start, findings=tuple(findings))


def _settle(docket: Docket, claim: Claim, start: Start, *, findings: tuple[Finding, ...]) -> None:
    wrong = edits.errors(findings)
    if wrong:
        changes = {"findings": findings, "owner": wrong[0].owner}
        claim = _to(docket, claim, Status.BLOCKED, cause=start.cause, changes=changes)
        docket.tx.publish(facts.blocked(claim), subject=claim.id, caused_by=start.source)
    elif start.draft.plan is Plan.HOLD:
        changes = {"findings": findings, "hold_reason": start.draft.hold_reason}
        claim = _to(docket, claim, Status.HELD, cause=start.cause, changes=changes)
        docket.tx.publish(facts.held(claim), subject=claim.id, caused_by=start.source)
    else:
        make_ready(docket, claim, start, findings=findings)


def _to(
    docket: Docket, claim: Claim, status: Status, *, cause: Cause, changes: dict[str, Any]
) -> Claim:
    """Move, or stay and note what the edits say now."""
    if claim.status is status:
        return docket.record(claim, "edited", cause, **changes)
    return docket.move(claim, status, cause, **changes)


def make_ready(
    docket: Docket, claim: Claim, start: Start, *, findings: tuple[Finding, ...]
) -> Claim:
    """The claim is clean: it will be sent when its undo window has passed."""
    was = claim
    changes = {"findings": findings, "batch_id": None}
    claim = _to(docket, claim, Status.READY, cause=start.cause, changes=changes)
    if was.status not in {Status.DRAFT, Status.READY}:
        fact = facts.released(claim, was.hold_reason or was.status)
        docket.tx.publish(fact, subject=claim.id, caused_by=start.source)
    schedule_submit(docket, claim, start)
    return claim


def schedule_submit(docket: Docket, claim: Claim, start: Start) -> None:
    """Intend the sending of a claim that is ready."""
    due = start.cause.at + timedelta(seconds=start.undo_seconds)
    docket.tx.schedule(SUBMIT, claim.id, due_at=due, cause=start.source)
