"""Verdicts on public samples: accepted, rejected or not supported as the evidence says."""

import csv

import pytest

from shared.x12 import Finding, read
from shared.x12.segments import blocks, encode
from tests.shared.x12.material import SAMPLES, rewrite, wrap

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="X12 samples not present")
UNSUPPORTED = {"guide_not_supported", "set_not_supported"}
# Samples whose verdict the evidence does not settle, with ours and why.
DECIDED = {
    "270-quirk-delimiters.edi": ("reject", "EQ03 may only be FAM in this guide"),
    "provider-level-status.277": ("accept", "a status at provider level is what 2200C is for"),
    "277CA.test.0001.edi": ("accept", "a claim level needs no status of its provider"),
}


def _rows() -> list[dict[str, str]]:
    if not SAMPLES.is_dir():
        return []
    with (SAMPLES / "verdicts.tsv").open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _verdict(findings: tuple[Finding, ...]) -> str:
    if UNSUPPORTED & {f.kind for f in findings}:
        return "unsupported"
    serious = [f for f in findings if f.snip <= 3 and f.severity == "error"]
    return "reject" if serious else "accept"


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["path"])
def test_the_verdict_is_that_of_the_table(row: dict[str, str]) -> None:
    expected = row["expect"]
    if expected == "open":
        expected, _ = DECIDED[row["path"].rsplit("/", 1)[-1]]
    found = read((SAMPLES / row["path"]).read_bytes()).findings
    assert _verdict(found) == expected, [(f.kind, f.segment, f.segment_id) for f in found[:5]]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["path"])
def test_bytes_survive(row: dict[str, str]) -> None:
    data = (SAMPLES / row["path"]).read_bytes()
    assert b"".join(encode(blocks([data]))) == data


@pytest.mark.parametrize(
    "row", [r for r in _rows() if r["verdict"] == "clean"], ids=lambda row: row["path"]
)
def test_clean_samples_are_clean_when_written_again(row: dict[str, str]) -> None:
    for one in read((SAMPLES / row["path"]).read_bytes()).sets:
        body = rewrite(one)
        if body is None:
            continue
        again = read(wrap(body)).sets[0]
        assert _verdict(again.findings) == "accept"
        assert len(again.values) == len(one.values)
