"""The HTTP shapes of payments; amounts are whole cents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": values})


class MovementOut(BaseModel):
    """One reason why an amount moved; positive = more is owed, by the holder named."""

    what: str
    reason: str
    meaning: str
    holder: str
    amount_cents: int


class VisitOut(BaseModel):
    """One visit: charged = insurer paid + adjusted + patient paid + what both still owe."""

    encounter_id: str
    practice_id: str
    claim_id: str | None
    insurer: str
    service_date: date | None
    charged_cents: int
    insurer_paid_cents: int
    insurer_adjusted_cents: int
    patient_paid_cents: int
    insurer_owes_cents: int
    patient_owes_cents: int
    denied_cents: int
    denied_category: str
    movements: list[MovementOut]


class StatementOut(BaseModel):
    """One statement, without what it says."""

    statement_id: str
    status: str
    amount_cents: int
    open_cents: int
    issued_at: datetime
    due_on: date


class AccountOut(BaseModel):
    """A patient's account, explained to the cent."""

    model_config = _example(
        account_id="acc_agrajgj4nf4pvhjrihnqvda7oy",
        practice_id="prc_agrajgj4nf4pvhjrihnqvda7oy",
        status="statement_due",
        patient_owes_cents=2500,
        insurer_owes_cents=0,
        visits=[],
        statements=[],
    )

    account_id: str
    practice_id: str
    status: str
    patient_owes_cents: int
    insurer_owes_cents: int
    visits: list[VisitOut]
    statements: list[StatementOut]


class PaymentIn(BaseModel):
    """What a patient pays now."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"amount_cents": 2500, "channel": "card"}},
    )

    amount_cents: int = Field(gt=0, le=100_000_000)
    channel: Literal["card", "cash", "check"]


class PaymentOut(BaseModel):
    """The receipt, and what the patient still owes."""

    model_config = _example(
        payment_id="pay_agrajgj4nf4pvhjrihnqvda7oy",
        account_id="acc_agrajgj4nf4pvhjrihnqvda7oy",
        amount_cents=2500,
        still_owed_cents=0,
    )

    payment_id: str
    account_id: str
    amount_cents: int
    still_owed_cents: int


class ProviderAdjustmentOut(BaseModel):
    """An adjustment of the payment as a whole; positive lowers it."""

    reason: str
    meaning: str
    reference: str
    amount_cents: int


class RemittanceOut(BaseModel):
    """One payment of an 835; difference is stated minus computed, of the first rule broken."""

    model_config = _example(
        remittance_id="rmt_agrajgj4nf4pvhjrihnqvda7oy",
        practice_id="prc_agrajgj4nf4pvhjrihnqvda7oy",
        payer_code="ASTER",
        trace="0001",
        total_cents=7750,
        paid_on="2026-11-23",
        status="posted",
        rule="",
        place="",
        difference_cents=0,
        duplicate_of=None,
        claims=1,
        claim_states={"posted": 1},
        provider_adjustments=[],
        received_at="2026-11-23T18:00:04Z",
    )

    remittance_id: str
    practice_id: str
    payer_code: str
    trace: str
    total_cents: int
    paid_on: date
    status: str
    rule: str
    place: str
    difference_cents: int
    duplicate_of: str | None
    claims: int
    claim_states: dict[str, int]
    provider_adjustments: list[ProviderAdjustmentOut]
    received_at: datetime


class RemittancesOut(BaseModel):
    """The payments of one uploaded file, in its order."""

    remittances: list[RemittanceOut]


class SumOut(BaseModel):
    """What one account of the ledger stands at; debits positive."""

    account: str
    kind: str
    meaning: str
    amount_cents: int
    entries: int


class LedgerSummaryOut(BaseModel):
    """The ledger's accounts; their total is always 0."""

    model_config = _example(accounts=[], total_cents=0)

    accounts: list[SumOut]
    total_cents: int
