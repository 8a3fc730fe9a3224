"""Facts published by payments: remittances read and matched, money posted, statements decided."""

from __future__ import annotations

from msgspec import Struct

from shared.events.marks import At, Cents, Code, Day, Fact, Flag, Id, Number, Part, Plain, Sealed
from shared.events.people import PostalAddress


class RemittanceReceived(Fact, frozen=True, kw_only=True):
    """An 835 payment was read; key: remit_id.

    status: `balanced`, `quarantined` or `duplicate`. trace: TRN02.
    """

    remit_id: Id
    payer_id: Id | None = None
    trace: Code
    total_cents: Cents
    claims: Number
    status: Plain


class RemittanceQuarantined(Fact, frozen=True, kw_only=True):
    """The 835 does not balance and posts nothing; key: remit_id. difference: stated - computed."""

    remit_id: Id
    trace: Code
    difference_cents: Cents
    rule: Plain


class RemittanceAdjustment(Part, frozen=True, kw_only=True):
    """One CAS triple; positive lowers the payment."""

    group: Code
    carc: Code
    cents: Cents


class RemittanceLine(Part, frozen=True, kw_only=True):
    """One service line of a remittance; `line` is our line number (0 when not matched)."""

    line: Number
    charge_cents: Cents
    paid_cents: Cents
    cas: list[RemittanceAdjustment]
    rarc: list[Code]


class RemittanceClaimMatched(Fact, frozen=True, kw_only=True):
    """A claim payment of an 835 belongs to our claim; key: claim_id. clp02: claim status code."""

    claim_id: Id
    encounter_id: Id
    remit_id: Id
    payer_id: Id
    clp02: Code
    charge_cents: Cents
    paid_cents: Cents
    patient_cents: Cents
    payer_control_number: Code
    lines: list[RemittanceLine]
    reversal: Flag
    paid_on: Day


class RemittanceClaimUnmatched(Fact, frozen=True, kw_only=True):
    """A claim payment nobody here submitted; key: remit_id. position: ordinal of the CLP."""

    remit_id: Id
    position: Number
    reason: Plain
    paid_cents: Cents


class PaymentPosted(Fact, frozen=True, kw_only=True):
    """Money stands in the ledger; key: claim_id (patient money: account_id).

    source: `payer` or `patient`. adjustments: ledger class -> cents. balance_after_cents: what
    insurance (source payer) or the patient (source patient) still owes on it.
    """

    posting_id: Id
    account_id: Id
    claim_id: Id | None = None
    encounter_id: Id | None = None
    remit_id: Id | None = None
    source: Plain
    paid_cents: Cents
    adjustments: dict[str, Cents]
    patient_cents: Cents
    balance_after_cents: Cents


class PaymentReversed(Fact, frozen=True, kw_only=True):
    """A posting was mirrored; key: claim_id."""

    posting_id: Id
    reversed_posting_id: Id
    account_id: Id
    claim_id: Id
    encounter_id: Id
    remit_id: Id | None = None
    paid_cents: Cents
    reason: Plain


class ProviderAdjustmentPosted(Fact, frozen=True, kw_only=True):
    """A PLB entry was booked; key: remit_id. amount: as in the 835, positive lowers payment."""

    remit_id: Id
    reason: Code
    reference: Code
    amount_cents: Cents


class FundsReceived(Fact, frozen=True, kw_only=True):
    """The bank shows money; key: deposit_id. trace: the CCD addenda's TRN02."""

    deposit_id: Id
    trace: Code
    amount_cents: Cents
    received_on: Day


class FundsReconciled(Fact, frozen=True, kw_only=True):
    """A deposit and a remittance are the same money; key: deposit_id."""

    deposit_id: Id
    remit_id: Id
    amount_cents: Cents
    difference_cents: Cents


class BalanceMoved(Fact, frozen=True, kw_only=True):
    """A balance changed its owner; key: claim_id. `source`, `target`: `rank:n` or `patient`."""

    claim_id: Id
    encounter_id: Id
    account_id: Id
    source: Plain
    target: Plain
    amount_cents: Cents


class StatementLine(Struct, frozen=True, kw_only=True):
    """One visit on a statement, in cents and plain words; travels sealed inside StatementBody."""

    service_date: str
    description: str
    charged_cents: int
    insurer_paid_cents: int
    insurer_adjusted_cents: int
    patient_paid_cents: int
    you_owe_cents: int
    why: str
    insurer: str = ""
    claim_number: str = ""


class StatementBody(Struct, frozen=True, kw_only=True):
    """All a statement says; the sum of you_owe_cents is the amount due.

    patient_birth_date (ISO 8601) is not printed: it opens the encrypted copy sent by e-mail.
    """

    statement_number: str
    issued_on: str
    due_on: str
    practice_name: str
    practice_address: PostalAddress
    practice_phone: str
    patient_name: str
    patient_birth_date: str
    recipient_name: str
    recipient_address: PostalAddress
    recipient_email: str
    amount_due_cents: int
    lines: list[StatementLine]


class StatementIssued(Fact, frozen=True, kw_only=True):
    """Payments decided to send a statement; key: account_id. body: a sealed StatementBody."""

    statement_id: Id
    account_id: Id
    patient_id: Id
    amount_cents: Cents
    channel: Plain
    body: Sealed
    issued_at: At


class PatientPaymentReceived(Fact, frozen=True, kw_only=True):
    """The patient paid; key: account_id. channel: `card`, `cash` or `check`."""

    receipt_id: Id
    account_id: Id
    amount_cents: Cents
    channel: Plain
