"""The chart of accounts as a literal: every place money can stand in this ledger."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What an account is to the practice."""

    ASSET = "asset"
    REVENUE = "revenue"
    REDUCTION = "reduction"
    CLEARING = "clearing"


class Account(StrEnum):
    """One account of the chart; the value is what stands in the ledger's rows."""

    INSURANCE_1 = "ar_insurance_1"
    INSURANCE_2 = "ar_insurance_2"
    INSURANCE_3 = "ar_insurance_3"
    PATIENT = "ar_patient"
    GROSS_CHARGES = "gross_charges"
    CONTRACTUAL_ALLOWANCE = "contractual_allowance"
    REGULATORY_REDUCTION = "regulatory_reduction"
    WITHHOLD = "withhold_receivable"
    ERA_CLEARING = "era_clearing"
    BANK = "bank"
    INTEREST_INCOME = "interest_income"
    PAYER_RECOVERY = "payer_recovery"
    FORWARD_BALANCE = "forward_balance"
    PLB_SUSPENSE = "plb_suspense"
    CARD_CLEARING = "card_clearing"
    CASH_CLEARING = "cash_clearing"


KINDS: dict[Account, tuple[Kind, str]] = {
    Account.INSURANCE_1: (Kind.ASSET, "Owed by the first payer"),
    Account.INSURANCE_2: (Kind.ASSET, "Owed by the second payer"),
    Account.INSURANCE_3: (Kind.ASSET, "Owed by the third payer"),
    Account.PATIENT: (Kind.ASSET, "Owed by patients"),
    Account.GROSS_CHARGES: (Kind.REVENUE, "Charges at the practice's prices"),
    Account.CONTRACTUAL_ALLOWANCE: (Kind.REDUCTION, "Reductions agreed with payers"),
    Account.REGULATORY_REDUCTION: (Kind.REDUCTION, "Reductions by law"),
    Account.WITHHOLD: (Kind.ASSET, "Withheld by payers, to come later"),
    Account.ERA_CLEARING: (Kind.CLEARING, "Told by a remittance, not yet in the bank"),
    Account.BANK: (Kind.ASSET, "In the bank"),
    Account.INTEREST_INCOME: (Kind.REVENUE, "Interest paid by payers"),
    Account.PAYER_RECOVERY: (Kind.CLEARING, "Taken back by payers"),
    Account.FORWARD_BALANCE: (Kind.CLEARING, "Carried by a payer to its next payment"),
    Account.PLB_SUSPENSE: (Kind.CLEARING, "Other provider adjustments, to be explained"),
    Account.CARD_CLEARING: (Kind.CLEARING, "Paid by card, not yet settled"),
    Account.CASH_CLEARING: (Kind.CLEARING, "Paid in cash or by check, not yet banked"),
}

INSURANCE: dict[int, Account] = {
    1: Account.INSURANCE_1,
    2: Account.INSURANCE_2,
    3: Account.INSURANCE_3,
}
RECEIVABLES: frozenset[Account] = frozenset({*INSURANCE.values(), Account.PATIENT})


def holder(account: Account) -> str:
    """Who owes a receivable, in the words of BalanceMoved: `rank:1` or `patient`."""
    ranks = {each: rank for rank, each in INSURANCE.items()}
    return f"rank:{ranks[account]}" if account in ranks else "patient"
