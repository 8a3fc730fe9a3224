"""837D: no other reader knows this guide, so what each message says is written down here."""

import datetime as dt
from decimal import Decimal

import pytest

from shared.x12 import read
from shared.x12.claim_837 import Claim
from tests.shared.x12.material import OPTIONS, message

DAY = dt.date(2026, 1, 2)


def _claim(name: str) -> Claim:
    reading = read(message(name), OPTIONS)
    assert not reading.findings
    (claim,) = [v for v in reading.sets[0].values if isinstance(v, Claim)]
    assert claim.kind == "D"
    return claim


# Message: claim number, charge, then each line's procedure, charge, units and tooth.
GOLDEN = {
    "minimal": ("BIR-1", 90, [("D1110", 90, 1, ())]),
    "full": ("BIR-2", 1450, [("D2740", 1200, 1, ("8",)), ("D2950", 250, 1, ("8",))]),
    "two_teeth": ("BIR-3", 380, [("D2740", 190, 1, ("3",)), ("D2740", 190, 1, ("14",))]),
    "replacement": ("BIR-4", 90, [("D1110", 90, 1, ())]),
    "predetermination": ("BIR-5", 1200, [("D2740", 1200, 1, ("30",))]),
    "orthodontics": ("BIR-6", 2400, [("D1110", 2400, 1, ())]),
    "diagnosis_pointed_to": ("BIR-7", 250, [("D2950", 250, 1, ("8",))]),
    "second_payer": ("BIR-8", 90, [("D1110", 90, 1, ())]),
    "facility_and_assistant": ("BIR-9", 90, [("D1110", 90, 1, ())]),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_lines_of_a_dental_claim(name: str) -> None:
    claim = _claim(f"837d_{name}")
    lines = []
    for line in claim.lines:
        teeth = tuple(part[2] for part in line.rest if part[0] == "TOO")
        assert line.procedure
        lines.append((line.procedure.code, line.charge, line.units, teeth))
    number, charge, expected = GOLDEN[name]
    assert (claim.claim_id, claim.charge, lines) == (number, Decimal(charge), expected)


def test_surfaces_stand_with_their_tooth() -> None:
    first, second = _claim("837d_two_teeth").lines
    assert first.rest == (("TOO", "JP", "3", ("O", "B")),)
    assert second.rest == (("TOO", "JP", "14", ("M", "O")),)
    assert (first.line_control, second.line_control) == ("A1", "A2")


def test_what_a_claim_replaces_and_what_it_only_asks() -> None:
    replacement, asked = _claim("837d_replacement"), _claim("837d_predetermination")
    assert (replacement.frequency, replacement.payer_control_number) == ("7", "SMICLM12")
    assert (asked.predetermination, asked.lines[0].dates) == ("PB", ())
    assert asked.lines[0].details == ("10", "I")


def test_orthodontics_and_diagnoses() -> None:
    braces, pointed = _claim("837d_orthodontics"), _claim("837d_diagnosis_pointed_to")
    assert braces.rest == (("DN1", "24", "23"),)
    assert [(p.qualifier, p.first) for p in braces.dates] == [("452", dt.date(2026, 1, 10))]
    assert [d.code for d in pointed.diagnoses] == ["K0263", "I10"]
    assert pointed.lines[0].pointers == (2, 1)


def test_what_another_payer_did_and_who_helped() -> None:
    second, helped = _claim("837d_second_payer"), _claim("837d_facility_and_assistant")
    (other,) = second.other_payers
    (decision,) = second.lines[0].adjudications
    assert [other.paid, decision.paid] == [Decimal(60), Decimal(60)]
    assert decision.adjustments[0].amount == Decimal(30)
    facility, assistant = helped.provider("77"), helped.provider("DD")
    assert facility
    assert assistant
    assert (facility.name.last, assistant.taxonomy) == ("MERCY HOSPITAL", "1223G0001X")
    assert helped.lines[0].dates[0].first == DAY
