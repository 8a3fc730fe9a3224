"""Edits on the practice, the providers, the patient and the member."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from services.claims.domain.case import Case
from services.claims.domain.edits.rule import Fault, Rule
from services.claims.domain.lifecycle import Owner
from services.claims.domain.parties import SELF_RELATIONSHIP
from shared.codesets import identifiers
from shared.events.people import PersonIdentity

_POST_BOX = re.compile(r"\b(P\.?\s*O\.?\s*BOX|POST OFFICE BOX|LOCK\s*BOX)\b", re.IGNORECASE)
_STATE = re.compile(r"[A-Z]{2}", re.ASCII)
_SEXES = frozenset({"F", "M", "U"})


def _npi(case: Case) -> Iterator[Fault]:
    numbers = [
        ("/practice/npi", case.practice.npi),
        ("/rendering_provider/npi", case.rendering.npi),
    ]
    if case.referring is not None:
        numbers.append(("/referring_provider/npi", case.referring.npi))
    for location, npi in numbers:
        if not identifiers.is_npi(npi):
            yield Fault(location, "The NPI's check digit does not hold.")


def _billing_zip(case: Case) -> Iterator[Fault]:
    if not identifiers.is_zip9(case.practice.address.zip_code):
        yield Fault("/practice/address/zip_code", "The billing address needs a nine-digit ZIP.")


def _billing_street(case: Case) -> Iterator[Fault]:
    if _POST_BOX.search(f"{case.practice.address.line1} {case.practice.address.line2}"):
        yield Fault("/practice/address/line1", "The billing address is a post-office box.")


def _billing_tax_id(case: Case) -> Iterator[Fault]:
    if not identifiers.is_ein(case.practice.tax_id):
        yield Fault("/practice/tax_id", "The tax id is not nine plausible digits.")


def _taxonomy(case: Case) -> Iterator[Fault]:
    taxonomies = (
        ("/practice/taxonomy", case.practice.taxonomy),
        ("/rendering_provider/taxonomy", case.rendering.taxonomy),
    )
    for location, taxonomy in taxonomies:
        if taxonomy and not identifiers.is_taxonomy(taxonomy):
            yield Fault(location, "This is not the shape of a taxonomy code.")


def _active(case: Case) -> Iterator[Fault]:
    if not case.practice.active:
        yield Fault("/practice", "The practice is not active.")
    if not case.rendering.active:
        yield Fault("/rendering_provider", "The rendering provider is not active.")
    if not case.payer.active:
        yield Fault("/payer", "The payer is not active.")


def _person(location: str, person: PersonIdentity) -> Iterator[Fault]:
    address = person.address
    needed = (
        ("last_name", person.last_name, "a last name"),
        ("address/line1", address.line1, "a street address"),
        ("address/city", address.city, "a city"),
    )
    for place, value, words in needed:
        if not value.strip():
            yield Fault(f"{location}/{place}", f"A claim needs {words}.")
    if not _STATE.fullmatch(address.state):
        yield Fault(f"{location}/address/state", "A claim needs a two-letter state.")
    if not identifiers.is_zip(address.zip_code):
        yield Fault(f"{location}/address/zip_code", "A claim needs a ZIP of five or nine digits.")
    if person.sex not in _SEXES:
        yield Fault(f"{location}/sex", "The sex on a claim is F, M or U.")
    if not _is_date(person.birth_date):
        yield Fault(f"{location}/birth_date", "A claim needs a birth date.")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _patient(case: Case) -> Iterator[Fault]:
    yield from _person("/patient", case.patient)


def _member(case: Case) -> Iterator[Fault]:
    if not case.member.member_id.strip():
        yield Fault("/coverage/member_id", "A claim needs the member id.")
    elif case.payer.is_medicare and not identifiers.is_mbi(case.member.member_id):
        yield Fault("/coverage/member_id", "Medicare's member id has another shape.")


def _subscriber(case: Case) -> Iterator[Fault]:
    is_self = case.coverage.relationship == SELF_RELATIONSHIP
    if not is_self and case.member.subscriber is None:
        yield Fault("/coverage/subscriber", "The patient is not the subscriber: say who is.")
    elif not is_self and case.member.subscriber is not None:
        yield from _person("/coverage/subscriber", case.member.subscriber)


_PRACTICE = "Correct the practice's data; then release the claim."
_PROVIDER = "Correct the provider's data; then release the claim."
_PATIENT = "Complete the patient's registration."

RULES = (
    Rule("npi.check_digit", 5, _PROVIDER, _npi, Owner.CLIENT),
    Rule("billing.zip", 4, _PRACTICE, _billing_zip, Owner.CLIENT),
    Rule("billing.street", 4, _PRACTICE, _billing_street, Owner.CLIENT),
    Rule("billing.tax_id", 5, _PRACTICE, _billing_tax_id, Owner.CLIENT),
    Rule("taxonomy.shape", 5, _PROVIDER, _taxonomy, Owner.CLIENT),
    Rule("parties.active", 7, "Activate it again, or choose another.", _active),
    Rule("patient.complete", 4, _PATIENT, _patient, Owner.CLIENT),
    Rule("member.id", 7, "Correct the member id as on the card.", _member),
    Rule("member.subscriber", 4, _PATIENT, _subscriber, Owner.CLIENT),
)
