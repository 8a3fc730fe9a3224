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
# Samples on which a full validator and we differ, and why we stay with our verdict. (tigershark
# looks at structure only, and refuses PRV of a rendering provider: it is not asked here.)
SEPARATORS = "x12sdk does not notice that the body's component separator is not that of ISA16"
DISAGREEMENTS = {
    "demo.ambulance.example5.837": "CLM05-2 is missing: required",
    "demo.cob.example4.837": "AMT*F2 is not in loop 2320 of the guide",
    "demo.example9.837": SEPARATORS,
    "institutional-claim.837i": "CLM06 is not used in X223, DTP*434 is RD8 only",
    "ppo-repriced-claim.837i": SEPARATORS,
    "835.edi": "N103 and N104 are required in 1000B: oxedi does not ask for them",
    "835-medicare-canonical.edi": "N103 and N104 are required in 1000B",
    "835.test.0001.edi": "GS01 is HC, must be HP",
    "medicare-part-a.835": "PER*BL is required",
    "secondary-payment.835": "BPR16 and PER*BL are required; " + SEPARATORS,
    "270-quirk-delimiters.edi": "EQ03 may only be FAM: x12sdk does not look",
    "271-aaa-subscriber.edi": "AAA03 72 is right in 2100C: x12sdk has another loop's list",
    "subscriber-health-benefit-check.271": "pyx12's draft map has no repeated EB03 and no LS",
    "277-unknown-status.edi": "STC03 is not used in X212: x12sdk does not look",
    "provider-level-status.277": "a status at provider level is what 2200C is for",
    "277CA.test.0001.edi": "STC02 of a line is situational",
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


def test_every_disagreement_with_a_full_validator_has_its_reason() -> None:
    differing = set()
    for row in _rows():
        ours = _verdict(read((SAMPLES / row["path"]).read_bytes()).findings)
        theirs = {row[oracle] for oracle in ("pyx12", "x12sdk", "oxedi")} & {"accept", "reject"}
        if ours != "unsupported" and theirs - {ours}:
            differing.add(row["path"].rsplit("/", 1)[-1])
    assert differing == set(DISAGREEMENTS)
