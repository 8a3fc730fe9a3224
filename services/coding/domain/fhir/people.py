"""Patients and related persons as FHIR writes them."""

from __future__ import annotations

import re
from typing import NamedTuple

from services.coding.domain import people
from services.coding.domain.fhir.bundle import (
    Json,
    Resource,
    Trouble,
    day,
    first_code,
    listed,
    text,
    things,
)
from shared.events.people import PersonIdentity, PostalAddress

NPI = "http://hl7.org/fhir/sid/us-npi"
SOCIAL_SECURITY = "http://hl7.org/fhir/sid/us-ssn"
SEX: dict[str, str] = {"female": "F", "male": "M", "other": "U", "unknown": "U"}


class Part(NamedTuple):
    """A required text of a person: where it stands, how long it may be, and its shape."""

    place: str
    value: str
    longest: int
    shape: str = ""


def npi(resource: Resource | None) -> str:
    """The NPI of a practitioner or organization; "" when it carries none."""
    return "" if resource is None else identifier(resource, NPI)


def identifier(resource: Resource, system: str) -> str:
    """The value of the first identifier of a system."""
    for one in things(resource.body.get("identifier")):
        if text(one.get("system")) == system:
            return text(one.get("value"))
    return ""


def external_id(resource: Resource) -> str:
    """What the sender calls a patient or encounter: medical record number, identifier, id, name.

    A social security number is never taken.
    """
    known = [one for one in things(resource.body.get("identifier")) if not _is_social(one)]
    records = [one for one in known if first_code(one.get("type")) == "MR"]
    for one in (*records, *known):
        if text(one.get("value")):
            return text(one["value"])[: people.LONGEST_EXTERNAL_ID]
    return (text(resource.body.get("id")) or resource.name)[: people.LONGEST_EXTERNAL_ID]


def _is_social(one: Json) -> bool:
    return text(one.get("system")) == SOCIAL_SECURITY or first_code(one.get("type")) == "SS"


def person(resource: Resource, trouble: Trouble) -> PersonIdentity | None:
    """The person in a Patient or RelatedPerson; None when a required part is missing or wrong."""
    body = resource.body
    name = _preferred(body.get("name"), "official")
    address = _preferred(body.get("address"), "home")
    lines = [text(one) for one in listed(address.get("line")) if text(one)]
    born = day(body.get("birthDate"))
    parts = [
        Part("name/0/family", text(name.get("family")), people.LONGEST_LAST_NAME),
        Part("name/0/given", _given(name), people.LONGEST_FIRST_NAME),
        Part("birthDate", born.isoformat() if born else "", 10),
        Part("gender", SEX.get(text(body.get("gender")), ""), 1),
        Part("address/0/line", lines[0] if lines else "", people.LONGEST_LINE),
        Part("address/0/city", text(address.get("city")), people.LONGEST_CITY),
        Part("address/0/state", people.state_of(text(address.get("state"))), 2),
        Part("address/0/postalCode", people.digits(text(address.get("postalCode"))), 9, people.ZIP),
    ]
    if not all([_holds(resource, part, trouble) for part in parts]):  # noqa: C419 - tell of each
        return None
    last, first, birth_date, sex, line1, city, state, zip_code = (part.value for part in parts)
    return PersonIdentity(
        last_name=last,
        first_name=first,
        birth_date=birth_date,
        sex=sex,
        address=PostalAddress(
            line1=line1,
            line2=" ".join(lines[1:])[: people.LONGEST_LINE],
            city=city,
            state=state,
            zip_code=zip_code,
        ),
        email=_telecom(body, "email", people.EMAIL)[: people.LONGEST_EMAIL],
        phone=_phone(body),
    )


def _holds(resource: Resource, part: Part, trouble: Trouble) -> bool:
    pointer = resource.at(part.place)
    remedy = f"Send it in the {resource.kind} resource; a claim needs it."
    if not part.value:
        text_ = "This is required and missing, or not written as FHIR R4 asks."
        trouble.add(pointer, "field_missing", text_, remedy=remedy)
    elif len(part.value) > part.longest:
        trouble.add(pointer, "field_length", f"This is longer than {part.longest}.", remedy=remedy)
    elif part.shape and not re.search(part.shape, part.value):
        trouble.add(
            pointer, "field_format", "This is not written as a claim needs it.", remedy=remedy
        )
    else:
        return True
    return False


def _preferred(values: object, use: str) -> Json:
    known = things(values)
    fitting = (one for one in known if text(one.get("use")) == use)
    return next(fitting, known[0] if known else {})


def _given(name: Json) -> str:
    given = listed(name.get("given"))
    return text(given[0]) if given else ""


def _telecom(body: Json, system: str, shape: str) -> str:
    """The first contact of a system that has the right shape: it is optional, so others pass."""
    values = (
        text(one.get("value"))
        for one in things(body.get("telecom"))
        if text(one.get("system")) == system
    )
    return next((value for value in values if re.search(shape, value)), "")


def _phone(body: Json) -> str:
    for one in things(body.get("telecom")):
        number = people.digits(text(one.get("value"))).removeprefix("1")
        if text(one.get("system")) == "phone" and len(number) == 10:
            return number
    return ""
