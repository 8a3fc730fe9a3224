"""The planted defects of the sample set: each is found, at its place, with its code."""

import csv
import datetime as dt
import re

import pytest

from shared.x12 import Finding, Options, read
from shared.x12.segments import blocks, encode
from tests.shared.x12.material import LISTS, SAMPLES

FOLDER = SAMPLES / "mutations"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="X12 samples not present")
OPTIONS = Options(external=LISTS, today=dt.date(2026, 11, 1))
OUR_SNIP = {"837P_18_SBR09_missing.edi": 4}  # the same rule as in 837P_27, so the same type
ELSEWHERE = {  # where we answer at another place or with another code than the list says
    "835_16_bad_PLB_code.edi": (65, "7"),  # PLB is number 65, the list has its SE, which is 66
    "837P_12_bad_state.edi": (9, "7"),  # states are a code list: the 999 answers, not the 277CA
    "837P_20_swap_N3_N4.edi": (9, "7"),  # N4 at 8 can be right; what comes too late is N3, at 9
}
ABSENT = {  # the list names where it should stand, we name what is missing
    "835_03_drop_TRN.edi": "TRN",
    "837P_02_drop_SBR.edi": "SBR",
    "837P_03_drop_HI.edi": "HI",
    "837P_16_freq7_noF8.edi": "REF",
    "837P_26_sub_eq_pat_no_DMG.edi": "DMG",
}
_ELEMENT = re.compile(r"(?P<segment>[A-Z][A-Z0-9]{1,2}?)(?P<element>\d\d)(-(?P<component>\d))?")


def _rows() -> list[dict[str, str]]:
    if not FOLDER.is_dir():
        return []
    with (FOLDER / "expected.tsv").open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _codes(text: str) -> set[str]:
    return set(text.replace(",", " ").replace(";", " ").replace("(", " ").split())


def _place(row: dict[str, str]) -> tuple[int, str]:
    """The segment's number in its set, 0 in the envelope, and its name."""
    ordinal = row["segment_in_set"]
    number = ELSEWHERE.get(row["file"], (int(ordinal) if ordinal.isdecimal() else 0, ""))[0]
    element = _ELEMENT.fullmatch(row["where"])
    return number, ABSENT.get(row["file"]) or (element["segment"] if element else row["where"])


def _is_told(found: Finding, row: dict[str, str]) -> bool:
    """Whether this is the finding that the list asks for."""
    if row["file"] in ELSEWHERE:
        return found.code == ELSEWHERE[row["file"]][1]
    own_report = row["codes"].startswith("none")
    told = {found.code, found.code.partition(":")[0]}  # some rows give the category only
    return found.level == "report" if own_report else not told.isdisjoint(_codes(row["codes"]))


def _fits(found: Finding, row: dict[str, str]) -> bool:
    weight = (OUR_SNIP.get(row["file"], int(row["snip"])), row["severity"])
    right = (found.snip, found.severity) == weight
    right = right and (found.segment, found.segment_id) == _place(row)
    element = _ELEMENT.fullmatch(row["where"])
    if element:
        place = (int(element["element"]), int(element["component"] or 0))
        right = right and (found.element, found.component) == place
    return right and _is_told(found, row)


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["file"])
def test_the_planted_defect_is_found(row: dict[str, str]) -> None:
    data = (FOLDER / row["file"]).read_bytes()
    found = read(data, OPTIONS).findings
    if row["expect"] == "accept":
        assert not [f for f in found if f.severity == "error"]
    else:
        fitting = [f for f in found if _fits(f, row)]
        assert fitting, (row["finding"], [(f.kind, f.segment, f.code) for f in found])


def test_what_is_answered_elsewhere_is_so_still() -> None:
    for row in (row for row in _rows() if row["file"] in ELSEWHERE):
        ordinal, code = ELSEWHERE[row["file"]]
        assert ordinal != int(row["segment_in_set"]) or code not in _codes(row["codes"])


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["file"])
def test_nothing_else_is_found(row: dict[str, str]) -> None:
    base = read((FOLDER / row["base"]).read_bytes(), OPTIONS).findings
    found = read((FOLDER / row["file"]).read_bytes(), OPTIONS).findings
    kinds = {f.kind for f in found} - {f.kind for f in base}
    assert len(kinds) <= (2 if "two findings" in row["note"] else 1), kinds


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["file"])
def test_bytes_survive(row: dict[str, str]) -> None:
    data = (FOLDER / row["file"]).read_bytes()
    assert b"".join(encode(blocks([data]))) == data
