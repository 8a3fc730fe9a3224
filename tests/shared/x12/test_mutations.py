"""The planted defects of the sample set: each is found, at its place, with its code."""

import csv
import datetime as dt

import pytest

from shared.x12 import Finding, Options, read
from shared.x12.segments import blocks, encode
from tests.shared.x12.material import LISTS, SAMPLES

FOLDER = SAMPLES / "mutations"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="X12 samples not present")
OPTIONS = Options(external=LISTS, today=dt.date(2026, 11, 1))
OUR_SNIP = {"837P_18_SBR09_missing.edi": 4}  # the same rule as in 837P_27, so the same type
SHIFTED = 1  # a finding may name the neighbour of the first segment that differs from the base


def _rows() -> list[dict[str, str]]:
    if not FOLDER.is_dir():
        return []
    with (FOLDER / "expected.tsv").open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _codes(text: str) -> set[str]:
    return set(text.replace(",", " ").replace(";", " ").replace("(", " ").split())


def _fits(found: Finding, row: dict[str, str]) -> bool:
    right = found.severity == row["severity"] and found.snip == OUR_SNIP.get(
        row["file"], int(row["snip"])
    )
    if row["segment_in_set"].isdecimal():
        right = right and abs(found.segment - int(row["segment_in_set"])) <= SHIFTED
    if row["codes"].startswith("none"):
        return right
    return right and (found.code in _codes(row["codes"]) or found.code[:6] in row["codes"])


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["file"])
def test_the_planted_defect_is_found(row: dict[str, str]) -> None:
    data = (FOLDER / row["file"]).read_bytes()
    found = read(data, OPTIONS).findings
    if row["expect"] == "accept":
        assert not [f for f in found if f.severity == "error"]
    else:
        fitting = [f for f in found if _fits(f, row)]
        assert fitting, (row["finding"], [(f.kind, f.segment, f.code) for f in found])


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
