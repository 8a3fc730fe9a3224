"""The dated ICD-10-CM look-up: published counts, the FY2027 changes, reasons, hierarchy."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codesets.answers import Reason, Standing
from shared.codesets.icd10cm import (
    FY2027_FILE,
    SHAPE,
    Change,
    Icd10cm,
    is_external_cause,
    normalise,
    shipped,
    undotted,
)
from shared.codesets.icd10cm_tabular import Tabular

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 1)
with FY2027_FILE.open(encoding="utf-8", newline="") as lines:
    DELTA = {row["code"]: row["change"] for row in csv.DictReader(lines)}
ADDED = [code for code, change in DELTA.items() if change == "add"]
ENDED = [code for code in DELTA if code not in ADDED]


@pytest.mark.parametrize(("on", "count"), [(SEPTEMBER, 74_719), (OCTOBER, 74_879)])
def test_counts_equal_the_published_totals(on: date, count: int) -> None:
    codes = list(shipped().billable_codes(on))
    assert len(codes) == len(set(codes)) == count


def test_the_change_list_is_complete() -> None:
    kinds = list(DELTA.values())
    assert (len(ADDED), kinds.count("becomes-header"), kinds.count("delete")) == (190, 15, 15)


@pytest.mark.parametrize("code", ADDED)
def test_an_added_code_begins_in_october(code: str) -> None:
    before, after = shipped().look_up(code, SEPTEMBER), shipped().look_up(code, OCTOBER)
    assert (before.standing, before.reason) == (Standing.NOT_VALID, Reason.NOT_YET_VALID)
    assert (after.standing, after.valid_from) == (Standing.VALID, OCTOBER)
    assert after.title


@pytest.mark.parametrize("code", ENDED)
def test_an_ended_code_is_good_until_the_last_of_september(code: str) -> None:
    before, after = shipped().look_up(code, SEPTEMBER), shipped().look_up(code, OCTOBER)
    assert (before.standing, before.valid_to) == (Standing.VALID, SEPTEMBER)
    expected = Reason.HEADER if DELTA[code] == "becomes-header" else Reason.ENDED
    assert (after.standing, after.reason) == (Standing.NOT_VALID, expected)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("G35", Reason.HEADER),
        ("E11", Reason.HEADER),
        ("T52.81", Reason.HEADER),
        ("S23.420", Reason.ENDED),
        ("T52.8X1", Reason.ENDED),
        ("S52.501", Reason.SEVENTH_CHARACTER),
        ("S52.501Z", Reason.SEVENTH_CHARACTER),
        ("T14.8", Reason.SEVENTH_CHARACTER),
        ("T14.8A", Reason.UNKNOWN),
        ("E11.9X", Reason.UNKNOWN),
        ("ZZZ", Reason.UNKNOWN),
        ("", Reason.SHAPE),
        ("E1", Reason.SHAPE),
        ("E11.", Reason.SHAPE),
        ("E1.19", Reason.SHAPE),
        ("E11.12345", Reason.SHAPE),
        ("E11 9", Reason.SHAPE),
        ("\u0395\u0661\u0661", Reason.SHAPE),
    ],
)
def test_a_refusal_says_why(code: str, reason: Reason) -> None:
    answer = shipped().look_up(code, OCTOBER)
    assert (answer.standing, answer.reason) == (Standing.NOT_VALID, reason)
    assert answer.version == "icd10cm-2026-10"


@pytest.mark.parametrize("code", ["B20", "F99", "P84", "R99", "Z66"])
def test_codes_that_share_their_name_with_a_block_are_codes(code: str) -> None:
    assert shipped().look_up(code, OCTOBER).is_valid


@pytest.mark.parametrize("code", ["I4200", " i42.00 ", "I42.00"])
def test_input_is_taken_with_and_without_the_dot(code: str) -> None:
    assert shipped().look_up(code, OCTOBER).code == "I42.00"
    assert shipped().look_up(code, OCTOBER).is_valid
    assert undotted(code) == "I4200"


@pytest.mark.parametrize("on", [date(2026, 3, 31), date(2027, 4, 1), date(2015, 10, 1)])
@pytest.mark.parametrize("code", ["E11.9", "ZZZ", "not a code"])
def test_outside_the_loaded_editions_nothing_is_called_invalid(code: str, on: date) -> None:
    answer = shipped().look_up(code, on)
    assert (answer.standing, answer.reason) == (Standing.NOT_LOADED, Reason.SET_NOT_LOADED)
    assert list(shipped().billable_codes(on)) == []


def test_titles_are_official_or_marked_as_missing() -> None:
    icd = shipped()
    assert icd.title("E11.9") == "Type 2 diabetes mellitus without complications"
    assert icd.title("S52.501A").endswith("initial encounter for closed fracture")
    assert icd.title("M72.22").endswith("(newer code, official title not loaded)")
    assert icd.title("QA1.71").startswith("New category")
    assert icd.title("ZZZ") == ""


def test_seventh_characters_come_from_the_list_above() -> None:
    icd = shipped()
    for code in ("S52.501", "S52.501A"):
        assert set(icd.seventh_characters(code)) == set("ABCDEFGHJKMNPQRS")
    assert icd.seventh_characters("T14.8")["S"] == "sequela"
    assert icd.seventh_characters("E11.9") == {}
    assert icd.look_up("T14.8XXA", OCTOBER).is_valid
    assert icd.look_up("X58.XXXA", OCTOBER).is_valid


def test_padding_stands_after_the_dot() -> None:
    assert shipped().is_billable("X58.XXXA", OCTOBER)
    assert not shipped().is_billable("X58XXXXA", OCTOBER)


def test_hierarchy_walks_up_and_down() -> None:
    icd = shipped()
    assert icd.parent("S52.501A") == "S52.501"
    assert icd.parent("E11.9") == "E11"
    assert icd.parent("E11") is None
    assert [node.name for node in icd.lineage("E11.9")] == ["E11.9", "E11", "E08-E13", "4"]
    assert icd.children("M72.2", SEPTEMBER) == ()
    assert icd.children("M72.2", OCTOBER) == ("M72.20", "M72.21", "M72.22")
    assert "E11.9" in icd.children("E11", OCTOBER)
    assert "T52.8X" not in icd.children("T52.8", OCTOBER)
    assert icd.children("no such", OCTOBER) == ()


def test_notes_are_inherited() -> None:
    carriers = {note.carrier for note in shipped().notes("E11.9", "excludes1")}
    assert carriers == {"E11.9", "E11", "4"}
    own = shipped().notes("E11.9", "excludes1", inherited=False)
    assert {note.carrier for note in own} == {"E11.9"}


def test_external_causes_are_known_by_their_letter() -> None:
    assert [is_external_cause(code) for code in ("W19.XXXA", "v00", "E11.9", "Z66", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_code_may_end_and_come_back() -> None:
    icd = Icd10cm(
        Tabular("0\t1\t\tchapter\n2\tA00\t\tfirst\n"),
        [Change("A00", SEPTEMBER, False), Change("A00", OCTOBER, True)],
        shipped().editions,
    )
    days = [SEPTEMBER - timedelta(days=1), SEPTEMBER, OCTOBER]
    assert [icd.is_billable("A00", day) for day in days] == [True, False, True]
    assert icd.look_up("A00", days[0]).valid_to == days[0]
    assert icd.look_up("A00", OCTOBER).valid_from == OCTOBER


BILLABLE = st.sampled_from(sorted(shipped().billable_codes(OCTOBER)))


@given(BILLABLE)
def test_every_billable_code_looks_up_in_both_spellings(code: str) -> None:
    assert SHAPE.fullmatch(code)
    assert normalise(undotted(code)) == code
    assert shipped().look_up(undotted(code), OCTOBER).is_valid


@given(BILLABLE)
def test_everything_above_a_billable_code_is_a_refused_header(code: str) -> None:
    parent = shipped().parent(code)
    while parent is not None:
        answer = shipped().look_up(parent, OCTOBER)
        assert answer.reason in {Reason.HEADER, Reason.SEVENTH_CHARACTER}
        parent = shipped().parent(parent)


@given(BILLABLE)
def test_a_billable_code_is_a_child_of_its_parent(code: str) -> None:
    parent = shipped().parent(code)
    assert parent is None or code in shipped().children(parent, OCTOBER)


@given(st.text(max_size=9), st.dates(date(2025, 1, 1), date(2028, 1, 1)))
def test_no_text_makes_the_look_up_fail(text: str, on: date) -> None:
    answer = shipped().look_up(text, on)
    loaded = shipped().edition(on) is not None
    assert (answer.standing is Standing.NOT_LOADED) == (not loaded)


def test_service_start_never_imports_the_heavy_package() -> None:
    program = (
        "import sys; from shared.codesets import icd10cm; icd10cm.shipped();"
        "sys.exit('simple_icd_10_cm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == 0
