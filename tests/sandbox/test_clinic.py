"""The demo's data: taken by the rules of gateway and coding, deterministic, visibly ours."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from gateway import schemas as gateway
from gateway.domain import problems_of
from sandbox import clinic
from sandbox.clinic.additions import NPI
from sandbox.payers import PAYERS
from services.coding import schemas as coding
from services.coding.domain import checks
from services.coding.domain.encounter import Submission
from services.coding.domain.fhir import visits
from services.coding.domain.fhir.bundle import Limits
from services.coding.domain.intake_rules import refusals
from shared import ids
from shared.codesets import icd10cm, procedures_demo
from shared.codesets.identifiers import is_mbi

pytest.importorskip("carebundle")
DAY = date(2026, 11, 23)
PRACTICE, PROVIDER = ids.shown("practice", ids.new()), ids.shown("provider", ids.new())


@pytest.fixture(scope="module")
def made() -> list[dict[str, Any]]:
    """200 encounters in bundles of 50, as they come over the wire."""
    return [json.loads(json.dumps(one), parse_float=Decimal) for one in clinic.bundles(DAY)]


@pytest.fixture(scope="module")
def submissions(made: list[dict[str, Any]]) -> list[Submission]:
    """What coding reads in them."""
    found: list[Submission] = []
    for bundle in made:
        reading = visits.read(bundle, Limits(5_000, 200), visits.Defaults())
        assert reading.problems == ()
        assert len(reading.submissions) == clinic.BATCH
        found += reading.submissions
    return found


def test_coding_takes_every_encounter_and_finds_nothing_but_missing_lines(
    submissions: list[Submission],
) -> None:
    sets = checks.CodeSets(icd10cm.shipped(), procedures_demo.demo())
    found: Counter[str] = Counter()
    for one in submissions:
        assert refusals(one, DAY) == ()
        case = checks.Case(one.circumstances, checks.tidy(one.coding))
        found.update(finding.rule for finding in checks.check(case, sets))
    assert len(submissions) == 200
    assert found == {"line.none": 20}


def test_encounters_are_told_apart_and_spread_over_practices_and_payers(
    submissions: list[Submission],
) -> None:
    assert len({one.external_id for one in submissions}) == 200
    assert len({one.patient_external_id for one in submissions}) == 200
    assert {one.practice.npi for one in submissions} == {one.npi for one in clinic.PRACTICES}
    payers = Counter(one.coverages[0].payer_code for one in submissions)
    assert set(payers) == {"ASTER", "BEACON", "DUNE", "ELM", "GROVE", "TESTPAY"}
    members = [c.member.member_id for one in submissions for c in one.coverages]
    assert len(set(members)) == 200


def test_medicare_members_have_medicare_numbers(submissions: list[Submission]) -> None:
    for one in submissions:
        (coverage,) = one.coverages
        assert is_mbi(coverage.member.member_id) == (coverage.payer_code == "BEACON")


def test_visits_lie_in_the_code_year_on_working_days(submissions: list[Submission]) -> None:
    days = {one.circumstances.service_from for one in submissions}
    assert all(date(2026, 10, 1) <= day < DAY and day.weekday() < 5 for day in days)
    early = next(clinic.bundles(date(2026, 10, 5), count=20))
    seen = {
        e["resource"]["period"]["start"][:10]
        for e in early["entry"]
        if e["resource"]["resourceType"] == "Encounter"
    }
    assert min(seen) >= "2026-10-01"


def test_providers_are_those_of_the_practice(made: list[dict[str, Any]]) -> None:
    known = {body["npi"] for one in clinic.PRACTICES for body in one.providers}
    said = {
        one["resource"]["identifier"][0]["value"]
        for bundle in made
        for one in bundle["entry"]
        if one["resource"]["resourceType"] == "Practitioner"
    }
    assert said == known


def test_what_the_generator_did_not_make_is_marked(made: list[dict[str, Any]]) -> None:
    ours = {"Organization", "Coverage", "Claim", "Patient", "Encounter", "Practitioner"}
    for bundle in made:
        for one in bundle["entry"]:
            resource = one["resource"]
            tags = resource.get("meta", {}).get("tag", [])
            is_marked = any(tag["system"] == "urn:claimstream:added" for tag in tags)
            if resource["resourceType"] in ours:
                assert is_marked
            elif resource["resourceType"] == "MedicationRequest":
                assert not is_marked
    assert NPI in json.dumps(made[0], default=str)


def test_the_same_seed_gives_the_same_bundles() -> None:
    first, again = (list(clinic.bundles(DAY, count=4, batch=2)) for _ in range(2))
    assert first == again
    assert first != list(clinic.bundles(DAY, count=4, batch=2, seed=2))


def test_the_gateway_takes_the_master_data() -> None:
    gateway.TenantIn.model_validate(clinic.BILLING_COMPANY)
    bodies: list[Any] = []
    for practice in clinic.PRACTICES:
        bodies.append(gateway.PracticeIn.model_validate(practice.body))
        bodies += [
            gateway.ProviderIn.model_validate({"practice_id": PRACTICE, **provider})
            for provider in practice.providers
        ]
    bodies += [gateway.PayerIn.model_validate(one) for one in clinic.PAYERS]
    bodies.append(gateway.FeeScheduleIn.model_validate(clinic.fee_schedule(DAY)))
    for body in bodies:
        assert problems_of(body.fact(ids.new(), 1)) == ()
    assert {one["code"] for one in clinic.PAYERS} == set(PAYERS)
    assert clinic.fee_schedule(date(2027, 3, 1))["valid_from"] == "2026-10-01"


def test_every_fee_is_for_a_code_of_the_demo_list() -> None:
    known = procedures_demo.demo()
    assert all(known.procedure(code) for code in clinic.FEE_SCHEDULE)


def test_coding_takes_the_scenarios() -> None:
    every = clinic.scenarios(DAY, practice_id=PRACTICE, provider_id=PROVIDER)
    for one in every:
        coding.EncounterIn.model_validate(one.encounter)
    assert every[0] == clinic.first_encounter(DAY, practice_id=PRACTICE, provider_id=PROVIDER)
    assert every[0].name == "J01"
    assert {"J01", "J02"} < {one.name for one in every}
    other = clinic.scenarios(DAY, practice_id=PRACTICE, provider_id=PROVIDER, run="2")
    numbers = {one.encounter["external_id"] for one in (*every, *other)}
    assert len(numbers) == 2 * len(every)
    assert msgspec.json.encode([one.encounter for one in every])


def test_the_simulated_coder_points_at_what_was_diagnosed() -> None:
    body = clinic.coded_by_hand(["E11.9", "I10", "E78.5", "E66.9", "D64.9"])
    coding.CompletionIn.model_validate(body)
    assert body["lines"][0]["pointers"] == [1, 2, 3, 4]
    assert clinic.coded_by_hand([])["diagnoses"] == ["Z00.00"]
