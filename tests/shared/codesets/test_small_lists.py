"""Places of service, conversion factors, taxonomy and the small X12 lists."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from shared.codesets import place_of_service, x12_values
from shared.codesets.conversion_factors import Service, conversion_factor, table
from shared.codesets.identifiers import is_taxonomy
from shared.codesets.place_of_service import RateSetting, is_facility, place, places
from shared.codesets.taxonomy import SPECIALTY, THERAPISTS, specialty

REFERENCE = Path(__file__).parents[4] / "shared" / "data" / "x12" / "code_list_values.json"


def test_places_of_service() -> None:
    assert len(places()) == 52
    office, unknown = place("11"), place("00")
    assert office is not None
    assert (office.name, office.setting) == ("Office", RateSetting.NON_FACILITY)
    assert office.is_confirmed
    assert unknown is None


@pytest.mark.parametrize(
    ("code", "facility"),
    [
        ("02", True),
        ("10", False),
        ("11", False),
        ("19", True),
        ("22", True),
        ("05", False),
        ("", False),
    ],
)
def test_the_facility_rate_depends_on_the_place(code: str, facility: bool) -> None:
    assert is_facility(code) is facility
    assert places().keys() >= place_of_service.TELEHEALTH


def test_unconfirmed_places_say_so() -> None:
    assert [code for code, each in places().items() if not each.is_confirmed] == [
        *("05", "06", "07", "08"),
        *("18", "66"),
    ]


@pytest.mark.parametrize(
    ("on", "service", "qualifying", "value"),
    [
        (date(2024, 3, 8), Service.PHYSICIAN, False, "32.7442"),
        (date(2024, 3, 9), Service.PHYSICIAN, False, "33.2875"),
        (date(2025, 6, 1), Service.PHYSICIAN, False, "32.3465"),
        (date(2025, 6, 1), Service.PHYSICIAN, True, "32.3465"),
        (date(2026, 1, 1), Service.PHYSICIAN, False, "33.4009"),
        (date(2026, 12, 31), Service.PHYSICIAN, True, "33.5675"),
        (date(2025, 6, 1), Service.ANESTHESIA, False, "20.3178"),
        (date(2026, 6, 1), Service.ANESTHESIA, False, "20.4976"),
        (date(2026, 6, 1), Service.ANESTHESIA, True, "20.5998"),
    ],
)
def test_conversion_factors(on: date, service: Service, qualifying: bool, value: str) -> None:
    factor = conversion_factor(on, service, qualifying=qualifying)
    assert factor is not None
    assert factor.value == Decimal(value)


@pytest.mark.parametrize("on", [date(2023, 12, 31), date(2027, 1, 1)])
def test_a_year_without_a_final_rule_has_no_factor(on: date) -> None:
    assert conversion_factor(on) is None


def test_no_day_has_two_factors_of_one_kind() -> None:
    rows = sorted(table(), key=lambda row: (row.kind, row.valid_from))
    for row, following in pairwise(rows):
        assert row.kind != following.kind or row.valid_to < following.valid_from
    assert {row.is_confirmed for row in rows} == {True, False}


def test_taxonomy_values() -> None:
    assert len(SPECIALTY) >= 40
    assert all(is_taxonomy(code) for code in SPECIALTY)
    assert SPECIALTY.keys() >= THERAPISTS
    assert specialty(" 207q00000x ") == "family doctor"
    assert specialty("000000000X") is None


def test_small_lists_of_x12() -> None:
    assert " ".join(sorted(x12_values.MSP_TYPES)) == "12 13 14 15 16 41 42 43 47"
    assert {"72", "WO", "FB", "L6", "CS", "LE", "IR", "J1", "50"} <= x12_values.PLB_REASONS.keys()
    assert x12_values.AAA_REASONS.keys() >= x12_values.AAA_PAYER_DOWN
    assert x12_values.RELATIONSHIPS["18"] == "self"
    assert {status.value for status in x12_values.FORWARDED} == {"19", "20", "21"}
    assert x12_values.AdjustmentGroup("CO") is x12_values.AdjustmentGroup.CONTRACTUAL


def test_glossed_remarks_are_real_values() -> None:
    if not REFERENCE.is_file():
        pytest.skip("the reference lists (../shared/data/x12) are not on this machine")
    from shared.codesets.adjustment_glosses import RARC

    values = json.loads(REFERENCE.read_text(encoding="utf-8"))
    assert RARC.keys() <= set(values["remark_code"]["codes"])
    assert places().keys() == set(values["pos"]["codes"])
