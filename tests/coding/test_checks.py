"""What the rules notice, rule by rule; one list answers for the shipped code sets."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.coding.actions.checking import code_sets
from services.coding.domain.checks import RULES, Case, CodeSets, check, set_versions, tidy
from services.coding.domain.encounter import Circumstances, Coding, Line
from services.coding.domain.findings import Confirmation, Finding, Severity, judge
from shared.codesets.procedures import Coverage, Procedure, ProcedureList, System
from shared.codesets.procedures import Kind as ProcedureKind
from shared.money import Money

NOVEMBER = date(2026, 11, 3)
PLAIN = Line("99213", (), 1, (1,), Money(15_000), NOVEMBER)


def found(
    diagnoses: list[str],
    *lines: Line,
    on: date = NOVEMBER,
    to: date | None = None,
    place: str = "11",
) -> list[Finding]:
    dated = [replace(line, service_date=on) for line in lines or (PLAIN,)]
    coding = tidy(Coding(tuple(diagnoses), tuple(dated)))
    return list(check(Case(Circumstances(on, to or on, place), coding), code_sets()))


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.rule, one.location, one.severity.value) for one in findings]


def test_a_plain_visit_passes() -> None:
    assert found(["E11.9", "E78.5", "E66.9", "I10"]) == []


@pytest.mark.parametrize(
    ("code", "on", "rule"),
    [
        ("E11", NOVEMBER, "diagnosis.header"),
        ("S52.501", NOVEMBER, "diagnosis.seventh_character"),
        ("I42.0", NOVEMBER, "diagnosis.header"),
        ("T52.8X1", NOVEMBER, "diagnosis.ended"),
        ("QA1.71", date(2026, 9, 30), "diagnosis.not_yet_valid"),
        ("E11.999", NOVEMBER, "diagnosis.unknown"),
        ("1", NOVEMBER, "diagnosis.shape"),
    ],
)
def test_diagnoses_are_checked_by_date(code: str, on: date, rule: str) -> None:
    assert (rule, "/diagnoses/0", "error") in told(found([code], on=on))


@pytest.mark.parametrize("code", ["D69.1", "M72.2"])
def test_a_code_that_became_a_header_in_october_was_good_in_september(code: str) -> None:
    assert found([code], on=date(2026, 9, 30)) == []
    assert ("diagnosis.header", "/diagnoses/0", "error") in told(found([code]))


@pytest.mark.parametrize("code", ["E11.9", "E11", "nonsense"])
def test_a_date_no_edition_covers_is_information_never_an_error(code: str) -> None:
    findings = found([code], on=date(2020, 5, 1))
    assert ("diagnosis.set_not_loaded", "/diagnoses/0", "info") in told(findings)
    assert [one for one in findings if one.severity is not Severity.INFO] == []


@pytest.mark.parametrize("pair", [["E10.9", "E11.9"], ["G63", "E78.5"], ["D63.1", "N18.30"]])
def test_rules_between_codes_wait_for_a_loaded_edition(pair: list[str]) -> None:
    assert {one.severity for one in found(pair, on=date(2020, 5, 1))} == {Severity.INFO}
    assert {one.severity for one in found(pair)} & {Severity.ERROR, Severity.WARNING}


def test_inpatient_diagnoses_are_looked_up_on_the_last_day() -> None:
    span = {"on": date(2026, 9, 29), "to": date(2026, 10, 2)}
    assert found(["M72.2"], **span, place="11") == []
    assert told(found(["M72.2"], **span, place="21"))[0][0] == "diagnosis.header"


def test_excludes1_blocks_unless_confirmed() -> None:
    [finding] = found(["E10.9", "E11.9"])
    assert told([finding]) == [("diagnosis.excludes1", "/diagnoses/1", "error")]
    assert "/diagnoses/0" in finding.message
    assert judge([finding]).stopping == (finding,)
    word = Confirmation("diagnosis.excludes1", "", "not related")
    assert judge([finding], [word]).standing == (finding,)


def test_a_manifestation_needs_its_cause_before_it() -> None:
    alone = told(found(["E78.5", "G63"]))
    assert alone == []  # an open list of causes takes any earlier code
    assert told(found(["G63", "E78.5"])) == [
        ("diagnosis.manifestation_first", "/diagnoses/0", "error")
    ]


def test_code_first_is_a_warning() -> None:
    assert told(found(["D63.1", "N18.30"])) == [("diagnosis.code_first", "/diagnoses/0", "warning")]
    assert found(["N18.30", "D63.1"]) == []


def test_an_external_cause_is_not_listed_first() -> None:
    assert told(found(["W19.XXXA", "S83.511A"])) == [
        ("diagnosis.external_cause_first", "/diagnoses/0", "warning")
    ]
    assert found(["S83.511A", "W19.XXXA"]) == []


def test_numbers_of_diagnoses() -> None:
    assert ("diagnosis.none", "/diagnoses", "error") in told(found([]))
    many = [f"Z00.{number}" for number in range(13)]
    assert ("diagnosis.too_many", "/diagnoses", "error") in told(found(many))
    assert ("diagnosis.repeated", "/diagnoses/1", "error") in told(found(["E11.9", "e119"]))


def test_there_is_a_line_and_not_too_many() -> None:
    case = Case(Circumstances(NOVEMBER, NOVEMBER, "11"), Coding(("I10",), ()))
    assert told(list(check(case, code_sets()))) == [("line.none", "/lines", "error")]
    assert ("line.too_many", "/lines", "error") in told(found(["I10"], *[PLAIN] * 51))


@pytest.mark.parametrize(
    ("changes", "rule", "location", "severity"),
    [
        ({"code": "9921"}, "procedure.shape", "code", "error"),
        ({"code": "99201"}, "procedure.ended", "code", "error"),
        ({"code": "27447"}, "procedure.set_not_loaded", "code", "info"),
        ({"modifiers": ("2",)}, "modifier.shape", "modifiers/0", "error"),
        ({"modifiers": ("25", "25")}, "modifier.repeated", "modifiers/1", "error"),
        ({"modifiers": ("25", "59", "GP", "KX", "RT")}, "modifier.too_many", "modifiers", "error"),
        ({"modifiers": ("CQ",)}, "modifier.discipline", "modifiers/0", "error"),
        ({"units": 0}, "line.units", "units", "error"),
        ({"charge": Money(0)}, "charge.missing", "charge_cents", "error"),
        ({"pointers": ()}, "pointer.none", "pointers", "error"),
        ({"pointers": (2,)}, "pointer.unknown", "pointers/0", "error"),
        ({"pointers": (0,)}, "pointer.unknown", "pointers/0", "error"),
        ({"pointers": (1, 1)}, "pointer.repeated", "pointers/1", "error"),
        ({"pointers": (1, 2, 3, 4, 5)}, "pointer.too_many", "pointers", "error"),
    ],
)
def test_lines_are_checked(
    changes: dict[str, object], rule: str, location: str, severity: str
) -> None:
    findings = found(["I10"], PLAIN, replace(PLAIN, **changes))
    assert (rule, f"/lines/1/{location}", severity) in told(findings)
    assert {one.location.split("/")[2] for one in findings} == {"1"}


def test_an_assistant_with_the_discipline_passes() -> None:
    line = replace(PLAIN, code="97110", modifiers=("GP", "CQ"))
    assert found(["M54.50"], line) == []


def test_a_line_lies_within_the_encounter() -> None:
    late = replace(PLAIN, service_date=date(2026, 11, 4))
    case = Case(Circumstances(NOVEMBER, NOVEMBER, "11"), Coding(("I10",), (PLAIN, late)))
    assert told(list(check(case, code_sets()))) == [("line.date", "/lines/1/service_date", "error")]


def test_a_complete_list_refuses_what_it_does_not_know() -> None:
    whole = Coverage("licensed-2026", date(2026, 1, 1), date(2026, 12, 31), is_complete=True)
    rows = [Procedure("99213", "visit", ProcedureKind.OFFICE_ESTABLISHED)]
    sets = CodeSets(code_sets().icd, ProcedureList(rows, {System.CPT: whole}))
    lines = (PLAIN, replace(PLAIN, code="27447"))
    case = Case(Circumstances(NOVEMBER, NOVEMBER, "11"), Coding(("I10",), lines))
    assert told(list(check(case, sets))) == [("procedure.unknown", "/lines/1/code", "error")]


def test_the_versions_that_answered_are_named() -> None:
    case = Case(Circumstances(NOVEMBER, NOVEMBER, "11"), Coding(("I10",), (PLAIN,)))
    versions = set_versions(case, code_sets())
    assert versions["icd10cm"] == "icd10cm-2026-10"
    assert "cpt" in versions
    early = Case(Circumstances(date(2020, 5, 1), date(2020, 5, 1), "11"), Coding(("I10",), ()))
    assert set_versions(early, code_sets()) == {}


def test_codes_are_kept_in_one_spelling() -> None:
    messy = Coding((" e119 ",), (replace(PLAIN, code=" j3301 ", modifiers=("gp ",)),))
    assert tidy(messy).diagnoses == ("E11.9",)
    assert (tidy(messy).lines[0].code, tidy(messy).lines[0].modifiers) == ("J3301", ("GP",))
    assert tidy(tidy(messy)) == tidy(messy)


codes = st.sampled_from(["E11.9", "E10.9", "G63", "W19.XXXA", "I10", "E11", "1", "", "N18.30"])
lines = st.builds(
    Line,
    code=st.sampled_from(["99213", "99201", "97110", "zzz", ""]),
    modifiers=st.lists(st.sampled_from(["25", "GP", "CQ", "x"]), max_size=6).map(tuple),
    units=st.integers(-1, 10_000),
    pointers=st.lists(st.integers(-1, 14), max_size=6).map(tuple),
    charge=st.integers(-1, 10).map(Money),
    service_date=st.dates(date(2020, 1, 1), date(2028, 1, 1)),
)


@given(st.lists(codes, max_size=14), st.lists(lines, max_size=4), st.dates())
def test_every_finding_names_place_and_remedy(
    diagnoses: list[str], charged: list[Line], on: date
) -> None:
    coding = tidy(Coding(tuple(diagnoses), tuple(charged)))
    findings = check(Case(Circumstances(on, on, "11"), coding), code_sets())
    for one in findings:
        assert one.rule.count(".") == 1
        assert one.message.endswith(".")
        assert one.remedy.endswith(".")
        assert one.location.startswith(("/diagnoses", "/lines"))
        parts = one.location.split("/")
        if len(parts) > 2:
            assert int(parts[2]) < len(diagnoses if parts[1] == "diagnoses" else charged)
    judged = judge(findings)
    assert sorted([*judged.stopping, *judged.standing], key=repr) == sorted(findings, key=repr)
    assert all(one.severity is not Severity.INFO for one in judged.stopping)


def test_a_confirmation_needs_its_rule_its_place_and_a_reason() -> None:
    [finding] = found(["D63.1"])
    for word in (
        Confirmation("diagnosis.excludes1", "", "why"),
        Confirmation(finding.rule, "/diagnoses/1", "why"),
        Confirmation(finding.rule, "", ""),
    ):
        assert judge([finding], [word]).stopping == (finding,)
    good = Confirmation(finding.rule, finding.location, "why")
    assert judge([finding], [good]).stopping == ()


def test_the_table_of_rules_has_no_rule_twice() -> None:
    assert len(set(RULES)) == len(RULES)
