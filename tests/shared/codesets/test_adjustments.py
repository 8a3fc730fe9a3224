"""Adjustment triples: the table, its special readings, and the scenarios' outcomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codesets.adjustment_glosses import CARC, RARC, carc_meaning, remark
from shared.codesets.adjustments import (
    CATEGORY_OF,
    NEXT_STEPS,
    UNPROCESSABLE_STEP,
    Category,
    Outcome,
    Treatment,
    classify,
    normalise,
    outcome,
)

C, T, O = Category, Treatment, Outcome  # noqa: E741 - columns of the tables below
DENIALS = [
    ("coverage", "26 27 31 32 33 177 178 179 200 238 239"),
    ("wrong_payer", "24 109 254 270 280 297 301 B9 B11"),
    ("cob", "19 20 21 22 129 136 276 228"),
    ("identity", "13 14 140 206 207 208"),
    ("authorization", "15 95 197 198 210 243 284 296 302"),
    ("referral", "183 184 287 288"),
    ("enrolment", "8 147 170 171 185 242 279 283 299 B7 B23"),
    ("timely_filing", "29 164 285 286"),
    ("duplicate", "18 B13"),
    ("diagnosis", "9 10 11 12 146 167 B22"),
    ("procedure_modifier", "4 5 6 7 58 107 181 182 189 199 261 282 B15 B16"),
    ("bundling", "97 231 234 236 B10 B14"),
    ("frequency_units", "35 119 149 151 222 273"),
    ("necessity", "50 54 55 56 150 152 153 154 272 B8"),
    ("records", "163 226 227 148 250 251 252 B12 112"),
    ("missing_data", "16 A1"),
    ("not_covered", "49 96 B1 204 256 258 60 111"),
    ("liability_wc", "P1 P12 P32 215"),
]


@pytest.mark.parametrize(("category", "codes"), DENIALS)
@pytest.mark.parametrize("group", ["CO", "PR", "PI", "OA"])
def test_denial_codes_stay_in_insurance_receivables(group: str, category: str, codes: str) -> None:
    for code in codes.split():
        reading = classify(group, code)
        assert (reading.category.value, reading.treatment) == (category, T.DENIAL)
        assert reading.is_denial
        assert not reading.posts


@pytest.mark.parametrize(
    ("group", "codes", "category", "treatment"),
    [
        ("CO", "45 59 94 131 144 172 303", C.CONTRACT, T.CONTRACT),
        ("CO", "237 253", C.REGULATION, T.REGULATION),
        ("OA", "253", C.REGULATION, T.REGULATION),
        ("CO", "104 105 143", C.WITHHELD, T.WITHHELD),
        ("PR", "1 2 3 66 85 241 247 248 275", C.PATIENT_SHARE, T.PATIENT_SHARE),
        ("OA", "23", C.PRIOR_PAYER, T.PRIOR_PAYER),
        ("OA", "133 257 277", C.PENDED, T.PENDED),
        ("CO", "101 169 246", C.INFORMATIONAL, T.INFORMATIONAL),
        ("PR", "100", C.PAID_TO_PATIENT, T.PATIENT_SHARE),
        ("OA", "94", C.CONTRACT, T.CONTRACT),
    ],
)
def test_classes_that_are_no_denial(
    group: str, codes: str, category: Category, treatment: Treatment
) -> None:
    for code in codes.split():
        reading = classify(group, code)
        assert (reading.category, reading.treatment) == (category, treatment)
        assert not reading.is_denial
        assert not reading.needs_review
    posting = {T.CONTRACT, T.REGULATION, T.WITHHELD, T.PATIENT_SHARE}
    assert reading.posts == (treatment in posting)


@pytest.mark.parametrize(
    ("group", "carc"),
    [
        ("CO", "1"), ("CO", "3"), ("OA", "2"), ("PR", "253"), ("PR", "45"), ("PR", "59"),
        ("PR", "104"), ("CO", "23"), ("PR", "23"), ("OA", "45"), ("CO", "100"), ("CO", "187"),
        ("PR", "187"), ("CR", "45"), ("", "1"),
    ],
)  # fmt: skip
def test_a_known_class_under_an_unusual_group_waits_for_a_person(group: str, carc: str) -> None:
    reading = classify(group, carc)
    assert reading.treatment is T.REVIEW
    assert reading.needs_review
    assert not reading.is_denial
    assert not reading.posts


def test_special_readings() -> None:
    assert classify("PR", "45").category is C.OUT_OF_NETWORK
    assert classify("PR", "187").category is C.PATIENT_ACCOUNT
    assert classify("CO", "24").category is C.WRONG_PAYER
    assert classify("CO", "24", is_capitated=True).treatment is T.CONTRACT
    assert classify("PR", "24", is_capitated=True).category is C.WRONG_PAYER
    assert "letter" in classify("PR", "227").next_step
    assert "letter" not in classify("CO", "227").next_step
    pi = classify("PI", "45")
    assert (pi.treatment, pi.needs_review) == (T.CONTRACT, True)


def test_sixteen_is_unprocessable_only_with_its_remark() -> None:
    with_remark = classify("CO", "16", ["n290", " MA130"])
    assert with_remark.is_unprocessable
    assert with_remark.next_step == UNPROCESSABLE_STEP
    assert not classify("CO", "16", ["N290"]).is_unprocessable
    assert not classify("CO", "50", ["MA130"]).is_unprocessable


@pytest.mark.parametrize("carc", ["999", "P", "PX", "W1", "", "B99", "MA130"])
def test_unknown_codes_are_kept_and_shown(carc: str) -> None:
    reading = classify("CO", carc)
    assert (reading.category, reading.treatment) == (C.UNCLASSIFIED, T.DENIAL)
    assert reading.is_denial
    assert reading.needs_review
    assert carc_meaning(carc)


Triple = tuple[str, str]


@pytest.mark.parametrize(
    ("paid", "triples", "remarks", "expected"),
    [
        (7750, [("CO", "45"), ("PR", "3")], [], O.PAID),  # J01
        (0, [("CO", "45"), ("PR", "1")], [], O.ZERO_PAY),  # J02
        (0, [("CO", "109")], [], O.DENIED),  # J07
        (0, [("CO", "197")], [], O.DENIED),  # J08
        (0, [("CO", "16")], ["MA130", "N290"], O.UNPROCESSABLE),  # J10
        (0, [("CO", "16")], ["N290"], O.DENIED),
        (2050, [("OA", "23")], [], O.PAID),  # J12
        (2888, [("CO", "45"), ("PR", "2"), ("CO", "236")], [], O.PARTLY_DENIED),  # J23
        (0, [("OA", "133")], [], O.PENDED),
        (0, [("OA", "23")], [], O.ZERO_PAY),
        (0, [("OA", "133"), ("CO", "50")], [], O.DENIED),
        (100, [("OA", "133")], [], O.PAID),
        (100, [("CO", "16")], ["MA130"], O.PARTLY_DENIED),
        (0, [], [], O.ZERO_PAY),
    ],
)
def test_outcomes_of_the_scenarios(
    paid: int, triples: list[Triple], remarks: list[str], expected: Outcome
) -> None:
    assert outcome(paid, [classify(group, carc, remarks) for group, carc in triples]) is expected


GROUPS = st.sampled_from(["CO", "PR", "PI", "OA", "CR", "", "xx"])
CARCS = st.sampled_from(sorted(CATEGORY_OF)) | st.text(max_size=5)


@given(GROUPS, CARCS, st.lists(st.text(max_size=5)), st.booleans())
def test_every_triple_gets_one_treatment(
    group: str, carc: str, rarcs: list[str], capitated: bool
) -> None:
    reading = classify(group, carc, rarcs, is_capitated=capitated)
    assert reading.is_denial == (reading.treatment is T.DENIAL)
    assert not (reading.is_denial and reading.posts)
    assert reading.next_step


@given(CARCS)
def test_only_the_patient_group_or_money_in_hand_reaches_the_patient(carc: str) -> None:
    for group in ("CO", "PI"):
        assert classify(group, carc).treatment is not T.PATIENT_SHARE
    assert classify("PR", carc).treatment not in {T.CONTRACT, T.REGULATION, T.WITHHELD}


@given(CARCS)
def test_case_blanks_and_leading_zeros_do_not_matter(carc: str) -> None:
    assert normalise(normalise(carc)) == normalise(carc)
    if carc.strip().isdecimal() and carc.isascii():
        assert classify("CO", f" 0{carc.strip()} ") == classify("CO", carc)


def test_every_classified_code_has_words_and_every_category_a_step() -> None:
    assert CARC.keys() == CATEGORY_OF.keys()
    assert NEXT_STEPS.keys() == set(Category)
    assert len(CARC) + len(RARC) >= 120
    assert all(text and text == text.strip() for text in CARC.values())


def test_remarks_are_found_by_value() -> None:
    found = remark(" ma130 ")
    assert found is not None
    assert "new claim" in found.next_step
    assert remark("N99999") is None
    assert carc_meaning("045") == CARC["45"]
    assert "compensation" in carc_meaning("P4")
