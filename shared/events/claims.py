"""Facts published by claims: one claim from draft to closed, and the work a denial makes."""

from __future__ import annotations

from shared.events.marks import At, Cents, Code, Count, Day, Fact, Flag, Id, Number, Part, Plain


class ClaimLine(Part, frozen=True, kw_only=True):
    """One service line as claimed."""

    line: Number
    code: Code
    modifiers: list[Code]
    units: Number
    charge_cents: Cents


class ClaimFinding(Part, frozen=True, kw_only=True):
    """A reason why a claim may not go: rule id, place in the claim, severity, remedy code."""

    rule: Plain
    location: Plain
    severity: Plain
    message: Plain
    remedy: Plain


class ClaimCreated(Fact, frozen=True, kw_only=True):
    """A claim was drafted; key: claim_id. frequency: 1 original, 7 replacement, 8 void."""

    claim_id: Id
    encounter_id: Id
    patient_id: Id
    account_id: Id
    payer_id: Id
    rank: Number
    generation: Number
    frequency: Code
    charge_cents: Cents
    filing_due: At
    lines: list[ClaimLine]


class ClaimBlocked(Fact, frozen=True, kw_only=True):
    """Findings stop the claim until somebody mends it; key: claim_id."""

    claim_id: Id
    encounter_id: Id
    findings: list[ClaimFinding]
    owner_of_next_action: Plain


class ClaimHeld(Fact, frozen=True, kw_only=True):
    """A rule or a person holds the claim; key: claim_id."""

    claim_id: Id
    encounter_id: Id
    hold_reason: Plain
    owner_of_next_action: Plain


class ClaimReleased(Fact, frozen=True, kw_only=True):
    """The hold is lifted; key: claim_id."""

    claim_id: Id
    encounter_id: Id
    hold_reason: Plain


class ClaimSubmitted(Fact, frozen=True, kw_only=True):
    """Handed to the clearinghouse; key: claim_id. control_number is CLM01, ours."""

    claim_id: Id
    encounter_id: Id
    patient_id: Id
    account_id: Id
    payer_id: Id
    rank: Number
    generation: Number
    frequency: Code
    control_number: Code
    batch_id: Id
    charge_cents: Cents
    lines: list[ClaimLine]
    version: Count
    submitted_at: At


class ClaimTransmissionFailed(Fact, frozen=True, kw_only=True):
    """TA1 or 999 refused the envelope or the set; key: claim_id."""

    claim_id: Id
    encounter_id: Id
    acknowledgement: Plain
    errors: list[Plain]


class ClaimAcknowledged(Fact, frozen=True, kw_only=True):
    """A 999 or 277CA names the claim; key: claim_id. reported_by: CLEARINGHOUSE or PAYER."""

    claim_id: Id
    encounter_id: Id
    acknowledgement: Plain
    reported_by: Plain


class ClaimAccepted(Fact, frozen=True, kw_only=True):
    """277CA A2: accepted into adjudication; key: claim_id."""

    claim_id: Id
    encounter_id: Id
    payer_control_number: Code
    reported_by: Plain
    accepted_at: At


class ClaimRejected(Fact, frozen=True, kw_only=True):
    """277CA A3, A6, A7 or A8: stopped before adjudication; key: claim_id."""

    claim_id: Id
    encounter_id: Id
    category: Code
    status: Code
    entity: Code
    reported_by: Plain


class ClaimAdjudicated(Fact, frozen=True, kw_only=True):
    """An 835 was sorted; key: claim_id. outcome: the claim status it led to."""

    claim_id: Id
    encounter_id: Id
    remit_id: Id
    outcome: Code
    paid_cents: Cents
    patient_cents: Cents
    denied_cents: Cents


class DeniedLine(Part, frozen=True, kw_only=True):
    """A denied amount of one line (0 = claim level): group, CARC, RARCs, class of codesets."""

    line: Number
    group: Code
    carc: Code
    rarc: list[Code]
    denied_cents: Cents
    category: Code


class ClaimDenied(Fact, frozen=True, kw_only=True):
    """Decided and refused, in whole or in part; key: claim_id. The leading triple stands apart."""

    claim_id: Id
    encounter_id: Id
    remit_id: Id
    lines: list[DeniedLine]
    denied_cents: Cents
    group: Code
    carc: Code
    rarc: list[Code]
    category: Code
    partial: Flag
    appeal_due: Day


class DenialWorkOpened(Fact, frozen=True, kw_only=True):
    """Somebody must work the denial; key: claim_id."""

    work_id: Id
    claim_id: Id
    encounter_id: Id
    category: Code
    denied_cents: Cents
    owner_of_next_action: Plain
    due: At


class ClaimClosed(Fact, frozen=True, kw_only=True):
    """No balance with insurance; key: claim_id."""

    claim_id: Id
    encounter_id: Id
    reason: Plain
