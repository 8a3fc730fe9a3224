"""Each edit finds its own fault, at its place, and nothing else in an otherwise clean claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.domain import edits
from services.claims.domain.case import Case
from services.claims.domain.claim import CoverageTerms, Severity
from services.claims.domain.edits import RULES, scrub
from services.claims.domain.lifecycle import Owner
from shared import ids
from shared.money import Money
from tests.claims.builders import PAYER, SERVICE_DAY, member, person
from tests.claims.cases import (
    ADDRESS,
    case,
    claim,
    coded_line,
    coding,
    home,
    payer,
    practice,
    provider,
    referrer,
)


def lines(*lines_: Any, **changes: Any) -> Callable[[], Case]:
    """A case with these lines."""
    return lambda: case(coding=coding(lines=lines_, **changes))


def of_patient(**changes: Any) -> Callable[[], Case]:
    """A case about another patient."""
    return lambda: case(patient=person(**changes))


def of_practice(**changes: Any) -> Callable[[], Case]:
    """A case of another practice."""
    return lambda: case(practice=practice(**changes))


def dependent(of_member: Any) -> Case:
    """A child on a parent's policy."""
    terms = CoverageTerms(ids.NIL, PAYER, 1, "19")
    return case(coverage=terms, coding=coding(coverages=(terms,)), member=of_member)


THIRTEEN = (
    *("E11.9", "I10", "J45.909", "M54.50", "K21.9", "F41.1", "E78.5"),
    *("N39.0", "R05.9", "Z00.00", "G43.909", "L40.0", "D64.9"),
)
FAULTS: list[tuple[str, str, Callable[[], Case]]] = [
    ("diagnoses.count", "/diagnoses", lambda: case(coding=coding(diagnoses=THIRTEEN))),
    ("diagnoses.valid", "/diagnoses/0", lambda: case(coding=coding(diagnoses=("E11",)))),
    ("diagnoses.valid", "/diagnoses/0", lambda: case(coding=coding(diagnoses=("I42.0",)))),
    (
        "diagnoses.repeated",
        "/diagnoses/1",
        lambda: case(coding=coding(diagnoses=("E11.9", "E11.9"))),
    ),
    ("lines.count", "/lines", lines(*[coded_line(n) for n in range(1, 52)])),
    ("lines.procedure", "/lines/0/code", lines(coded_line(code="99201"))),
    ("lines.modifiers", "/lines/0/modifiers", lines(coded_line(modifiers=("25", "25")))),
    (
        "lines.modifiers",
        "/lines/0/modifiers",
        lines(coded_line(modifiers=("25", "59", "GP", "KX", "CQ"))),
    ),
    ("lines.pointers", "/lines/0/pointers", lines(coded_line(pointers=()))),
    ("lines.pointers", "/lines/0/pointers", lines(coded_line(pointers=(2,)))),
    ("lines.pointers", "/lines/0/pointers", lines(coded_line(pointers=(0,)))),
    ("lines.pointers", "/lines/0/pointers", lines(coded_line(pointers=(1, 1)))),
    ("lines.units", "/lines/0/units", lines(coded_line(units=0))),
    ("charges.sum", "/lines/0/charge_cents", lines(coded_line(charge=Money(0)))),
    ("charges.sum", "/charge_cents", lambda: case(claim=claim(charge=Money(15_001)))),
    (
        "dates.order",
        "/lines/0/service_date",
        lines(coded_line(service_date=SERVICE_DAY - timedelta(days=1))),
    ),
    ("dates.future", "/service_to", lambda: case(today=SERVICE_DAY - timedelta(days=1))),
    ("dates.before_birth", "/service_from", of_patient(birth_date="2026-11-10")),
    ("place.known", "/place_of_service", lambda: case(coding=coding(place_of_service="98"))),
    ("npi.check_digit", "/practice/npi", of_practice(npi="1234567890")),
    (
        "npi.check_digit",
        "/rendering_provider/npi",
        lambda: case(rendering=provider(npi="1679576723")),
    ),
    ("npi.check_digit", "/referring_provider/npi", lambda: case(referring=referrer(npi="12"))),
    (
        "billing.zip",
        "/practice/address/zip_code",
        of_practice(address=replace(ADDRESS, zip_code="53703")),
    ),
    (
        "billing.street",
        "/practice/address/line1",
        of_practice(address=replace(ADDRESS, line1="P.O. Box 12")),
    ),
    ("billing.tax_id", "/practice/tax_id", of_practice(tax_id="111111111")),
    ("taxonomy.shape", "/practice/taxonomy", of_practice(taxonomy="207Q")),
    ("parties.active", "/practice", of_practice(active=False)),
    ("parties.active", "/rendering_provider", lambda: case(rendering=provider(active=False))),
    ("parties.active", "/payer", lambda: case(payer=payer(active=False))),
    ("patient.complete", "/patient/last_name", of_patient(last_name=" ")),
    ("patient.complete", "/patient/sex", of_patient(sex="X")),
    ("patient.complete", "/patient/birth_date", of_patient(birth_date="29.02.1980")),
    ("patient.complete", "/patient/address/line1", of_patient(address=home(line1=""))),
    ("patient.complete", "/patient/address/city", of_patient(address=home(city=""))),
    ("patient.complete", "/patient/address/state", of_patient(address=home(state="Wisconsin"))),
    ("patient.complete", "/patient/address/zip_code", of_patient(address=home(zip_code="5370"))),
    ("member.id", "/coverage/member_id", lambda: case(member=member(member_id=" "))),
    ("member.id", "/coverage/member_id", lambda: case(payer=payer(filing_indicator="MB"))),
    ("member.subscriber", "/coverage/subscriber", lambda: dependent(member())),
    (
        "member.subscriber",
        "/coverage/subscriber/sex",
        lambda: dependent(member(subscriber=person(sex=""))),
    ),
    ("frequency.reference", "/original_number", lambda: case(claim=claim(frequency="7"))),
    ("frequency.reference", "/original_number", lambda: case(claim=claim(original_number="ICN1"))),
    ("frequency.reference", "/frequency", lambda: case(claim=claim(frequency="5"))),
    (
        "filing.limit",
        "/service_from",
        lambda: case(claim=claim(filing_due=datetime(2026, 11, 16, tzinfo=UTC))),
    ),
]


def test_a_clean_claim_has_no_findings() -> None:
    assert scrub(case()) == ()
    assert scrub(case(referring=referrer())) == ()
    assert scrub(dependent(member(subscriber=person(sex="M")))) == ()


@pytest.mark.parametrize(
    ("rule", "location", "make"), FAULTS, ids=[f"{rule}@{place}" for rule, place, _ in FAULTS]
)
def test_each_fault_is_found_at_its_place_and_nothing_else(
    rule: str, location: str, make: Callable[[], Case]
) -> None:
    [finding] = scrub(make())
    assert (finding.rule, finding.location) == (rule, location)
    assert finding.message.endswith(".")
    assert finding.remedy.endswith(".")


def test_every_rule_has_an_example() -> None:
    shown = {rule for rule, _, _ in FAULTS} | {"frequency.medicare"}
    assert {rule.id for rule in RULES} == shown


def test_medicare_takes_originals_only() -> None:
    of_medicare = case(
        payer=payer(filing_indicator="MB"),
        member=member(member_id="1EG4TE5MK73"),
        claim=claim(frequency="7", original_number="ICN1"),
    )
    assert [finding.rule for finding in scrub(of_medicare)] == ["frequency.medicare"]


def test_a_filing_limit_warns_and_does_not_stop() -> None:
    late = scrub(case(claim=claim(filing_due=datetime(2026, 11, 1, tzinfo=UTC))))
    assert [finding.severity for finding in late] == [Severity.WARN]
    assert edits.errors(late) == ()


def test_findings_name_whose_turn_it_is() -> None:
    found = scrub(case(coding=coding(diagnoses=("E11",)), practice=practice(npi="1")))
    assert [finding.owner for finding in found] == [Owner.CODER, Owner.CLIENT]


def test_a_code_of_a_list_that_is_not_loaded_is_no_fault() -> None:
    long_ago = date(2019, 3, 4)
    old = coding(
        service_from=long_ago,
        service_to=long_ago,
        diagnoses=("I42.0",),
        lines=(coded_line(service_date=long_ago),),
    )
    assert scrub(case(coding=old)) == ()


@given(
    charges=st.lists(st.integers(1, 10_000_000), min_size=1, max_size=50),
    difference=st.integers(-1_000, 1_000),
)
def test_the_charge_is_the_sum_of_the_lines(charges: list[int], difference: int) -> None:
    of_lines = tuple(coded_line(n, charge=Money(each)) for n, each in enumerate(charges, 1))
    stated = Money(sum(charges) + difference)
    found = scrub(case(coding=coding(lines=of_lines), claim=claim(charge=stated)))
    assert [finding.rule for finding in found] == (["charges.sum"] if difference else [])


@given(place=st.integers(0, 9), digit=st.integers(0, 9))
def test_one_wrong_digit_breaks_an_npi(place: int, digit: int) -> None:
    number = practice().npi
    changed = number[:place] + str(digit) + number[place + 1 :]
    rules = [finding.rule for finding in scrub(case(practice=practice(npi=changed)))]
    assert rules == ([] if changed == number else ["npi.check_digit"])
