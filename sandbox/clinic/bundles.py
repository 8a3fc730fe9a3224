"""Encounters as FHIR R4 bundles: `carebundle` makes people and conditions, we add what it lacks.

Address, telecom, coverage, NPIs, procedures and charges are added; what we made or changed carries
the tag `urn:claimstream:added`. Every tenth visit gets no claim: its codes are left to a coder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sandbox.chance import draw, weighted
from sandbox.clinic import additions
from sandbox.clinic.additions import Billed, Visit
from sandbox.clinic.master_data import PRACTICES, code_year

Body = dict[str, Any]

BATCH = 50
UNCODED_EVERY = 10
DAYS_BACK = 20

_PROFILES = (
    (35, "hypertension"), (30, "type2_diabetes"), (15, "ckd_stage3"), (10, "anaemia"),
    (10, "healthy"),
)  # fmt: skip
_AGES = ((45, (24, 44)), (35, (45, 63)), (20, (66, 84)))


def bundles(day: date, *, count: int = 200, seed: int = 1, batch: int = BATCH) -> Iterator[Body]:
    """FHIR transaction bundles of `batch` encounters each, all served by the business date."""
    for start in range(0, count, batch):
        visits = [_visit(seed, number, day) for number in range(start, min(start + batch, count))]
        yield _bundle(visits)


def _visit(seed: int, number: int, day: date) -> Visit:
    served = _working_day(day - timedelta(days=1 + number % DAYS_BACK))
    return Visit(
        seed,
        number,
        max(served, code_year(day)),
        PRACTICES[number % len(PRACTICES)],
        weighted(_PROFILES, draw(seed, "clinic", number, "profile")),
        weighted(_AGES, draw(seed, "clinic", number, "age")),
        number % UNCODED_EVERY != UNCODED_EVERY - 1,
    )


def _working_day(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


def _bundle(visits: Sequence[Visit]) -> Body:
    practices = {visit.practice.npi: visit.practice for visit in visits}
    entries = [additions.organization(practice) for practice in practices.values()]
    for visit in visits:
        entries += _entries(visit)
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _entries(visit: Visit) -> list[Body]:
    """What `carebundle` generates for a visit, and what we add to it."""
    entries = _generated(visit)
    patient, encounter, practitioner = (
        next(one for one in entries if one["resource"]["resourceType"] == kind)
        for kind in ("Patient", "Encounter", "Practitioner")
    )
    additions.complete_patient(patient["resource"], visit)
    additions.name_provider(practitioner["resource"], visit)
    additions.place_encounter(encounter["resource"], visit, practitioner["fullUrl"])
    coverage = additions.coverage(visit, patient["fullUrl"])
    known = [one for one in entries if one["resource"]["resourceType"] == "Condition"]
    conditions = additions.reportable(known, visit.day)
    added = [coverage]
    if not conditions:
        reason = additions.check_up(visit, patient["fullUrl"], encounter["fullUrl"])
        conditions = [reason]
        added.append(reason)
    urls = tuple(one["fullUrl"] for one in conditions)
    encounter["resource"]["diagnosis"] = [
        {"condition": {"reference": url}, "rank": rank} for rank, url in enumerate(urls, 1)
    ]
    if visit.is_coded:
        billed = Billed(
            patient["fullUrl"], encounter["fullUrl"], coverage["fullUrl"], urls, len(added) > 1
        )
        added.append(additions.claim(visit, billed))
    return [*entries, *added]


def _generated(visit: Visit) -> list[Body]:
    import carebundle  # noqa: PLC0415 - a requirement of the demo alone

    made = carebundle.generate_bundle(
        profile=visit.profile,
        seed=visit.draw("person") % 2**31,
        sex="F" if visit.draw("sex") % 2 else "M",
        age_range=visit.ages,
        reference_date=visit.day,
        index=visit.number,
        panels=(),
        include_vitals=False,
    )
    entries: list[Body] = json.loads(carebundle.to_json(made))["entry"]
    return entries
