"""Note ranges, Excludes1 pairs and code-first order, on the shipped tabular list."""

from __future__ import annotations

from datetime import date
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codesets.icd10cm import Icd10cm, shipped
from shared.codesets.icd10cm_notes import CodeRange, ranges_in
from shared.codesets.icd10cm_rules import (
    Level,
    causes_missing,
    excludes1_conflicts,
    is_manifestation,
)
from shared.codesets.icd10cm_tabular import Tabular, load

OCTOBER = date(2026, 10, 1)
CODES = sorted(shipped().billable_codes(OCTOBER))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("diabetes (E08-E13)", ["E08.0", "E11.9", "E13.9"], ["E07.9", "E14"]),
        ("carrier (Z22.-)", ["Z22.1", "Z22.50"], ["Z21", "Z23"]),
        ("lumbago (M51.2-)", ["M51.26"], ["M51.36"]),
        ("pains (R10.1-R10.4-)", ["R10.11", "R10.4"], ["R10.0", "R10.9"]),
        ("in diabetes (E08-E13 with .62-)", ["E11.621", "E08.628"], ["E11.9", "E11.52"]),
        ("in diabetes (E08-E13 with .51-.52)", ["E11.51", "E10.52"], ["E11.59", "E11.9"]),
        ("skull (S02.- with 7th character B)", ["S02.0XXB"], ["S02.0XXA"]),
        ("use (F10-F19 with 5th character .6)", ["F10.96"], ["F10.20"]),
        ("psychosis (F11-F19 with fifth to sixth characters 51)", ["F11.151"], ["F11.150"]),
        (
            "poisoning, if applicable (T36-T65 with fifth or sixth character 1-4)",
            ["T36.0X1A", "T58.01XA", "T38.811A", "T40.694D"],
            ["T36.0X5A", "T38.816A", "T66.XXXA"],
        ),
        ("stroke (I69. with final characters -91)", ["I69.391", "I69.091"], ["I69.390"]),
        ("S06.1- to S06.6-, and S06.81- to S06.89-", ["S06.2X0A", "S06.81AA"], ["S06.0X0A"]),
        (
            "two sets (A00-R94 and T80-T88.6, T88.8)",
            ["E11.9", "T88.6XXA", "T88.8XXA"],
            ["T88.7XXA"],
        ),
        ("influenza A/H5N1 (J09.X-)", ["J09.X1"], ["J10.1"]),
    ],
)
def test_ranges_are_read_from_the_words(text: str, inside: list[str], outside: list[str]) -> None:
    ranges = ranges_in(text)
    assert ranges
    for code in inside:
        assert any(part.matches(code) for part in ranges), code
    for code in outside:
        assert not any(part.matches(code) for part in ranges), code


@pytest.mark.parametrize("text", ["underlying disease, such as:", "vitamin B12 lack", ""])
def test_text_without_codes_has_no_ranges(text: str) -> None:
    assert [part for part in ranges_in(text) if part.first != "B12"] == []


def test_words_beyond_the_reader_are_marked_uncertain() -> None:
    (part,) = ranges_in("open fracture (S52.- with open fracture 7th character)")
    assert part == CodeRange("S52", "S52", None, certain=False)


def test_every_range_in_the_list_names_known_codes() -> None:
    tabular = load()
    texts = [text for node in tabular.codes.values() for mark, text in node.notes if mark in "xf"]
    ends = set(chain.from_iterable((part.first, part.last) for t in texts for part in ranges_in(t)))
    unknown = {end for end in ends if tabular.nearest(end) is None}
    assert len(ends) > 2_000
    assert unknown == set()


@pytest.mark.parametrize(
    ("codes", "pairs"),
    [
        (["E11.9", "E10.9"], [("E11.9", "E10.9", "E11")]),
        (["M5126", "M5450"], [("M54.50", "M51.26", "M54.5")]),
        (["I10", "E11.9"], []),
        (["F33.1", "F32.9"], [("F32.9", "F33.1", "F32")]),
        (["G63", "E11.42"], [("G63", "E11.42", "G63")]),
        (["G63", "E11.9"], []),
        (["S01.01XA", "S02.0XXA"], []),
        (["S01.01XA", "S02.0XXB"], [("S01.01XA", "S02.0XXB", "S01")]),
        (["E11.9", "E11.9", "e119"], []),
        (["E11.9"], []),
        (["ZZZ", "E11.9"], []),
    ],
)
def test_excludes1_pairs(codes: list[str], pairs: list[tuple[str, str, str]]) -> None:
    found = excludes1_conflicts(shipped(), codes)
    assert [(hit.code, hit.other, hit.note.carrier) for hit in found] == pairs
    assert all(hit.level is Level.ERROR for hit in found)


def test_codes_of_one_excluded_range_do_not_exclude_each_other() -> None:
    rows = ["0\t1\t\tchapter", "2\tA00\t\theader", "x\tother kind (A00.1-)"]
    rows += [f"3\t{code}\t\ttitle" for code in ("A00.10", "A00.11", "A00.2")]
    icd = Icd10cm(Tabular("\n".join(rows)), [], shipped().editions)
    (hit,) = excludes1_conflicts(icd, ["A00.2", "A00.10"])
    assert (hit.code, hit.other) == ("A00.2", "A00.10")
    assert excludes1_conflicts(icd, ["A00.10", "A00.11"]) == ()


def test_an_uncertain_note_only_warns() -> None:
    (hit,) = excludes1_conflicts(shipped(), ["E87.20", "E11.10"])
    assert hit.level is Level.WARN


@pytest.mark.parametrize(
    ("codes", "missing"),
    [
        (["F02.80"], [("F02.80", Level.ERROR)]),
        (["F02.80", "G30.9"], [("F02.80", Level.ERROR)]),
        (["G30.9", "F02.80"], []),
        (["G63"], [("G63", Level.ERROR)]),
        (["E11.39", "H42"], []),
        (["D63.1", "N18.30"], [("D63.1", Level.WARN)]),
        (["N18.30", "D63.1"], []),
        (["E09.9"], []),
        (["L97.411"], []),
        (["E11.9", "I10"], []),
    ],
)
def test_the_cause_comes_first(codes: list[str], missing: list[tuple[str, Level]]) -> None:
    found = causes_missing(shipped(), codes)
    assert [(gap.code, gap.level) for gap in found] == missing
    assert all(gap.notes for gap in found)


def test_agents_of_infection_are_no_manifestations() -> None:
    assert not is_manifestation(shipped(), "B95.0")
    assert is_manifestation(shipped(), "F0280")
    assert 200 < sum(is_manifestation(shipped(), code) for code in CODES) < 300


@given(st.lists(st.sampled_from(CODES), min_size=1, max_size=6))
def test_conflicts_do_not_depend_on_the_order(codes: list[str]) -> None:
    def pairs(order: list[str]) -> set[frozenset[str]]:
        found = excludes1_conflicts(shipped(), order)
        return {frozenset((hit.code, hit.other)) for hit in found}

    assert pairs(codes) == pairs(codes[::-1])


@given(st.lists(st.sampled_from(CODES), min_size=1, max_size=6))
def test_a_manifestation_is_never_accepted_first(codes: list[str]) -> None:
    first = next(iter(causes_missing(shipped(), codes)), None)
    reported = first is not None and first.code == codes[0] and first.level is Level.ERROR
    assert reported == is_manifestation(shipped(), codes[0])
