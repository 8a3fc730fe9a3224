"""Pure values of the domain with defaults: a clean claim, its coding and its people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.claims.domain.case import Case
from services.claims.domain.claim import Cause, Claim, CodedLine, Coding, CoverageTerms
from services.claims.domain.parties import Address, Payer, Practice, Provider
from shared import ids
from shared.events.people import PostalAddress
from shared.money import Money
from tests.claims.builders import (
    NOW,
    PAYER,
    PRACTICE_NPI,
    PROVIDER,
    PROVIDER_NPI,
    REFERRER,
    REFERRER_NPI,
    SERVICE_DAY,
    member,
    person,
)
from tests.support.builders import PRACTICE, TENANT

CAUSE = Cause(NOW, "test", "message")
ADDRESS = Address("12 Harbor Road", "", "Springfield", "WI", "537031234")


def coded_line(number: int = 1, **changes: Any) -> CodedLine:
    """An office visit of 150.00."""
    usual = CodedLine(number, "99213", (), 1, (1,), Money(15_000), SERVICE_DAY)
    return replace(usual, **changes)


def coding(**changes: Any) -> Coding:
    """One visit, one diagnosis."""
    usual = Coding(
        version=1,
        diagnoses=("E11.9",),
        lines=(coded_line(),),
        coverages=(CoverageTerms(ids.NIL, PAYER, 1, "18"),),
        rendering_provider_id=PROVIDER,
        referring_provider_id=None,
        service_from=SERVICE_DAY,
        service_to=SERVICE_DAY,
        place_of_service="11",
    )
    return replace(usual, **changes)


def payer(**changes: Any) -> Payer:
    """Aster PPO."""
    usual = Payer(PAYER, "ASTER", "Aster PPO", "CI", ADDRESS, 90, 14, 180, True, 1)
    return replace(usual, **changes)


def claim(**changes: Any) -> Claim:
    """A draft of 150.00."""
    usual = Claim(
        tenant_id=TENANT,
        id=ids.claim_id(ids.NIL, 1, 0),
        practice_id=PRACTICE,
        encounter_id=ids.NIL,
        patient_id=ids.NIL,
        payer_id=PAYER,
        rank=1,
        generation=0,
        frequency="1",
        coding_version=1,
        service_from=SERVICE_DAY,
        service_to=SERVICE_DAY,
        charge=Money(15_000),
        filing_due=datetime(2027, 2, 8, tzinfo=UTC),
        filing_rule="ASTER:90d",
        opened_at=NOW,
    )
    return replace(usual, **changes)


def practice(**changes: Any) -> Practice:
    """The billing provider."""
    usual = Practice(
        PRACTICE,
        "Harbor Family Practice",
        PRACTICE_NPI,
        "391234567",
        "207Q00000X",
        ADDRESS,
        "6085550100",
        True,
    )
    return replace(usual, **changes)


def provider(**changes: Any) -> Provider:
    """The physician."""
    usual = Provider(PROVIDER, "Rivera", "Ana", PROVIDER_NPI, "207Q00000X", True)
    return replace(usual, **changes)


def referrer(**changes: Any) -> Provider:
    """Who sent the patient."""
    return replace(Provider(REFERRER, "Okafor", "Ben", REFERRER_NPI, "", True), **changes)


def case(**changes: Any) -> Case:
    """A claim without findings."""
    of_coding = changes.get("coding", coding())
    usual = Case(
        claim=claim(charge=of_coding.charge),
        coding=of_coding,
        coverage=of_coding.coverages[0],
        patient=person(),
        member=member(),
        practice=practice(),
        rendering=provider(),
        referring=None,
        payer=payer(),
        today=date(2026, 11, 16),
    )
    return replace(usual, **changes)


def home(**changes: str) -> PostalAddress:
    """The patient's address."""
    usual = {"line1": "4 Cedar Lane", "city": "Springfield", "state": "WI", "zip_code": "53703"}
    return PostalAddress(**{**usual, **changes})
