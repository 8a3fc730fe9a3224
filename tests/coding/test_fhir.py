"""FHIR bundles read into submissions: what each part means, and that nothing breaks the reader."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coding.domain import fhir
from services.coding.domain.encounter import Submission
from shared.errors import Invalid, Refused
from shared.money import Money
from tests.coding.samples import (
    CPT,
    ICD,
    NPI,
    PROVIDER_NPI,
    SAMPLES,
    SNOMED,
    bundle,
    claim_resource,
    concept,
    coverage_resource,
    patient_resource,
    pointer_to,
    reference,
    resources,
    sample,
    visit_resource,
)

LIMITS = fhir.Limits(entries=5_000, encounters=200)
HERE = fhir.Defaults(UUID(int=1), UUID(int=2))


def reading(
    parts: dict[str, Any] | None = None, defaults: fhir.Defaults | None = None
) -> fhir.Reading:
    raw = json.dumps(bundle(parts)).encode()
    return fhir.read(fhir.parsed(raw), LIMITS, defaults or fhir.Defaults())


def only(**changes: dict[str, Any] | None) -> Submission:
    found = reading(resources(**changes))
    assert found.problems == ()
    [one] = found.submissions
    return one


def codes(found: fhir.Reading) -> set[str]:
    return {one.code for one in found.problems}


def item(**changes: Any) -> dict[str, Any]:
    [told] = claim_resource()["item"]
    return {**told, **changes}


def test_a_visit_is_read_whole() -> None:
    one = only()
    assert (one.external_id, one.patient_external_id) == ("visit-1001", "chart-77")
    assert (one.patient.last_name, one.patient.sex) == ("Example", "F")
    assert (one.patient.address.state, one.patient.address.zip_code) == ("WI", "537030001")
    assert one.patient.phone == "6085550111"
    assert (one.practice.npi, one.rendering.npi) == ("1234567893", PROVIDER_NPI)
    assert one.circumstances.service_from == one.circumstances.service_to == date(2026, 11, 3)
    assert one.circumstances.place_of_service == "11"
    [coverage] = one.coverages
    assert (coverage.payer_code, coverage.rank, coverage.relationship) == ("ASTER", 1, "18")
    assert coverage.member.member_id == "TEST-ACTIVE"
    [line] = one.coding.lines
    assert (line.code, line.units, line.pointers, line.charge) == ("99213", 1, (1,), Money(15_000))
    assert one.reasons == ()


def test_the_claims_diagnoses_come_in_its_sequence_and_lines_point_at_them() -> None:
    claim = claim_resource(
        diagnosis=[
            {"sequence": 7, "diagnosisCodeableConcept": concept(ICD, "I10")},
            {"sequence": 2, "diagnosisReference": reference("condition")},
        ],
        item=[item(diagnosisSequence=[7, 2])],
    )
    one = only(claim=claim)
    assert one.coding.diagnoses == ("E11.9", "I10")
    assert one.coding.lines[0].pointers == (2, 1)


def test_without_a_claim_the_encounter_ranks_its_diagnoses() -> None:
    other = {"resourceType": "Condition", "code": concept(ICD, "i10")}
    visit = visit_resource(
        diagnosis=[
            {"condition": reference("condition"), "rank": 2},
            {"condition": reference("other"), "rank": 1},
        ]
    )
    one = only(claim=None, other=other, visit=visit)
    assert one.coding.diagnoses == ("I10", "E11.9")


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_conditions_that_do_not_hold_are_left_out(status: str) -> None:
    refuted = {
        "resourceType": "Condition",
        "code": concept(ICD, "I10"),
        "encounter": reference("visit"),
        "verificationStatus": concept("x", status),
    }
    assert only(claim=None, refuted=refuted).coding.diagnoses == ("E11.9",)


def test_charge_items_and_procedures_give_lines_where_there_is_no_claim() -> None:
    charged = {
        "resourceType": "ChargeItem",
        "status": "billable",
        "context": reference("visit"),
        "code": concept(CPT, "97110"),
        "quantity": {"value": 2},
        "priceOverride": {"value": 130.5},
        "reason": [concept(ICD, "E119")],
        "occurrenceDateTime": "2026-11-03T10:00:00Z",
    }
    done = {
        "resourceType": "Procedure",
        "status": "completed",
        "encounter": reference("visit"),
        "code": concept("http://terminology.hl7.org/CodeSystem/HCPCS", "G0283"),
        "reasonReference": [reference("condition")],
    }
    [line] = only(claim=None, charged=charged, done=done).coding.lines
    assert (line.code, line.units, line.charge, line.pointers) == (
        "97110", 2, Money(13_050), (1,),
    )  # fmt: skip
    [line] = only(claim=None, done=done).coding.lines
    assert (line.code, line.charge, line.pointers) == ("G0283", Money(0), (1,))
    undone = {**done, "status": "not-done"}
    assert only(claim=None, done=undone).coding.lines == ()


def test_a_unit_price_counts_per_unit_and_net_for_the_line() -> None:
    priced = item(unitPrice={"value": 10.25}, net=None, quantity={"value": 3})
    assert only(claim=claim_resource(item=[priced])).coding.lines[0].charge == Money(3_075)
    both = item(unitPrice={"value": 10.25}, net={"value": 5}, quantity={"value": 3})
    assert only(claim=claim_resource(item=[both])).coding.lines[0].charge == Money(500)


def test_what_is_said_in_snomed_is_a_fact_for_the_coder() -> None:
    condition = {
        "resourceType": "Condition",
        "code": concept(SNOMED, "38341003", "high pressure"),
        "encounter": reference("visit"),
    }
    claim = claim_resource(item=[item(productOrService=concept(SNOMED, "162673000"))])
    one = only(condition=condition, claim=claim)
    assert one.coding.diagnoses == ()
    assert one.coding.lines == ()
    assert [(fact.kind, fact.code, fact.text) for fact in one.facts] == [
        ("condition", "38341003", "high pressure"),
        ("procedure", "162673000", ""),
    ]
    assert one.reasons == ("diagnosis_not_icd10cm", "procedure_not_coded")


@pytest.mark.parametrize(
    ("class_", "place"), [("AMB", "11"), ("VR", "10"), ("EMER", "23"), ("IMP", "21")]
)
def test_the_class_tells_the_place(class_: str, place: str) -> None:
    visit = visit_resource(**{"class": {"code": class_}})
    assert only(visit=visit).circumstances.place_of_service == place


def test_the_claim_item_tells_the_place_better() -> None:
    claim = claim_resource(item=[item(locationCodeableConcept=concept("pos", "22"))])
    assert only(claim=claim).circumstances.place_of_service == "22"


def test_roles_of_participants() -> None:
    def doctor(npi: str) -> dict[str, Any]:
        return {"resourceType": "Practitioner", "identifier": [{"system": NPI, "value": npi}]}

    visit = visit_resource(
        participant=[
            {"individual": reference("sender"), "type": [concept("x", "REF")]},
            {"individual": reference("other"), "type": [concept("x", "ATND")]},
            {"individual": reference("doctor"), "type": [concept("x", "PPRF")]},
        ]
    )
    one = only(visit=visit, sender=doctor("1"), other=doctor("2"))
    assert one.rendering.npi == PROVIDER_NPI
    assert one.referring is not None
    assert one.referring.npi == "1"


def test_ids_beside_the_bundle_stand_in_only_where_it_names_none() -> None:
    parts = resources(clinic=None, doctor=None)
    assert codes(reading(parts)) == {"practice_missing", "provider_missing"}
    [one] = reading(parts, HERE).submissions
    assert (one.practice.id, one.rendering.id) == (UUID(int=1), UUID(int=2))
    [named] = reading(None, HERE).submissions
    assert (named.practice.id, named.practice.npi) == (None, "1234567893")


def test_coverages_of_the_patient_in_order_and_in_force() -> None:
    second = coverage_resource(order=2, subscriberId="B")
    first = coverage_resource(order=1, subscriberId="A", **{"class": [
        {"type": concept("x", "group"), "value": "G7"}]})  # fmt: skip
    over = coverage_resource(order=3, subscriberId="C", period={"end": "2026-01-01"})
    cancelled = coverage_resource(order=4, subscriberId="D", status="cancelled")
    parts = {"coverage": second, "first": first, "over": over, "cancelled": cancelled}
    one = only(claim=None, **parts)
    assert [(each.rank, each.member.member_id) for each in one.coverages] == [(1, "A"), (2, "B")]
    assert one.coverages[0].member.group_number == "G7"


def test_the_holder_of_a_childs_coverage() -> None:
    holder = {**patient_resource(), "resourceType": "RelatedPerson"}
    coverage = coverage_resource(relationship=concept("x", "child"), subscriber=reference("holder"))
    [one] = only(coverage=coverage, holder=holder).coverages
    assert one.relationship == "19"
    assert one.member.subscriber is not None
    assert one.member.subscriber.last_name == "Example"


def test_a_visit_without_coverage_is_self_pay() -> None:
    claim = claim_resource(insurance=[])
    assert only(coverage=None, claim=claim).coverages == ()


def test_a_social_security_number_is_never_the_patients_number() -> None:
    listed = [
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-11-2222"},
        {"type": concept("x", "SS"), "value": "999-11-3333"},
        {"system": "urn:other", "value": "first"},
        {"type": concept("x", "MR"), "value": "record"},
    ]
    assert only(patient=patient_resource(identifier=listed)).patient_external_id == "record"
    bare = only(patient=patient_resource(identifier=listed[:2], id="abc"))
    assert bare.patient_external_id == "abc"


@pytest.mark.parametrize("status", ["planned", "in-progress", "cancelled", "entered-in-error", ""])
def test_only_finished_encounters_are_taken(status: str) -> None:
    found = reading(resources(planned=visit_resource("later", status=status)))
    assert len(found.submissions) == 1
    assert found.ignored == {"Observation": 1, "Encounter": 1}
    assert codes(reading(resources(visit=visit_resource(status=status)))) == {"no_encounter"}


def test_references_by_type_and_id() -> None:
    document = bundle()
    for entry in document["entry"]:
        name = entry.pop("fullUrl").removeprefix("urn:uuid:")
        entry["resource"]["id"] = name
    text = json.dumps(document)
    for name in resources():
        kind = (resources()[name] or {})["resourceType"]
        text = text.replace(f'"urn:uuid:{name}"', f'"https://example.test/fhir/{kind}/{name}"')
    found = fhir.read(fhir.parsed(text.encode()), LIMITS, fhir.Defaults())
    assert found.problems == ()
    assert found.submissions[0].coding == reading().submissions[0].coding


@pytest.mark.parametrize(
    ("changes", "part", "code"),
    [
        ({"patient": patient_resource(gender="x")}, "patient/gender", "field_missing"),
        ({"patient": patient_resource(birthDate="1980")}, "patient/birthDate", "field_missing"),
        ({"patient": patient_resource(name=[{"family": "x" * 61, "given": ["A"]}])},
         "patient/name/0/family", "field_length"),
        ({"patient": patient_resource(name=[])}, "patient/name/0/family", "field_missing"),
        ({"patient": None}, "visit/subject", "patient_missing"),
        ({"visit": visit_resource(period={})}, "visit/period/start", "field_missing"),
        ({"visit": visit_resource(**{"class": {"code": "??"}})}, "visit/class",
         "place_of_service_unknown"),
        ({"coverage": coverage_resource(payor=[])}, "coverage/payor/0", "payer_missing"),
        ({"claim": claim_resource(item=[item(net={"value": 1.005})])}, "claim/item/0",
         "amount_malformed"),
        ({"claim": claim_resource(item=[item(net={"value": -1})])}, "claim/item/0",
         "amount_malformed"),
        ({"claim": claim_resource(item=[item(net={"value": 1e300})])}, "claim/item/0",
         "amount_malformed"),
        ({"claim": claim_resource(item=[item(quantity={"value": 1.5})])},
         "claim/item/0/quantity/value", "units_not_whole"),
        ({"claim": claim_resource(item=[item(quantity={"value": 0})])},
         "claim/item/0/quantity/value", "units_not_whole"),
    ],
)  # fmt: skip
def test_problems_name_their_place(changes: dict[str, Any], part: str, code: str) -> None:
    parts = resources(**changes)
    name, _, rest = part.partition("/")
    place = f"{pointer_to(bundle(parts), name)}/{rest}"
    assert (place, code) in [(one.pointer, one.code) for one in reading(parts).problems]


def test_a_problem_of_a_patient_is_told_once_for_all_visits() -> None:
    parts = resources(patient=patient_resource(birthDate=""), again=visit_resource("two"))
    assert len(reading(parts).problems) == 1


def test_limits() -> None:
    document = fhir.parsed(json.dumps(bundle()).encode())
    with pytest.raises(Invalid, match="bundle_too_large"):
        fhir.read(document, fhir.Limits(entries=8, encounters=9), fhir.Defaults())
    with pytest.raises(Invalid, match="bundle_too_large"):
        fhir.read(document, fhir.Limits(entries=9, encounters=0), fhir.Defaults())


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public FHIR samples are not here")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_synthea_conditions_are_facts_for_the_coder(number: int) -> None:
    document = sample(f"synthea/synthea_patient_{number}.json.gz")
    found = fhir.read(fhir.parsed(json.dumps(document).encode()), LIMITS, HERE)
    assert codes(found) == {"member_id_missing"}
    assert len(found.submissions) == {1: 17, 2: 27, 3: 48}[number]
    assert not any(one.coding.diagnoses for one in found.submissions)
    assert any("diagnosis_not_icd10cm" in one.reasons for one in found.submissions)
    assert {one.patient.address.state for one in found.submissions} == {"MA"}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    if not isinstance(value, dict | list):
        return [at]
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    return [at, *(place for key, part in inside for place in places(part, (*at, key)))]


@given(st.data())
def test_no_bundle_breaks_the_reader(data: st.DataObject) -> None:
    document = bundle(resources(holder={**patient_resource(), "resourceType": "RelatedPerson"}))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places(document)[1:]))
        target: Any = document
        try:
            for step in place[:-1]:
                target = target[step]
            target[place[-1]] = data.draw(junk)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    try:
        found = fhir.read(fhir.parsed(json.dumps(document).encode()), LIMITS, HERE)
    except Refused:
        return
    assert found.submissions or found.problems
    assert all(one.pointer.startswith("/entry") for one in found.problems)
