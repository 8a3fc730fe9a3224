"""A bundle's encounters as submissions, with every problem that keeps one from being read."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple
from uuid import UUID

from services.coding.domain.encounter import Circumstances, Coding, Named, Submission
from services.coding.domain.fhir import charges, diagnoses
from services.coding.domain.fhir.bundle import (
    Bundle,
    Json,
    Limits,
    Resource,
    Trouble,
    Visit,
    day,
    first_code,
    opened,
    text,
    thing,
    things,
)
from services.coding.domain.fhir.coverages import Found, coverages
from services.coding.domain.fhir.people import external_id, npi, person
from shared.errors import Problem
from shared.events.people import PersonIdentity

READ = frozenset(
    {
        "Patient",
        "RelatedPerson",
        "Encounter",
        "Condition",
        "Coverage",
        "Claim",
        "ChargeItem",
        "Procedure",
        "Practitioner",
        "PractitionerRole",
        "Organization",
    }
)
PLACES: dict[str, str] = {
    "AMB": "11",
    "VR": "10",
    "EMER": "23",
    "IMP": "21",
    "ACUTE": "21",
    "NONAC": "21",
    "OBSENC": "22",
    "SS": "22",
    "HH": "12",
}
"""FHIR Encounter.class to the place of service it stands for when no item names one."""

FINISHED = "finished"


class Defaults(NamedTuple):
    """Who is meant where the bundle does not say: our ids, given beside it."""

    practice_id: UUID | None = None
    rendering_provider_id: UUID | None = None


class Reading(NamedTuple):
    """Submissions in the order of the bundle, kinds of resources left aside, and problems."""

    submissions: tuple[Submission, ...]
    ignored: dict[str, int]
    problems: tuple[Problem, ...]


def read(document: Json, limits: Limits, defaults: Defaults) -> Reading:
    """Every finished encounter of a bundle; Invalid when it is no bundle or over its limits."""
    bundle, trouble = opened(document, limits), Trouble()
    ignored = Counter(one.kind for one in bundle.resources if one.kind not in READ)
    people: dict[str, PersonIdentity | None] = {}
    claims = _claims(bundle)
    submissions = []
    for visit in bundle.of("Encounter"):
        if text(visit.body.get("status")) != FINISHED:
            ignored["Encounter"] += 1
            continue
        patient = bundle.find(visit.body.get("subject"))
        if patient is None or patient.kind != "Patient":
            sentence, remedy = "The patient is not in the bundle.", "Send the Patient with it."
            trouble.add(visit.at("subject"), "patient_missing", sentence, remedy=remedy)
            continue
        if patient.pointer not in people:
            people[patient.pointer] = person(patient, trouble)
        seen = Visit(bundle, visit, patient, claims.get(visit.pointer))
        submission = _submission(_Reader(seen, trouble), people[patient.pointer], defaults)
        submissions += [submission] if submission else []
    if not submissions and not trouble.problems:
        sentence = "The bundle holds no finished encounter."
        trouble.add("/entry", "no_encounter", sentence, remedy="Send a finished Encounter.")
    return Reading(tuple(submissions), dict(ignored), tuple(trouble.problems))


def _claims(bundle: Bundle) -> dict[str, Resource]:
    """The first claim of each encounter; one that names none goes with the patient's only one."""
    found: dict[str, Resource] = {}
    for claim in bundle.of("Claim"):
        if text(claim.body.get("status")) in {"cancelled", "entered-in-error"}:
            continue
        named = [
            bundle.find(reference)
            for item in things(claim.body.get("item"))
            for reference in things(item.get("encounter"))
        ]
        visits = [one for one in named if one] or _only_visit(bundle, claim)
        for visit in visits:
            found.setdefault(visit.pointer, claim)
    return found


def _only_visit(bundle: Bundle, claim: Resource) -> list[Resource]:
    patient = bundle.find(claim.body.get("patient"))
    own = [one for one in bundle.of("Encounter") if bundle.find(one.body.get("subject")) is patient]
    return own if len(own) == 1 else []


class _Reader(NamedTuple):
    """One encounter being read; each part is None when a problem was noted instead."""

    visit: Visit
    trouble: Trouble

    def circumstances(self) -> Circumstances | None:
        """When and where."""
        resource = self.visit.resource
        period = thing(resource.body.get("period"))
        start, place = day(period.get("start")), self._place_of_service()
        if start is None:
            sentence, remedy = "The date of service is missing.", "Send period.start with a day."
            where = resource.at("period/start")
            self.trouble.add(where, "field_missing", sentence, remedy=remedy)
        if not place:
            sentence = "The place of service cannot be told from the class."
            remedy = "Send the CMS value in Claim.item.locationCodeableConcept."
            where = resource.at("class")
            self.trouble.add(where, "place_of_service_unknown", sentence, remedy=remedy)
        if start is None or not place:
            return None
        return Circumstances(start, day(period.get("end")) or start, place)

    def _place_of_service(self) -> str:
        items = self.visit.claimed("item")
        named = (first_code(item.get("locationCodeableConcept")) for item in items)
        class_ = text(thing(self.visit.resource.body.get("class")).get("code"))
        return next(filter(None, named), PLACES.get(class_, ""))[:2]

    def practice(self, defaults: Defaults) -> Named | None:
        """Who bills: the service provider's NPI, else the default."""
        resource = self.visit.resource
        number = npi(self.visit.bundle.find(resource.body.get("serviceProvider")))
        if number or defaults.practice_id:
            return Named(None if number else defaults.practice_id, number)
        sentence = "The practice is not named."
        remedy = "Give Encounter.serviceProvider an NPI, or send practice_id in the address."
        where = resource.at("serviceProvider")
        self.trouble.add(where, "practice_missing", sentence, remedy=remedy)
        return None

    def rendering(self, defaults: Defaults) -> Named | None:
        """Who treated: a participant's NPI, else the only practitioner's, else the default."""
        only = self.visit.bundle.of("Practitioner")
        found = self.participant("PPRF") or self.participant("ATND") or self.participant("")
        number = npi(found or (only[0] if len(only) == 1 else None))
        if number or defaults.rendering_provider_id:
            return Named(None if number else defaults.rendering_provider_id, number)
        sentence = "The rendering provider is not named."
        remedy = "Give the practitioner an NPI, or send rendering_provider_id in the address."
        where = self.visit.resource.at("participant")
        self.trouble.add(where, "provider_missing", sentence, remedy=remedy)
        return None

    def participant(self, role: str) -> Resource | None:
        """The first practitioner in a role; "" = in any role but the referring one."""
        for one in things(self.visit.resource.body.get("participant")):
            roles = {first_code(kind) for kind in things(one.get("type"))}
            found = self.visit.bundle.find(one.get("individual"))
            fits = role in roles if role else "REF" not in roles
            if fits and found is not None and found.kind == "Practitioner":
                return found
        return None


def _submission(
    reader: _Reader, identity: PersonIdentity | None, defaults: Defaults
) -> Submission | None:
    """The encounter as a submission; None when a problem was noted instead."""
    visit, trouble = reader.visit, reader.trouble
    circumstances = reader.circumstances()
    practice, rendering = reader.practice(defaults), reader.rendering(defaults)
    covered = coverages(visit, trouble)
    if not (circumstances and identity and practice and rendering):
        return None
    diagnosed = diagnoses.diagnoses(visit)
    first_day = circumstances.service_from
    charged = charges.charges(visit, diagnosed, first_day=first_day, trouble=trouble)
    untold = ((diagnosed.facts, diagnoses.NOT_ICD10CM), (charged.facts, charges.NOT_CODED))
    referring = npi(reader.participant("REF"))
    return Submission(
        external_id=external_id(visit.resource),
        practice=practice,
        rendering=rendering,
        referring=Named(None, referring) if referring else None,
        patient_external_id=external_id(visit.patient),
        patient=identity,
        coverages=tuple(one.given for one in covered),
        circumstances=circumstances,
        coding=Coding(diagnosed.codes, charged.lines),
        facts=diagnosed.facts + charged.facts,
        reasons=tuple(reason for facts, reason in untold if facts),
        places=_places(visit.resource, covered),
    )


def _places(visit: Resource, covered: list[Found]) -> dict[str, str]:
    """Where the parts of our own shape stand in the bundle."""
    places = {
        "": visit.pointer,
        "/service_from": visit.at("period/start"),
        "/service_to": visit.at("period/end"),
        "/place_of_service": visit.at("class"),
        "/practice_id": visit.at("serviceProvider"),
        "/rendering_provider_id": visit.at("participant"),
        "/referring_provider_id": visit.at("participant"),
    }
    for index, one in enumerate(covered):
        at = one.resource.at
        places[f"/coverages/{index}"] = one.resource.pointer
        places[f"/coverages/{index}/payer_code"] = at("payor/0")
        places[f"/coverages/{index}/relationship"] = at("relationship")
        places[f"/coverages/{index}/subscriber"] = at("subscriber")
    return places
