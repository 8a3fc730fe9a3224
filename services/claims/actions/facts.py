"""Claims in the words of the event catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from services.claims.domain.acknowledging import Acknowledgement
from services.claims.domain.claim import Claim, Coding, Finding
from services.claims.domain.lifecycle import Reporter
from services.claims.domain.sorting import Adjudication, Denial, Sorted
from shared import ids
from shared.events.claims import (
    ClaimAccepted,
    ClaimAcknowledged,
    ClaimAdjudicated,
    ClaimBlocked,
    ClaimClosed,
    ClaimCreated,
    ClaimDenied,
    ClaimFinding,
    ClaimHeld,
    ClaimLine,
    ClaimRejected,
    ClaimReleased,
    ClaimSubmitted,
    ClaimTransmissionFailed,
    DeniedLine,
)


def created(claim: Claim, coding: Coding) -> ClaimCreated:
    """A claim was drafted."""
    return ClaimCreated(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        patient_id=claim.patient_id,
        account_id=ids.account_id(claim.patient_id),
        payer_id=claim.payer_id,
        rank=claim.rank,
        generation=claim.generation,
        frequency=claim.frequency,
        charge_cents=claim.charge.cents,
        filing_due=claim.filing_due,
        lines=_lines(coding),
    )


def submitted(claim: Claim, coding: Coding, *, at: datetime) -> ClaimSubmitted:
    """A sending of the claim was handed over."""
    if claim.batch_id is None:
        raise ValueError("a claim that is submitted stands in a batch")
    return ClaimSubmitted(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        patient_id=claim.patient_id,
        account_id=ids.account_id(claim.patient_id),
        payer_id=claim.payer_id,
        rank=claim.rank,
        generation=claim.generation,
        frequency=claim.frequency,
        control_number=claim.control_number,
        batch_id=claim.batch_id,
        charge_cents=claim.charge.cents,
        lines=_lines(coding),
        version=claim.version,
        submitted_at=at,
    )


def _lines(coding: Coding) -> list[ClaimLine]:
    return [
        ClaimLine(
            line=line.line,
            code=line.code,
            modifiers=list(line.modifiers),
            units=line.units,
            charge_cents=line.charge.cents,
        )
        for line in coding.lines
    ]


def blocked(claim: Claim) -> ClaimBlocked:
    """Findings stop the claim."""
    return ClaimBlocked(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        findings=[_finding(finding) for finding in claim.findings],
        owner_of_next_action=claim.owner,
    )


def _finding(finding: Finding) -> ClaimFinding:
    return ClaimFinding(
        rule=finding.rule,
        location=finding.location,
        severity=finding.severity,
        message=finding.message,
        remedy=finding.remedy,
    )


def held(claim: Claim) -> ClaimHeld:
    """A rule or a person holds the claim."""
    return ClaimHeld(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        hold_reason=claim.hold_reason,
        owner_of_next_action=claim.owner,
    )


def released(claim: Claim, reason: str) -> ClaimReleased:
    """What stopped the claim is lifted; reason: the hold's, or the status it left."""
    return ClaimReleased(claim_id=claim.id, encounter_id=claim.encounter_id, hold_reason=reason)


def transmission_failed(claim: Claim, kind: str, errors: Iterable[str]) -> ClaimTransmissionFailed:
    """The envelope or the set was refused."""
    return ClaimTransmissionFailed(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        acknowledgement=kind,
        errors=list(errors),
    )


def acknowledged(claim: Claim, ack: Acknowledgement) -> ClaimAcknowledged:
    """A 999 or 277CA names the claim."""
    return ClaimAcknowledged(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        acknowledgement=ack.kind,
        reported_by=ack.reported_by,
    )


def accepted(claim: Claim, *, by: Reporter, at: datetime) -> ClaimAccepted:
    """Accepted into adjudication."""
    return ClaimAccepted(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        payer_control_number=claim.payer_control_number,
        reported_by=by,
        accepted_at=at,
    )


def rejected(claim: Claim, ack: Acknowledgement) -> ClaimRejected:
    """Stopped before adjudication."""
    return ClaimRejected(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        category=ack.category,
        status=ack.status,
        entity=ack.entity,
        reported_by=ack.reported_by,
    )


def adjudicated(claim: Claim, decision: Adjudication, outcome: Sorted) -> ClaimAdjudicated:
    """An 835 was sorted."""
    return ClaimAdjudicated(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        remit_id=decision.remit_id,
        outcome=outcome.outcome,
        paid_cents=decision.paid.cents,
        patient_cents=decision.patient.cents,
        denied_cents=outcome.denied.cents,
    )


def denied(
    claim: Claim, decision: Adjudication, outcome: Sorted, *, appeal_due: date
) -> ClaimDenied:
    """Decided and refused; the largest denied amount leads."""
    lead = outcome.denials[0]
    return ClaimDenied(
        claim_id=claim.id,
        encounter_id=claim.encounter_id,
        remit_id=decision.remit_id,
        lines=[_denied_line(denial) for denial in outcome.denials],
        denied_cents=outcome.denied.cents,
        group=lead.reading.group,
        carc=lead.reading.carc,
        rarc=list(lead.rarcs),
        category=lead.reading.category,
        partial=bool(decision.paid),
        appeal_due=appeal_due,
    )


def _denied_line(denial: Denial) -> DeniedLine:
    return DeniedLine(
        line=denial.line,
        group=denial.reading.group,
        carc=denial.reading.carc,
        rarc=list(denial.rarcs),
        denied_cents=denial.amount.cents,
        category=denial.reading.category,
    )


def closed(claim: Claim) -> ClaimClosed:
    """No balance with insurance."""
    return ClaimClosed(
        claim_id=claim.id, encounter_id=claim.encounter_id, reason=claim.close_reason
    )
