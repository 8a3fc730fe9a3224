"""What the demo has achieved, counted through the public API for its own billing company."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cli.api import Api

SUMS: dict[str, tuple[tuple[str, int], ...]] = {
    "charged_cents": (("gross_charges", -1),),
    "insurer_paid_cents": (("era_clearing", 1), ("bank", 1)),
    "patient_paid_cents": (("card_clearing", 1), ("cash_clearing", 1)),
    "adjusted_cents": (
        ("contractual_allowance", 1),
        ("regulatory_reduction", 1),
        ("withhold_receivable", 1),
    ),
    "insurance_open_cents": (
        ("ar_insurance_1", 1),
        ("ar_insurance_2", 1),
        ("ar_insurance_3", 1),
    ),
    "patient_open_cents": (("ar_patient", 1),),
}
"""Figure -> ledger accounts it is made of, with their sign (debits are positive)."""


@dataclass(frozen=True)
class Figures:
    """Everything the closing table shows."""

    encounters: Counter[str] = field(default_factory=Counter)
    eligible: int = 0
    checks: int = 0
    claims: Counter[str] = field(default_factory=Counter)
    submitted: int = 0
    accepted: int = 0
    paid: int = 0
    denied: int = 0
    posted: int = 0
    money: dict[str, int] = field(default_factory=dict)
    ledger_sum_cents: int = 0


async def count(api: Api) -> Figures:
    """Count everything; takes some requests per thousand claims."""
    encounters: Counter[str] = Counter()
    async for row in api.every("/v1/encounters/search", {}):
        encounters[row["status"]] += 1
    checks: Counter[str] = Counter()
    async for row in api.every("/v1/eligibility-checks/search", {}):
        checks[row["state"]] += 1
    claims = [row async for row in api.every("/v1/claims/search", {})]
    ledger = await api.get("/v1/ledger/summary")
    return Figures(
        encounters=encounters,
        eligible=checks["active"],
        checks=checks.total(),
        claims=Counter(row["status"] for row in claims),
        submitted=sum(bool(row["control_number"]) for row in claims),
        accepted=sum(bool(row["payer_control_number"]) for row in claims),
        paid=sum(row["paid_cents"] > 0 for row in claims),
        denied=sum(row["denied_cents"] > 0 for row in claims),
        posted=sum(row["paid_cents"] > 0 or row["patient_cents"] > 0 for row in claims),
        money=money_of(ledger),
        ledger_sum_cents=ledger["total_cents"],
    )


def money_of(ledger: dict[str, object]) -> dict[str, int]:
    """The figures of SUMS from a ledger summary, in cents."""
    accounts = ledger["accounts"]
    if not isinstance(accounts, list):
        raise TypeError("a ledger summary has a list of accounts")
    stands = {row["account"]: int(row["amount_cents"]) for row in accounts}
    return {
        name: sum(sign * stands.get(account, 0) for account, sign in parts)
        for name, parts in SUMS.items()
    }
