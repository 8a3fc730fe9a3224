"""What a fact of master data must be like, what a key may do, and who asks for what too often."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.codesets.identifiers import is_ein, is_npi, is_taxonomy, is_zip9
from shared.codesets.x12_values import FILING_INDICATORS
from shared.errors import Problem
from shared.events.marks import Fact
from shared.events.tenancy import (
    BusinessAddress,
    FeeScheduleChanged,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
)

SCOPES = frozenset(
    f"{noun}:{verb}"
    for noun in (
        "encounters",
        "coding",
        "eligibility",
        "claims",
        "payments",
        "notifications",
        "admin",
    )
    for verb in ("read", "write")
)
OPERATOR_SCOPES = frozenset({"platform:read", "platform:write"})
MODES = ("test", "live")
OPERATOR = "operator"

STATES = frozenset(
    re.findall(
        "..",
        "ALAKAZARCACOCTDEFLGAHIIDILINIAKSKYLAMEMDMAMIMNMSMOMTNENVNHNJNMNYNCND"
        "OHOKORPARISCSDTNTXUTVTVAWAWVWIWYDCASGUMPPRVIFMMHPWAAAEAP",
    )
)
"""USPS codes of states, territories and the armed forces."""


class Noun(NamedTuple):
    """One kind of master data: its name in ids, its fact, the fact's id, what makes it unique."""

    kind: str
    fact: type[Fact]
    id_field: str
    natural: Callable[[Any], str]


PRACTICE = Noun("practice", PracticeChanged, "practice_id", lambda fact: fact.npi)
PROVIDER = Noun(
    "provider", ProviderChanged, "provider_id", lambda fact: f"{fact.practice_id}:{fact.npi}"
)
PAYER = Noun("payer", PayerChanged, "payer_id", lambda fact: fact.code)
FEE_SCHEDULE = Noun(
    "fee_schedule",
    FeeScheduleChanged,
    "fee_schedule_id",
    lambda fact: f"{fact.practice_id}:{fact.valid_from}",
)


def problems_of(fact: Fact) -> tuple[Problem, ...]:
    """Everything wrong with a snapshot, all at once."""
    check = _CHECKS.get(type(fact))
    return tuple(check(fact)) if check else ()


def _npi(npi: str) -> list[Problem]:
    if is_npi(npi):
        return []
    sentence = "This is no NPI: ten digits, the last one a check digit."
    return [Problem("/npi", "npi_invalid", sentence, "Copy it from the NPI registry.")]


def _taxonomy(taxonomy: str) -> list[Problem]:
    if is_taxonomy(taxonomy):
        return []
    return [Problem("/taxonomy", "taxonomy_invalid", "A taxonomy has ten characters, last X.")]


def _address(address: BusinessAddress) -> list[Problem]:
    found = []
    if not is_zip9(address.zip_code):
        sentence = "A billing address needs all nine digits of its ZIP code."
        remedy = "Look up the four digits after the dash."
        found.append(Problem("/address/zip_code", "zip_incomplete", sentence, remedy))
    if address.state not in STATES:
        sentence = "This is no two-letter code of a state or territory."
        found.append(Problem("/address/state", "state_unknown", sentence))
    return found


def _practice(fact: PracticeChanged) -> list[Problem]:
    found = _npi(fact.npi) + _taxonomy(fact.taxonomy) + _address(fact.address)
    if not is_ein(fact.tax_id):
        sentence = "A practice's tax id is its EIN of nine digits."
        found.append(Problem("/tax_id", "tax_id_invalid", sentence))
    return found


def _provider(fact: ProviderChanged) -> list[Problem]:
    return _npi(fact.npi) + _taxonomy(fact.taxonomy)


def _payer(fact: PayerChanged) -> list[Problem]:
    found = _address(fact.address)
    if fact.filing_indicator not in FILING_INDICATORS:
        sentence = "This is no claim filing indicator (SBR09)."
        found.append(Problem("/filing_indicator", "filing_indicator_unknown", sentence))
    return found


def _fee_schedule(fact: FeeScheduleChanged) -> list[Problem]:
    found: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(fact.lines):
        if (line.code, line.modifier) in seen:
            sentence = "This code and modifier stand in the schedule twice."
            found.append(Problem(f"/lines/{number}/code", "fee_twice", sentence))
        seen.add((line.code, line.modifier))
    return found


_CHECKS: dict[type[Fact], Callable[[Any], list[Problem]]] = {
    PracticeChanged: _practice,
    ProviderChanged: _provider,
    PayerChanged: _payer,
    FeeScheduleChanged: _fee_schedule,
}


@dataclass(slots=True)
class Bucket:
    """A token bucket: holds `quota`, fills up again within `window_seconds`."""

    quota: int
    window_seconds: float
    tokens: float
    filled_at: float

    def take(self, now: float) -> bool:
        """Take one token at an instant (seconds, rising); False when there is none."""
        rate = self.quota / self.window_seconds
        self.tokens = min(self.quota, self.tokens + (now - self.filled_at) * rate)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    @property
    def left(self) -> int:
        """Whole tokens that are left."""
        return int(self.tokens)

    @property
    def full_after_seconds(self) -> float:
        """How long it takes to be full again."""
        return (self.quota - self.tokens) * self.window_seconds / self.quota

    @property
    def next_after_seconds(self) -> float:
        """How long until there is a token."""
        return max(0.0, (1 - self.tokens) * self.window_seconds / self.quota)
