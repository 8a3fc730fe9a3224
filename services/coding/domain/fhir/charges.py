"""The charge lines of a visit: from its claim, else its charge items, else its procedures."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.coding.domain.encounter import ClinicalFact, Line
from services.coding.domain.fhir.bundle import (
    Trouble,
    Visit,
    day,
    first_code,
    listed,
    text,
    thing,
    things,
    whole,
)
from services.coding.domain.fhir.diagnoses import ICD10CM, Diagnosed, fact
from shared.codesets.icd10cm import normalise
from shared.errors import Refused
from shared.money import ZERO, Money

PROCEDURES = frozenset(
    {
        "http://www.ama-assn.org/go/cpt",
        "http://terminology.hl7.org/CodeSystem/HCPCS",
        "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes",
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "urn:oid:2.16.840.1.113883.6.12",
        "urn:oid:2.16.840.1.113883.6.285",
    }
)
NOT_CODED = "procedure_not_coded"
MOST_CENTS = 100_000_000_00
MOST_UNITS = 9_999

_CODE = re.compile(r"[A-Z0-9]{5}", re.ASCII)
_MODIFIER = re.compile(r"[A-Z0-9]{1,4}", re.ASCII)


class Charged(NamedTuple):
    """Coded lines, and what was done but is not said in a billing code."""

    lines: tuple[Line, ...]
    facts: tuple[ClinicalFact, ...]


class _Source(NamedTuple):
    """One thing done, as a claim item, charge item or procedure says it."""

    pointer: str
    concept: object
    modifiers: object
    quantity: object
    unit_price: object
    net: object
    pointers: tuple[int, ...]
    on: object


def charges(visit: Visit, diagnosed: Diagnosed, *, first_day: date, trouble: Trouble) -> Charged:
    """What the bundle says was done at the visit; first_day dates what carries no date."""
    sources = (
        _of_claim(visit, diagnosed)
        or _of_charge_items(visit, diagnosed)
        or _of_procedures(visit, diagnosed)
    )
    lines: list[Line] = []
    facts: list[ClinicalFact] = []
    for source in sources:
        line = _line(source, first_day, trouble)
        if line is None:
            facts.append(fact("procedure", thing(source.concept)))
        else:
            lines.append(line)
    return Charged(tuple(lines), tuple(facts))


def _line(source: _Source, first_day: date, trouble: Trouble) -> Line | None:
    code = first_code(source.concept, PROCEDURES).upper()
    if not _CODE.fullmatch(code):
        return None
    units = _units(source, trouble)
    codes = [first_code(one).upper() for one in things(source.modifiers)]
    return Line(
        code=code,
        modifiers=tuple(one for one in codes if _MODIFIER.fullmatch(one)),
        units=units,
        pointers=source.pointers,
        charge=_charge(source, units, trouble),
        service_date=day(source.on) or first_day,
    )


def _units(source: _Source, trouble: Trouble) -> int:
    stated = thing(source.quantity).get("value")
    units = 1 if stated is None else whole(stated)
    if units is None or not 0 < units <= MOST_UNITS:
        sentence, remedy = "Units are a whole number from 1.", "Correct the quantity."
        trouble.add(f"{source.pointer}/quantity/value", "units_not_whole", sentence, remedy=remedy)
        return 1
    return units


def _charge(source: _Source, units: int, trouble: Trouble) -> Money:
    """Net amount of the line, else unit price times units; zero when neither is said."""
    for name, times in (("net", 1), ("unit_price", units)):
        stated = thing(getattr(source, name)).get("value")
        if stated is None:
            continue
        amount = _amount(stated)
        if amount is not None:
            return amount * times
        sentence = "An amount is in dollars with at most two decimals."
        trouble.add(source.pointer, "amount_malformed", sentence, remedy="Correct the amount.")
    return ZERO


def _amount(stated: object) -> Money | None:
    if isinstance(stated, bool) or not isinstance(stated, int | Decimal):
        return None
    if not 0 <= stated * 100 <= MOST_CENTS:
        return None
    try:
        return Money.from_decimal(Decimal(stated))
    except Refused:
        return None


def _of_claim(visit: Visit, diagnosed: Diagnosed) -> list[_Source]:
    found = []
    for index, body in enumerate(visit.claimed("item")):
        named = things(body.get("encounter"))
        if visit.claim is None or (named and visit.bundle.find(named[0]) is not visit.resource):
            continue
        sequences = (whole(one) for one in listed(body.get("diagnosisSequence")))
        numbers = [diagnosed.numbers.get(one or 0) for one in sequences]
        found.append(
            _Source(
                visit.claim.at(f"item/{index}"),
                body.get("productOrService"),
                body.get("modifier"),
                body.get("quantity"),
                body.get("unitPrice"),
                body.get("net"),
                _distinct(numbers),
                body.get("servicedDate") or thing(body.get("servicedPeriod")).get("start"),
            )
        )
    return found


def _of_charge_items(visit: Visit, diagnosed: Diagnosed) -> list[_Source]:
    found = []
    for one in visit.bundle.of("ChargeItem"):
        body = one.body
        if visit.bundle.find(body.get("context")) is not visit.resource:
            continue
        if text(body.get("status")) in {"entered-in-error", "not-billable", "aborted"}:
            continue
        reasons = (normalise(first_code(each, ICD10CM)) for each in things(body.get("reason")))
        numbers = [diagnosed.numbers.get(code) for code in reasons]
        on = body.get("occurrenceDateTime") or thing(body.get("occurrencePeriod")).get("start")
        found.append(
            _Source(
                one.pointer,
                body.get("code"),
                None,
                body.get("quantity"),
                None,
                body.get("priceOverride"),
                _distinct(numbers),
                on,
            )
        )
    return found


def _of_procedures(visit: Visit, diagnosed: Diagnosed) -> list[_Source]:
    found = []
    for one in visit.bundle.of("Procedure"):
        body = one.body
        if visit.bundle.find(body.get("encounter")) is not visit.resource:
            continue
        if text(body.get("status")) in {"entered-in-error", "not-done"}:
            continue
        reasons = (visit.bundle.find(each) for each in things(body.get("reasonReference")))
        numbers = [diagnosed.numbers.get(each.pointer) for each in reasons if each]
        on = body.get("performedDateTime") or thing(body.get("performedPeriod")).get("start")
        found.append(
            _Source(one.pointer, body.get("code"), None, None, None, None, _distinct(numbers), on)
        )
    return found


def _distinct(numbers: list[int | None]) -> tuple[int, ...]:
    """Positions once each; a reference to a diagnosis that is not ICD-10-CM drops out."""
    return tuple(dict.fromkeys(one for one in numbers if one is not None))
