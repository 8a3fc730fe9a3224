"""Invented master data, encounters and bundles for the tests of coding."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from services.coding.__main__ import service
from services.coding.settings import CodingSettings
from shared import ids
from shared.database import Database
from shared.events.marks import Fact
from shared.events.tenancy import (
    BusinessAddress,
    FeeScheduleChanged,
    FeeScheduleLine,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
)
from tests.support.builders import PRACTICE

HANDLERS = service.handlers_for(CodingSettings())
PROVIDER = UUID("01900000-0000-7000-8000-00000000c001")
ASTER = UUID("01900000-0000-7000-8000-00000000d001")
BEACON = UUID("01900000-0000-7000-8000-00000000d002")
SCHEDULE = UUID("01900000-0000-7000-8000-00000000e001")
PRACTICE_NPI, PROVIDER_NPI = "1234567893", "1003000126"
ADDRESS = BusinessAddress(line1="1 Lake Road", city="Madison", state="WI", zip_code="537030001")
SAMPLES = Path("../shared/data/fhir")


def practice(version: int = 1, **changes: Any) -> PracticeChanged:
    told: dict[str, Any] = {
        "practice_id": PRACTICE,
        "name": "Lakeside Family Care",
        "npi": PRACTICE_NPI,
        "tax_id": "391234567",
        "taxonomy": "207Q00000X",
        "address": ADDRESS,
        "phone": "6085550100",
        "email": "office@example.test",
        "version": version,
    }
    return PracticeChanged(**{**told, **changes})


def provider(version: int = 1, **changes: Any) -> ProviderChanged:
    told: dict[str, Any] = {
        "provider_id": PROVIDER,
        "practice_id": PRACTICE,
        "last_name": "Healer",
        "first_name": "Grace",
        "npi": PROVIDER_NPI,
        "taxonomy": "207Q00000X",
        "version": version,
    }
    return ProviderChanged(**{**told, **changes})


def payer(payer_id: UUID = ASTER, code: str = "ASTER", version: int = 1) -> PayerChanged:
    return PayerChanged(
        payer_id=payer_id,
        code=code,
        name=f"{code} PPO",
        filing_indicator="CI",
        address=ADDRESS,
        filing_days=90,
        answer_days=21,
        version=version,
    )


def schedule(version: int = 1, **changes: Any) -> FeeScheduleChanged:
    told: dict[str, Any] = {
        "fee_schedule_id": SCHEDULE,
        "practice_id": ids.NIL,
        "valid_from": date(2026, 1, 1),
        "lines": [
            FeeScheduleLine(code="99213", charge_cents=15_000),
            FeeScheduleLine(code="97110", charge_cents=6_500),
        ],
        "version": version,
    }
    return FeeScheduleChanged(**{**told, **changes})


def master_data() -> list[Fact]:
    return [practice(), provider(), payer(), payer(BEACON, "BEACON"), schedule()]


def person(**changes: Any) -> dict[str, Any]:
    told = {
        "last_name": "Example",
        "first_name": "Ada",
        "birth_date": "1980-02-29",
        "sex": "F",
        "address": {
            "line1": "1 Pine Street",
            "city": "Madison",
            "state": "WI",
            "zip_code": "53703",
        },
        "phone": "6085550111",
    }
    return {**told, **changes}


def encounter(**changes: Any) -> dict[str, Any]:
    """The body of POST /v1/encounters for a plain visit that passes the checks."""
    told = {
        "practice_id": ids.shown("practice", PRACTICE),
        "external_id": "visit-1001",
        "patient": person(external_id="chart-77"),
        "coverages": [{"payer_code": "ASTER", "member_id": "TEST-ACTIVE", "rank": 1}],
        "rendering_provider_id": ids.shown("provider", PROVIDER),
        "service_from": "2026-11-03",
        "service_to": "2026-11-03",
        "place_of_service": "11",
        "diagnoses": ["E11.9"],
        "lines": [line()],
    }
    return {**told, **changes}


def line(**changes: Any) -> dict[str, Any]:
    told = {"code": "99213", "modifiers": [], "units": 1, "pointers": [1], "charge_cents": 15_000}
    return {**told, **changes}


def reference(name: str) -> dict[str, str]:
    return {"reference": f"urn:uuid:{name}"}


def concept(system: str, code: str, text: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], "text": text}


ICD, CPT = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.ama-assn.org/go/cpt"
SNOMED, NPI = "http://snomed.info/sct", "http://hl7.org/fhir/sid/us-npi"


def patient_resource(**changes: Any) -> dict[str, Any]:
    told = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:example:chart", "value": "chart-77"}],
        "name": [{"use": "official", "family": "Example", "given": ["Ada"]}],
        "gender": "female",
        "birthDate": "1980-02-29",
        "address": [
            {
                "line": ["1 Pine Street"],
                "city": "Madison",
                "state": "Wisconsin",
                "postalCode": "53703-0001",
            }
        ],
        "telecom": [{"system": "phone", "value": "(608) 555-0111"}],
    }
    return {**told, **changes}


def visit_resource(name: str = "visit-1001", /, **changes: Any) -> dict[str, Any]:
    told = {
        "resourceType": "Encounter",
        "identifier": [{"value": name}],
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": reference("patient"),
        "period": {"start": "2026-11-03T09:00:00-06:00", "end": "2026-11-03T09:20:00-06:00"},
        "serviceProvider": reference("clinic"),
        "participant": [{"individual": reference("doctor")}],
    }
    return {**told, **changes}


def coverage_resource(**changes: Any) -> dict[str, Any]:
    told = {
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": reference("patient"),
        "subscriberId": "TEST-ACTIVE",
        "payor": [reference("payer")],
    }
    return {**told, **changes}


def claim_resource(visit: str = "visit", **changes: Any) -> dict[str, Any]:
    told = {
        "resourceType": "Claim",
        "status": "active",
        "patient": reference("patient"),
        "diagnosis": [{"sequence": 1, "diagnosisReference": reference("condition")}],
        "insurance": [{"sequence": 1, "coverage": reference("coverage")}],
        "item": [
            {
                "sequence": 1,
                "encounter": [reference(visit)],
                "productOrService": concept(CPT, "99213"),
                "diagnosisSequence": [1],
                "servicedDate": "2026-11-03",
                "quantity": {"value": 1},
                "net": {"value": 150.00, "currency": "USD"},
            }
        ],
    }
    return {**told, **changes}


def resources(**changes: dict[str, Any] | None) -> dict[str, dict[str, Any] | None]:
    """Named resources of one coded visit; None takes one out."""
    told: dict[str, dict[str, Any] | None] = {
        "clinic": {
            "resourceType": "Organization",
            "identifier": [{"system": NPI, "value": PRACTICE_NPI}],
        },
        "payer": {
            "resourceType": "Organization",
            "identifier": [{"system": "urn:claimstream:payer", "value": "ASTER"}],
        },
        "doctor": {
            "resourceType": "Practitioner",
            "identifier": [{"system": NPI, "value": PROVIDER_NPI}],
        },
        "patient": patient_resource(),
        "visit": visit_resource(),
        "condition": {
            "resourceType": "Condition",
            "code": concept(ICD, "E11.9"),
            "encounter": reference("visit"),
        },
        "coverage": coverage_resource(),
        "claim": claim_resource(),
        "pulse": {"resourceType": "Observation"},
    }
    return {**told, **changes}


def bundle(parts: dict[str, dict[str, Any] | None] | None = None) -> dict[str, Any]:
    """A transaction of named resources (those of one coded visit by default)."""
    named = resources() if parts is None else parts
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": f"urn:uuid:{name}", "resource": body}
            for name, body in named.items()
            if body is not None
        ],
    }


def pointer_to(document: dict[str, Any], name: str) -> str:
    """JSON Pointer of a named resource of a bundle."""
    names = [entry["fullUrl"] for entry in document["entry"]]
    return f"/entry/{names.index(f'urn:uuid:{name}')}/resource"


def sample(name: str) -> dict[str, Any]:
    """One of the public synthetic bundles."""
    found: dict[str, Any] = json.loads(gzip.decompress((SAMPLES / name).read_bytes()))
    return found


def keys_of(database: Database) -> Any:
    return database.keys
