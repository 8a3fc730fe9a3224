"""Procedure codes and modifiers: three answers, kinds, and the numbers the journeys use."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codesets import modifiers
from shared.codesets.answers import Reason, Standing
from shared.codesets.procedures import Coverage, Kind, Procedure, ProcedureList, System, system_of
from shared.codesets.procedures_demo import DEMO_PROCEDURES, demo

DAY = date(2026, 10, 1)
OF_JOURNEYS = (
    "99202 99203 99204 99205 99211 99212 99213 99214 99215 99417 99221 99222 99223 99231 99232 "
    "99233 99281 99282 99283 99284 99285 20610 97010 97110 97140 97150 97161 97162 97163 97164 "
    "97530 85025 36415 93000 90471 90686 80053 83036 81003 G2211 G2212"
)


@pytest.mark.parametrize("code", OF_JOURNEYS.split())
def test_the_codes_of_the_journeys_are_there(code: str) -> None:
    answer = demo().look_up(code, DAY)
    assert answer.is_valid
    assert answer.title


@pytest.mark.parametrize(
    ("code", "on", "standing", "reason"),
    [
        ("99213", DAY, Standing.VALID, Reason.NONE),
        (" g2211 ", DAY, Standing.VALID, Reason.NONE),
        ("99201", DAY, Standing.NOT_VALID, Reason.ENDED),
        ("99201", date(2020, 12, 31), Standing.NOT_LOADED, Reason.SET_NOT_LOADED),
        ("99199", DAY, Standing.NOT_LOADED, Reason.SET_NOT_LOADED),
        ("0001F", DAY, Standing.NOT_LOADED, Reason.SET_NOT_LOADED),
        ("99213", date(2027, 1, 1), Standing.NOT_LOADED, Reason.SET_NOT_LOADED),
        ("99213", date(2023, 12, 31), Standing.NOT_LOADED, Reason.SET_NOT_LOADED),
        ("9921", DAY, Standing.NOT_VALID, Reason.SHAPE),
        ("W1234", DAY, Standing.NOT_VALID, Reason.SHAPE),
        ("", DAY, Standing.NOT_VALID, Reason.SHAPE),
    ],
)
def test_three_answers_of_the_demo_list(
    code: str, on: date, standing: Standing, reason: Reason
) -> None:
    answer = demo().look_up(code, on)
    assert (answer.standing, answer.reason) == (standing, reason)


def test_a_complete_list_may_say_unknown_and_dates_of_a_row_count() -> None:
    licensed = ProcedureList(
        [Procedure("90000", "invented", Kind.TEST, date(2026, 7, 1), date(2026, 9, 30))],
        {System.CPT: Coverage("full", date(2026, 1, 1), date(2026, 12, 31), is_complete=True)},
    )
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 9, 30), date(2026, 10, 1)]
    assert [licensed.look_up("90000", day).reason for day in days] == [
        Reason.NOT_YET_VALID,
        Reason.NONE,
        Reason.NONE,
        Reason.ENDED,
    ]
    assert licensed.look_up("90001", DAY).reason is Reason.UNKNOWN
    assert licensed.look_up("G2211", DAY).standing is Standing.NOT_LOADED


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("99213", System.CPT),
        ("0500F", System.CPT),
        ("0075T", System.CPT),
        ("0001U", System.CPT),
        ("0002M", System.CPT),
        ("A0425", System.HCPCS),
        ("V2020", System.HCPCS),
        ("W2020", None),
        ("0001X", None),
        ("A042", None),
        ("a0425", None),
        ("99213\n", None),
    ],
)
def test_the_shape_tells_the_list(code: str, system: System | None) -> None:
    assert system_of(code) is system


def test_timed_codes_and_kinds() -> None:
    timed = [code for code in OF_JOURNEYS.split() if demo().is_timed(code)]
    assert timed == ["97110", "97140", "97530"]
    assert not demo().is_timed("99999")
    lab = demo().procedure("85025")
    assert lab is not None
    assert lab.kind is Kind.LAB


def test_every_row_of_the_demo_list_is_shaped_and_once_there() -> None:
    codes = [row.code for row in DEMO_PROCEDURES]
    assert len(codes) == len(set(codes))
    systems = [system_of(code) for code in codes]
    assert None not in systems
    assert systems.count(System.HCPCS) >= 40
    assert all(row.label == row.label.strip() != "" for row in DEMO_PROCEDURES)


@given(st.text(max_size=6), st.dates())
def test_an_incomplete_list_never_calls_a_shaped_code_unknown(code: str, on: date) -> None:
    assert demo().look_up(code, on).reason is not Reason.UNKNOWN


def test_modifiers() -> None:
    assert len(modifiers.NCCI_MODIFIERS) == 44
    assert modifiers.LABELS.keys() >= modifiers.NCCI_MODIFIERS
    assert modifiers.bypasses_ncci("59")
    assert modifiers.bypasses_ncci("XU")
    assert not modifiers.bypasses_ncci("GP")
    assert modifiers.label("KX")
    assert modifiers.label("ZZ") is None
    assert [modifiers.is_shaped(text) for text in ("59", "GP", "gp", "5", "590")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert all(modifiers.is_shaped(code) for code in modifiers.LABELS)
    assert modifiers.ASSISTANT_OF["CQ"] is modifiers.Discipline.PHYSICAL
