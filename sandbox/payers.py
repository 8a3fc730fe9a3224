"""The seven payers as literal tables: invented rates, what patients owe, how each one pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FULL = 10_000
"""Basis points of the whole."""


class Design(NamedTuple):
    """What a patient owes: a copay per claim, the deductible still open, a share of the rest."""

    copay_cents: int = 0
    deductible_cents: int = 0
    coinsurance: int = 0


class Payer(NamedTuple):
    """A payer: SBR09, allowed cents per unit by code, basis points of the charge for other codes.

    designs: usual plans with their weights. sequestration: basis points withheld from every
    payment (CARC 253). without_share: codes for which the patient owes nothing. tax_id: invented.
    """

    code: str
    name: str
    filing: str
    tax_id: str
    rates: Mapping[str, int]
    other_codes: int
    designs: tuple[tuple[int, Design], ...]
    sequestration: int = 0
    without_share: frozenset[str] = frozenset()

    @property
    def remittance_filing(self) -> str:
        """CLP06; the 835 has no CI, and the commercial plans here are PPOs."""
        return "12" if self.filing == "CI" else self.filing

    @property
    def is_medicare(self) -> bool:
        """Medicare itself: sequestration, the assistant's cut, the rules for the second payer."""
        return self.filing == "MB"


COPAY_25 = Design(copay_cents=25_00)
COPAY_20 = Design(copay_cents=20_00)
SHARE_20 = Design(coinsurance=2_000)
DEDUCTIBLE_OPEN = Design(deductible_cents=1_500_00, coinsurance=2_000)
NOTHING_OWED = Design()

_ASTER = {
    "99213": 102_50,
    "99214": 145_20,
    "20610": 88_00,
    "97110": 31_40,
    "97140": 28_75,
    "97530": 36_10,
}
_BEACON = {"99213": 92_00, "99214": 130_00, "97110": 29_20, "97140": 27_10, "85025": 7_77}

PAYERS: dict[str, Payer] = {
    payer.code: payer
    for payer in (
        Payer(
            "ASTER", "ASTER PPO", "CI", "990000011", _ASTER, 6_500,
            ((60, COPAY_25), (25, SHARE_20), (15, DEDUCTIBLE_OPEN)),
        ),
        Payer(
            "BEACON", "BEACON MEDICARE", "MB", "990000022", _BEACON, 5_500,
            ((100, SHARE_20),), sequestration=200, without_share=frozenset({"85025"}),
        ),
        Payer("CEDAR", "CEDAR SUPPLEMENT", "CI", "990000033", {}, 5_000, ((100, SHARE_20),)),
        Payer(
            "DUNE", "DUNE MEDICAID", "MC", "990000044", {"99213": 61_00}, 4_000,
            ((100, NOTHING_OWED),),
        ),
        Payer(
            "ELM", "ELM HMO", "HM", "990000055", _ASTER, 6_500,
            ((70, SHARE_20), (30, COPAY_20)),
        ),
        Payer("GROVE", "GROVE ADVANTAGE", "16", "990000066", _BEACON, 5_500, ((100, COPAY_20),)),
        Payer("TESTPAY", "TESTPAY", "CI", "990000077", {}, 8_000, ((100, NOTHING_OWED),)),
    )
}  # fmt: skip
"""By the code that 837 and 270 carry in NM109 of the payer."""
