"""What the demo adds to a generated visit, as FHIR resources: whom to bill, for what, how much."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sandbox.chance import draw, letters, weighted
from sandbox.clinic.master_data import FEE_SCHEDULE, Practice
from shared import ids
from shared.codesets import icd10cm
from shared.codesets.answers import Standing
from shared.codesets.icd10cm_rules import causes_missing, excludes1_conflicts

Body = dict[str, Any]

NPI = "http://hl7.org/fhir/sid/us-npi"
PAYER = "urn:claimstream:payer"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://terminology.hl7.org/CodeSystem/HCPCS"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
ADDED = {"system": "urn:claimstream:added", "code": "clinic", "display": "added by the demo"}
MOST_DIAGNOSES = 12
MOST_POINTERS = 4

_PAYERS_BEFORE_65 = ((45, "ASTER"), (25, "ELM"), (20, "DUNE"), (10, "TESTPAY"))
_PAYERS_FROM_65 = ((70, "BEACON"), (30, "GROVE"))
_DONE: dict[str, tuple[tuple[int, tuple[str, ...]], ...]] = {
    "hypertension": ((60, ("99213",)), (25, ("99214",)), (15, ("99213", "93000"))),
    "type2_diabetes": ((40, ("99213", "83036")), (40, ("99214", "83036")), (20, ("99213",))),
    "ckd_stage3": ((50, ("99214", "80053")), (50, ("99214",))),
    "anaemia": ((60, ("99213", "85025")), (40, ("99214", "85025", "36415"))),
    "healthy": ((60, ("99213",)), (40, ("99212",))),
}
"""What is done at a visit, by the patient's profile, with weights."""

_CHECK_UP, _CHECK_UP_FROM_65 = ("99396",), ("G0439",)
_STREETS = ("Birch", "Cedar Hill", "Dovetail", "Elder", "Foxglove", "Gannet", "Heron", "Ivy")
_TOWNS = (("Madison", "53703"), ("Janesville", "53545"), ("Wausau", "54403"))
_MBI = "9LED LED LLDD".replace(" ", "")
_MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"


class Visit(NamedTuple):
    """One visit to be made: everything about it is drawn from the seed and its number."""

    seed: int
    number: int
    day: date
    practice: Practice
    profile: str
    ages: tuple[int, int]
    is_coded: bool

    def draw(self, *about: object) -> int:
        """A number for one question about this visit."""
        return draw(self.seed, "clinic", self.number, *about)

    @property
    def is_from_65(self) -> bool:
        """Whether the patient has Medicare."""
        return self.ages[0] >= 65

    @property
    def provider(self) -> Body:
        """Who sees the patient."""
        return self.practice.providers[self.number // 3 % len(self.practice.providers)]

    def url(self, kind: str) -> str:
        """The fullUrl of a resource that we add."""
        return f"urn:uuid:{ids.derived(ids.NIL, f'clinic:{self.seed}:{self.number}:{kind}')}"


def marked(resource: Body) -> Body:
    """The resource with the tag of what the demo made or changed."""
    meta = resource.setdefault("meta", {})
    meta.setdefault("tag", []).append(ADDED)
    return resource


def entry(url: str, resource: Body) -> Body:
    """A bundle entry that creates a resource of ours."""
    kind = resource["resourceType"]
    request = {"method": "POST", "url": kind}
    return {"fullUrl": url, "resource": marked(resource), "request": request}


def practice_url(practice: Practice) -> str:
    """The fullUrl of a practice."""
    return f"urn:uuid:{ids.derived(ids.NIL, f'clinic:practice:{practice.npi}')}"


def organization(practice: Practice) -> Body:
    """The entry of a practice."""
    resource = {
        "resourceType": "Organization",
        "identifier": [{"system": NPI, "value": practice.npi}],
        "active": True,
        "name": practice.body["name"],
    }
    return entry(practice_url(practice), resource)


def complete_patient(patient: Body, visit: Visit) -> None:
    """Give the patient an address and ways to be reached."""
    town, zip_code = _TOWNS[visit.draw("town") % len(_TOWNS)]
    street = _STREETS[visit.draw("street") % len(_STREETS)]
    patient["address"] = [
        {
            "use": "home",
            "line": [f"{1 + visit.draw('house') % 900} {street} Street"],
            "city": town,
            "state": "WI",
            "postalCode": zip_code,
            "country": "US",
        }
    ]
    patient["telecom"] = [
        {"system": "phone", "value": f"608555{visit.number % 10_000:04d}"},
        {"system": "email", "value": f"patient{visit.seed}.{visit.number}@example.org"},
    ]
    marked(patient)


def name_provider(practitioner: Body, visit: Visit) -> None:
    """Make the practitioner one of the practice's own, with an NPI."""
    provider = visit.provider
    practitioner["identifier"] = [{"system": NPI, "value": provider["npi"]}]
    practitioner["name"] = [{"family": provider["last_name"], "given": [provider["first_name"]]}]
    marked(practitioner)


def place_encounter(encounter: Body, visit: Visit, practitioner_url: str) -> None:
    """Say whose encounter it is and give it a number."""
    performer = {"system": f"{TERMINOLOGY}/v3-ParticipationType", "code": "PPRF"}
    encounter["identifier"] = [
        {"system": "urn:claimstream:visit", "value": f"visit-{visit.seed}-{visit.number}"}
    ]
    encounter["serviceProvider"] = {"reference": practice_url(visit.practice)}
    encounter["participant"] = [
        {"type": [{"coding": [performer]}], "individual": {"reference": practitioner_url}}
    ]
    marked(encounter)


def coverage(visit: Visit, patient_url: str) -> Body:
    """The entry of the patient's insurance."""
    table = _PAYERS_FROM_65 if visit.is_from_65 else _PAYERS_BEFORE_65
    payer = weighted(table, visit.draw("payer"))
    relationship = {"system": f"{TERMINOLOGY}/subscriber-relationship", "code": "self"}
    resource = {
        "resourceType": "Coverage",
        "status": "active",
        "subscriberId": member_id(visit, payer),
        "beneficiary": {"reference": patient_url},
        "subscriber": {"reference": patient_url},
        "relationship": {"coding": [relationship]},
        "payor": [{"identifier": {"system": PAYER, "value": payer}}],
        "order": 1,
    }
    return entry(visit.url("coverage"), resource)


def member_id(visit: Visit, payer: str) -> str:
    """An invented member id; for Medicare in the shape of a beneficiary identifier."""
    if payer != "BEACON":
        return payer[:2] + letters(visit.seed, "member", visit.number, length=9)
    kinds = {
        "9": "123456789",
        "L": _MBI_LETTERS,
        "E": _MBI_LETTERS + "0123456789",
        "D": "0123456789",
    }
    alphabets = (kinds[kind] for kind in _MBI)
    return "".join(
        alphabet[visit.draw("mbi", place) % len(alphabet)]
        for place, alphabet in enumerate(alphabets)
    )


def reportable(conditions: Sequence[Body], day: date) -> list[Body]:
    """Entries of conditions that may stand on one claim: valid, compatible, causes first."""
    icd = icd10cm.shipped()
    chosen: list[Body] = []
    codes: list[str] = []
    for one in conditions:
        code = one["resource"]["code"]["coding"][0]["code"]
        together = [*codes, code]
        if code in codes or icd.look_up(code, day).standing is Standing.NOT_VALID:
            continue
        if excludes1_conflicts(icd, together) or causes_missing(icd, together):
            continue
        chosen.append(one)
        codes.append(code)
    return chosen[:MOST_DIAGNOSES]


def check_up(visit: Visit, patient_url: str, encounter_url: str) -> Body:
    """The entry of the reason for a visit of somebody without any condition."""
    resource = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": ICD10CM, "code": "Z00.00"}], "text": "yearly check-up"},
        "subject": {"reference": patient_url},
        "encounter": {"reference": encounter_url},
    }
    return entry(visit.url("reason"), resource)


class Billed(NamedTuple):
    """What a claim refers to: fullUrls, and the conditions in order."""

    patient: str
    encounter: str
    coverage: str
    conditions: tuple[str, ...]
    is_check_up: bool


def claim(visit: Visit, billed: Billed) -> Body:
    """The entry of what was done and what it costs."""
    resource = {
        "resourceType": "Claim",
        "status": "active",
        "use": "claim",
        "type": {"coding": [{"system": f"{TERMINOLOGY}/claim-type", "code": "professional"}]},
        "patient": {"reference": billed.patient},
        "created": visit.day.isoformat(),
        "provider": {"reference": practice_url(visit.practice)},
        "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": billed.coverage}}],
        "diagnosis": [
            {"sequence": sequence, "diagnosisReference": {"reference": url}}
            for sequence, url in enumerate(billed.conditions, 1)
        ],
        "item": [
            _item(visit, billed, code) | {"sequence": sequence}
            for sequence, code in enumerate(_codes(visit, billed.is_check_up), 1)
        ],
    }
    return entry(visit.url("claim"), resource)


def _codes(visit: Visit, is_check_up: bool) -> tuple[str, ...]:
    if is_check_up:
        return _CHECK_UP_FROM_65 if visit.is_from_65 else _CHECK_UP
    return weighted(_DONE[visit.profile], visit.draw("done"))


def _item(visit: Visit, billed: Billed, code: str) -> Body:
    pointed = min(len(billed.conditions), MOST_POINTERS)
    dollars, rest = divmod(FEE_SCHEDULE[code], 100)
    if rest:
        raise ValueError(f"the fee for {code} is not in whole dollars")
    system = CPT if code[0].isdigit() else HCPCS
    return {
        "productOrService": {"coding": [{"system": system, "code": code}]},
        "servicedDate": visit.day.isoformat(),
        "quantity": {"value": 1},
        "unitPrice": {"value": dollars, "currency": "USD"},
        "net": {"value": dollars, "currency": "USD"},
        "diagnosisSequence": list(range(1, pointed + 1)),
        "encounter": [{"reference": billed.encounter}],
    }
