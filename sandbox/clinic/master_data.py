"""One billing company, three practices, their providers, seven payers and what is charged.

Bodies of the gateway's master data API. Names, numbers and addresses are invented; the NPIs pass
the check digit and belong to nobody.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sandbox import payers

Body = dict[str, Any]

BILLING_COMPANY: Body = {"name": "Riverbend Billing", "mode": "test", "edi_id": "RIVERBEND01"}


class Practice(NamedTuple):
    """Body of a practice, and of its providers; the caller adds their `practice_id`."""

    body: Body
    providers: tuple[Body, ...]

    @property
    def npi(self) -> str:
        """What FHIR bundles name the practice by."""
        return str(self.body["npi"])


def _address(line1: str, city: str, zip_code: str) -> Body:
    return {"line1": line1, "line2": "", "city": city, "state": "WI", "zip_code": zip_code}


def _provider(name: str, npi: str, taxonomy: str) -> Body:
    last_name, first_name = name.split(", ")
    return {"last_name": last_name, "first_name": first_name, "npi": npi, "taxonomy": taxonomy}


PRACTICES: tuple[Practice, ...] = (
    Practice(
        {
            "name": "Lakeside Family Care",
            "npi": "1999100013",
            "tax_id": "990001001",
            "taxonomy": "207Q00000X",
            "address": _address("100 Invented Shore Road", "Madison", "537030001"),
            "phone": "6085550110",
            "email": "desk@lakeside.example",
        },
        (
            _provider("Marlow, Ines", "1999200011", "207Q00000X"),
            _provider("Tolland, Ruben", "1999200029", "207Q00000X"),
        ),
    ),
    Practice(
        {
            "name": "Prairie Internal Medicine",
            "npi": "1999100021",
            "tax_id": "990001002",
            "taxonomy": "207R00000X",
            "address": _address("22 Invented Mill Street", "Janesville", "535450002"),
            "phone": "6085550120",
            "email": "desk@prairie.example",
        },
        (
            _provider("Ashby, Noor", "1999200037", "207R00000X"),
            _provider("Quill, Tomas", "1999200045", "207RE0101X"),
        ),
    ),
    Practice(
        {
            "name": "Northgate Health",
            "npi": "1999100039",
            "tax_id": "990001003",
            "taxonomy": "207R00000X",
            "address": _address("7 Invented Gate Avenue", "Wausau", "544030003"),
            "phone": "7155550130",
            "email": "desk@northgate.example",
        },
        (
            _provider("Verden, Odile", "1999200052", "207RH0003X"),
            _provider("Hale, Samir", "1999200060", "207RN0300X"),
        ),
    ),
)

_PLACES = {
    "ASTER": ("1 Invented Plaza", "Milwaukee", "532020011"),
    "BEACON": ("2 Invented Plaza", "Madison", "537030022"),
    "CEDAR": ("3 Invented Plaza", "Green Bay", "543010033"),
    "DUNE": ("4 Invented Plaza", "Madison", "537030044"),
    "ELM": ("5 Invented Plaza", "Racine", "534030055"),
    "GROVE": ("6 Invented Plaza", "Kenosha", "531400066"),
    "TESTPAY": ("7 Invented Plaza", "Oshkosh", "549010077"),
}
_FILING_DAYS = {"ASTER": 90, "BEACON": 365, "DUNE": 365, "GROVE": 365}

PAYERS: tuple[Body, ...] = tuple(
    {
        "code": payer.code,
        "name": payer.name.title(),
        "filing_indicator": payer.filing,
        "address": _address(*_PLACES[payer.code]),
        "filing_days": _FILING_DAYS.get(payer.code, 180),
        "answer_days": 21,
        "appeal_days": 180,
    }
    for payer in payers.PAYERS.values()
)

FEE_SCHEDULE: dict[str, int] = {
    "99203": 185_00,
    "99212": 95_00,
    "99213": 150_00,
    "99214": 215_00,
    "99395": 205_00,
    "99396": 220_00,
    "20610": 240_00,
    "36415": 12_00,
    "80053": 48_00,
    "80061": 52_00,
    "83036": 35_00,
    "84443": 60_00,
    "85025": 40_00,
    "93000": 75_00,
    "97110": 65_00,
    "97140": 60_00,
    "97530": 70_00,
    "G0439": 190_00,
}
"""Cents by code, for every practice."""


def code_year(day: date) -> date:
    """First day of the code year (1 October) a date lies in."""
    return date(day.year if day.month >= 10 else day.year - 1, 10, 1)


def fee_schedule(day: date) -> Body:
    """Body of the company's fee schedule, in force from the code year of a date."""
    lines = [{"code": code, "charge_cents": cents} for code, cents in FEE_SCHEDULE.items()]
    return {"practice_id": None, "valid_from": code_year(day).isoformat(), "lines": lines}
