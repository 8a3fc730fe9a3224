"""Coverages as FHIR writes them: payer, member, rank, whose policy it is."""

from __future__ import annotations

from typing import NamedTuple

from services.coding.domain import people
from services.coding.domain.encounter import CoverageGiven
from services.coding.domain.fhir.bundle import (
    Bundle,
    Json,
    Resource,
    Trouble,
    Visit,
    day,
    first_code,
    text,
    thing,
    things,
    whole,
)
from services.coding.domain.fhir.people import identifier, person
from shared.events.people import MemberIdentity, PersonIdentity

PAYER = "urn:claimstream:payer"
RELATIONSHIPS: dict[str, str] = {
    "": "18",
    "self": "18",
    "spouse": "01",
    "child": "19",
    "common": "53",
    "other": "G8",
    "parent": "G8",
    "injured": "G8",
}
"""FHIR subscriber-relationship to X12 individual relationship."""

SELF = "18"


class Found(NamedTuple):
    """A coverage and the resource it stands in."""

    given: CoverageGiven
    resource: Resource


def coverages(visit: Visit, trouble: Trouble) -> list[Found]:
    """The coverages of a visit in paying order: those the claim lists, else the patient's."""
    ordered = _of_claim(visit) or _of_patient(visit)
    found = [
        _coverage(visit.bundle, one, rank=rank, trouble=trouble)
        for rank, one in enumerate(ordered, start=1)
    ]
    return [one for one in found if one is not None]


def _of_claim(visit: Visit) -> list[Resource]:
    insurance = visit.claimed("insurance")
    insurance.sort(key=lambda one: whole(one.get("sequence")) or 99)
    found = (visit.bundle.find(one.get("coverage")) for one in insurance)
    return [one for one in found if one is not None and one.kind == "Coverage"]


def _of_patient(visit: Visit) -> list[Resource]:
    own = [
        one
        for one in visit.bundle.of("Coverage")
        if visit.bundle.find(one.body.get("beneficiary")) is visit.patient
        and text(one.body.get("status")) in {"active", ""}
        and _in_force(one.body, visit)
    ]
    return sorted(own, key=lambda one: whole(one.body.get("order")) or 99)


def _in_force(body: Json, visit: Visit) -> bool:
    on = day(thing(visit.resource.body.get("period")).get("start"))
    start, end = (day(thing(body.get("period")).get(name)) for name in ("start", "end"))
    return on is None or ((start is None or start <= on) and (end is None or on <= end))


def _coverage(bundle: Bundle, resource: Resource, *, rank: int, trouble: Trouble) -> Found | None:
    body = resource.body
    payer = _payer_code(bundle, body)
    member = text(body.get("subscriberId")) or _member_number(body)
    relationship = RELATIONSHIPS.get(first_code(body.get("relationship")), "G8")
    if not payer:
        sentence = "The payer's code is missing."
        remedy = f"Give the payor an identifier of the system {PAYER}."
        trouble.add(resource.at("payor/0"), "payer_missing", sentence, remedy=remedy)
    if not member or len(member) > people.LONGEST_MEMBER_ID:
        sentence = "The member id is missing or too long."
        remedy = "Send it as subscriberId; the payer knows the person by it."
        trouble.add(resource.at("subscriberId"), "member_id_missing", sentence, remedy=remedy)
    subscriber: PersonIdentity | None = None
    if relationship != SELF:
        holder = bundle.find(body.get("subscriber"))
        subscriber = person(holder, trouble) if holder else None
    if not payer or not member:
        return None
    known = MemberIdentity(
        member_id=member[: people.LONGEST_MEMBER_ID],
        group_number=_group(body),
        subscriber=subscriber,
    )
    return Found(CoverageGiven(payer, rank, relationship, known), resource)


def _payer_code(bundle: Bundle, body: Json) -> str:
    """The code of the first payor: of the organization it names, or of the reference itself."""
    for payor in things(body.get("payor"))[:1]:
        organization = bundle.find(payor)
        if organization is None:
            return text(thing(payor.get("identifier")).get("value"))
        marked = identifier(organization, PAYER)
        others = (text(one.get("value")) for one in things(organization.body.get("identifier")))
        return marked or next(filter(None, others), "")
    return ""


def _member_number(body: Json) -> str:
    numbers = (
        text(one.get("value"))
        for one in things(body.get("identifier"))
        if first_code(one.get("type")) == "MB"
    )
    return next(numbers, "")


def _group(body: Json) -> str:
    groups = (
        text(one.get("value"))
        for one in things(body.get("class"))
        if first_code(one.get("type")) == "group"
    )
    return next(groups, "")[:50]
