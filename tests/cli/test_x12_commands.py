"""`rcm x12`: each command on hand-written files, its exit status, and what it keeps to itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.x12.words import WORDS
from cli.x12_commands import x12
from shared.x12 import read
from shared.x12.errors import KINDS

MESSAGES = Path(__file__).parents[1] / "shared" / "x12" / "messages"
SETS = ("837p", "837i", "837d", "835", "270", "271", "276", "277", "277ca", "999")
PATIENT = (
    "MARLOW", "IRIS", "OWEN", "19810214", "1981-02-14", "20150930", "2015-09-30", "GHP100200",
    "CED-1", "CED-2", "9 RIVER ROAD", "78703", "20260102", "2026-01-04",
)  # fmt: skip


OTHERS = (
    "env_pipes", "env_crlf", "env_indented", "env_one_line", "env_no_repetition", "env_bom",
    "837p_trailing_separator",
)  # fmt: skip


def run(*arguments: object, given: bytes = b"") -> Result:
    return CliRunner().invoke(x12, [str(one) for one in arguments], input=given)


def answer(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def file(name: str) -> Path:
    return MESSAGES / f"{name}.edi"


def test_every_kind_of_finding_has_its_words() -> None:
    assert set(KINDS) - set(WORDS) == set()
    assert all(one.message.endswith(".") and one.remedy.endswith(".") for one in WORDS.values())


def test_lint_names_the_fault_its_place_and_the_remedy() -> None:
    result = run("lint", "--json", file("837p_charge_off_by_a_cent"))
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert set(said) == {"findings", "sets", "totals"}
    words = WORDS["claim_charge_differs"]
    assert said["findings"] == [{
        "level": 3, "severity": "error", "segment": "CLM", "position": 16, "element": "02",
        "code": "claim_charge_differs", "message": words.message, "remedy": words.remedy,
    }]  # fmt: skip
    assert [one["findings"] for one in said["sets"]] == [[0]]
    assert said["totals"]["errors"] == 1


@pytest.mark.parametrize("name", SETS)
def test_lint_passes_what_is_right(name: str) -> None:
    result = run("lint", file(f"{name}_full"))
    assert result.exit_code == 0
    assert ": accepted" in result.stdout


def test_a_warning_alone_is_no_error() -> None:
    result = run("lint", "--json", file("837p_zip_of_five"))
    assert [one["severity"] for one in json.loads(result.stdout)["findings"]] == ["warning"]
    assert result.exit_code == 0


def test_components_and_repetitions_are_named() -> None:
    assert answer("lint", file("837p_pointer_beyond"))["findings"][0]["element"] == "07-1"


def test_a_list_that_is_handed_in_is_checked(tmp_path: Path) -> None:
    (tmp_path / "carc.txt").write_text("45,charge\n3\n\n")
    message = file("835_full")
    without, given = answer("lint", message), answer("lint", message, "--lists", tmp_path)
    assert not without["findings"]
    assert {one["code"] for one in given["findings"]} == {"external_code_unknown"}
    assert "carc" not in run("lint", message, "--lists", tmp_path).stdout


@pytest.mark.parametrize("command", ["parse", "explain", "ack", "lint"])
def test_a_file_that_is_not_there_ends_with_3(command: str, tmp_path: Path) -> None:
    result = run(command, tmp_path / "none.edi")
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)


@pytest.mark.parametrize("command", ["parse", "explain", "ack", "lint"])
def test_what_is_no_x12_ends_with_1(command: str) -> None:
    result = run(command, "-", given=b"hello")
    assert result.exit_code == 1
    assert "cannot be read as X12" in result.stdout + result.stderr


def test_standard_input_is_a_file_too() -> None:
    assert run("lint", "-", given=file("835_full").read_bytes()).exit_code == 0


@pytest.mark.parametrize("size", ["minimal", "full"])
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("command", ["parse", "explain"])
def test_nobody_learns_who_the_patient_is(command: str, name: str, size: str) -> None:
    for arguments in ([], ["--json"]):
        shown = run(command, file(f"{name}_{size}"), *arguments).stdout
        assert shown
        assert [word for word in PATIENT if word in shown] == []


@pytest.mark.parametrize("command", ["parse", "explain"])
def test_who_asks_is_shown_the_patient(command: str) -> None:
    shown = run(command, file("837p_full"), "--show-phi", "--json").stdout
    assert "MARLOW" in shown


@pytest.mark.parametrize("name", SETS)
def test_explain_names_every_segment_and_its_loop(name: str) -> None:
    lines = answer("explain", file(f"{name}_full"))["lines"]
    segments = [line for line in lines if line["position"]]
    assert [line["position"] for line in segments] == list(range(2, len(segments) + 2))
    assert not [line for line in segments if line["text"] == "unknown"]
    assert not [line for line in lines if line["loop"] == line["text"]], "a loop without words"


def test_explain_reads_amounts_dates_and_codes() -> None:
    shown = run("explain", file("835_full")).stdout
    assert "charge 410.50, paid 300.00" in shown
    assert "reason 45 (charge above the agreed or legal rate), amount 50.50" in shown
    assert "on 2026-01-20" in shown


@pytest.mark.parametrize("name", ["env_guide_unknown", "env_cut_in_a_segment", "ta1_only"])
def test_explain_goes_on_where_there_is_no_guide(name: str) -> None:
    assert run("explain", file(name)).exit_code == 0


def test_parse_gives_typed_values() -> None:
    (one,) = answer("parse", file("835_full"))["sets"]
    types = [value["type"] for value in one["values"]]
    assert types.count("ClaimPayment") == 4
    assert one["values"][2]["value"]["charge"] == "-100"
    assert "ClaimPayment •••, charge 410.5, paid 300" in run("parse", file("835_full")).stdout


def test_ack_answers_with_ta1_and_999(tmp_path: Path) -> None:
    target = tmp_path / "answer.edi"
    result = run("ack", file("837p_unknown_segment"), "-o", target, "--control", 17)
    assert (result.exit_code, result.stdout) == (0, "")
    reading = read(target.read_bytes())
    assert not reading.findings
    (interchange,) = reading.interchanges
    assert interchange.interchange.sender == "GHP"
    assert interchange.interchange.control == "000000017"
    assert interchange.acknowledgements[0].status == "A"
    assert [s.values[0].status for s in reading.sets] == ["R"]


def test_ack_of_claims_says_what_became_of_each() -> None:
    written = run("ack", "--claims", file("837p_charge_off_by_a_cent")).stdout_bytes
    reading = read(written)
    assert [s.kind for s in reading.sets] == ["999", "277CA"]
    (claim,) = reading.sets[1].values[0].claims
    assert claim.is_rejected
    assert not [f for f in reading.findings if f.severity == "error"]


def test_a_set_that_the_999_refuses_gets_no_277ca() -> None:
    written = run("ack", "--claims", file("837p_unknown_segment")).stdout_bytes
    assert [s.kind for s in read(written).sets] == ["999"]


def test_a_999_is_answered_by_a_ta1_alone() -> None:
    reading = read(run("ack", file("999_full")).stdout_bytes)
    assert not reading.sets
    assert len(reading.interchanges[0].acknowledgements) == 1


@pytest.mark.parametrize("other", OTHERS)
def test_diff_does_not_see_delimiters_and_line_ends(other: str) -> None:
    result = run("diff", file("837p_minimal"), file(other))
    assert (result.exit_code, result.stdout) == (0, "Both say the same.\n")


def test_diff_names_the_value_that_differs() -> None:
    said = answer("diff", file("837p_minimal"), file("837p_charge_off_by_a_cent"))
    assert said["same"] is False
    (one,) = said["differences"]
    assert (one["what"], one["segment"], one["position_left"]) == ("changed", "CLM", 16)
    assert one["elements"] == [{"element": "02", "left": "125", "right": "125.01"}]


def test_diff_names_a_segment_only_one_has() -> None:
    result = run("diff", file("837p_minimal"), file("837p_unknown_segment"))
    assert result.exit_code == 1
    assert "+ XYZ (set 0001 segment 19)" in result.stdout
    assert "MARLOW" not in run("diff", file("837p_minimal"), file("835_full")).stdout


def test_guide_prints_a_guide_as_a_table() -> None:
    rows = json.loads(run("guide", "835", "CLP", "--json").stdout)
    assert [row["place"] for row in rows][:3] == ["CLP", "CLP01", "CLP02"]
    assert run("guide", "834").exit_code == 3
