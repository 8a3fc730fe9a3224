"""The demo's scenario encounters: members whose journey is known, with what they must end as."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

Body = dict[str, Any]


class Expected(NamedTuple):
    """How a scenario ends: the claim's status before anybody pays, the payer's and patient's cents.

    claim_status None: there is no claim.
    """

    claim_status: str | None
    paid_cents: int
    patient_cents: int


class Scenario(NamedTuple):
    """A named encounter (body of POST /v1/encounters) and its end."""

    name: str
    encounter: Body
    expected: Expected


class _Visit(NamedTuple):
    """One row of the table below; lines are (code, units, charge in cents)."""

    name: str
    person: tuple[str, str, str]
    payer: str
    member: str
    diagnosis: str
    lines: tuple[tuple[str, int, int], ...]
    expected: Expected


_OFFICE = (("99213", 1, 150_00),)
_LONGER = (("99214", 1, 215_00),)

_VISITS = (
    _Visit(
        "J01", ("Osk", "Mira", "F"), "ASTER", "TEST-J01", "E11.9", _OFFICE,
        Expected("closed", 77_50, 25_00),
    ),
    _Visit(
        "J02", ("Vantongeren", "Ivo", "M"), "ASTER", "TEST-J02", "I10", _LONGER,
        Expected("closed", 0, 145_20),
    ),
    _Visit(
        "J08", ("Brack", "Elin", "F"), "ELM", "TEST-J08", "M25.561", (("97110", 3, 195_00),),
        Expected("denied", 0, 0),
    ),
    _Visit(
        "J04", ("Lumen", "Pia", "F"), "ASTER", "TEST-J04X", "E78.5", _OFFICE,
        Expected("rejected", 0, 0),
    ),
    _Visit(
        "inactive", ("Fennimore", "Cato", "M"), "ASTER", "TEST-INACTIVE", "I10", _OFFICE,
        Expected(None, 0, 150_00),
    ),
    _Visit(
        "pays .01", ("Gable", "Runa", "F"), "TESTPAY", "DEMO-PAY-01", "E11.9",
        (("99213", 1, 150_01),), Expected("closed", 150_01, 0),
    ),
    _Visit(
        "pays .02", ("Gable", "Arlo", "M"), "TESTPAY", "DEMO-PAY-02", "E11.9",
        (("99213", 1, 150_02),), Expected("closed", 120_02, 0),
    ),
    _Visit(
        "denies .03", ("Gable", "Sten", "M"), "TESTPAY", "DEMO-PAY-03", "E11.9",
        (("99213", 1, 150_03),), Expected("denied", 0, 0),
    ),
)  # fmt: skip


def scenarios(
    day: date, *, practice_id: str, provider_id: str, run: str = "1"
) -> tuple[Scenario, ...]:
    """Every scenario served on a day, the first one is J01; ids as the gateway showed them.

    run: makes the encounters new ones where the same installation is used again.
    """
    return tuple(
        Scenario(
            visit.name,
            {
                "practice_id": practice_id,
                "external_id": f"scenario-{visit.name.replace(' ', '-')}-{run}",
                "patient": _patient(visit, place, run),
                "coverages": [{"payer_code": visit.payer, "member_id": visit.member, "rank": 1}],
                "rendering_provider_id": provider_id,
                "service_from": day.isoformat(),
                "service_to": day.isoformat(),
                "place_of_service": "11",
                "diagnoses": [visit.diagnosis],
                "lines": [
                    {"code": code, "units": units, "pointers": [1], "charge_cents": cents}
                    for code, units, cents in visit.lines
                ],
            },
            visit.expected,
        )
        for place, visit in enumerate(_VISITS)
    )


def first_encounter(day: date, *, practice_id: str, provider_id: str, run: str = "1") -> Scenario:
    """J01, whose way to posted money is timed."""
    return scenarios(day, practice_id=practice_id, provider_id=provider_id, run=run)[0]


def _patient(visit: _Visit, place: int, run: str) -> Body:
    last_name, first_name, sex = visit.person
    return {
        "external_id": f"scenario-{place + 1}-{run}",
        "last_name": last_name,
        "first_name": first_name,
        "birth_date": date(1961 + place, 3, 5 + place).isoformat(),
        "sex": sex,
        "address": {
            "line1": f"{10 + place} Invented Lane",
            "line2": "",
            "city": "Madison",
            "state": "WI",
            "zip_code": "53703",
        },
        "email": f"{first_name.lower()}.{last_name.lower()}@example.org",
        "phone": f"60855502{place:02d}",
    }
