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


PARSED = [
    ("837p_full", "  claim •••: charge 410.50, 3 lines, replacement\n"),
    ("835_full", " charge 410.50, paid 300.00, patient owes 50.00, processed as secondary\n"),
    ("835_paid_in_letters", "  what begins at segment 10 cannot be read\n"),
    ("270_minimal", "  question without a number about the subscriber: service types 30\n"),
    ("271_full", "  answer ••• about the dependent: active, 5 benefits\n"),
    ("271_rejected_by_payer", "about the subscriber: refused for 75 (2100C), 0 benefits\n"),
    ("276_full", "  question •••: charge 410.50, 1 line\n"),
    ("277_full", ": status F2:88:IL (denied) F2:97 (denied), charge 800.00, paid 0.00\n"),
    ("277ca_full", "  answer to batch BATCH2: 2 accepted for 535.50, 1 rejected for 800.00\n"),
    ("277ca_full", "  claim •••: accepted, status A2:20 (accepted), charge 410.50\n"),
    ("999_full", "  set 0002: refused (I5 5)\n"),
    ("ta1_only", "  interchange 000000007: accepted (000)\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "line"), PARSED)
def test_parse_tells_each_value_in_a_line_of_plain_words(name: str, line: str) -> None:
    shown = run("parse", file(name)).stdout
    assert line in shown
    types = {v["type"] for one in answer("parse", file(name))["sets"] for v in one["values"]}
    assert [word for word in types if word[1:].lower() != word[1:] and word in shown] == []


def test_a_ta1_is_a_set_to_parse_and_lint() -> None:
    (parsed,) = answer("parse", file("ta1_only"))["sets"]
    (judged,) = answer("lint", file("ta1_only"))["sets"]
    named = {"set": "TA1", "control": "000000007", "group": "", "segments": 1}
    assert named.items() <= parsed.items()
    assert named.items() <= judged.items()
    assert parsed["values"][0]["value"]["status"] == "A"
    assert "Set 000000007 (TA1, 1 segment): accepted\n" in run("lint", file("ta1_only")).stdout


def test_a_ta1_is_judged_by_itself() -> None:
    wrong = (
        file("ta1_state").read_text().replace("TA1*", "TA1*000000006*260105*0930*A*000~\nTA1*", 1)
    )
    sound, judged = json.loads(run("lint", "--json", "-", given=wrong.encode()).stdout)["sets"]
    assert (sound["errors"], sound["findings"]) == (0, [])
    assert (judged["errors"], judged["findings"]) == (1, [0])


def _asking(name: str) -> bytes:
    """The message with ISA14 = 1."""
    return file(name).read_bytes().replace(b"*000000007*0*T", b"*000000007*1*T")


def test_ack_answers_with_a_999(tmp_path: Path) -> None:
    target = tmp_path / "answer.edi"
    result = run("ack", file("837p_unknown_segment"), "-o", target, "--control", 17)
    assert (result.exit_code, result.stdout) == (0, "")
    reading = read(target.read_bytes())
    assert not reading.findings
    (interchange,) = reading.interchanges
    assert interchange.interchange.sender == "GHP"
    assert interchange.interchange.control == "000000017"
    assert not interchange.acknowledgements
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


@pytest.mark.parametrize(
    ("data", "status", "kinds"),
    [
        (_asking("837p_minimal"), "A", ["999"]),
        (file("env_iea_count").read_bytes(), "E", ["999"]),
        (file("env_iea_control").read_bytes(), "R", []),
        (_asking("999_full"), "A", []),
    ],
    ids=["asked", "noted", "rejected", "asked by a 999"],
)
def test_a_ta1_goes_out_when_asked_for_or_when_something_is_wrong(
    data: bytes, status: str, kinds: list[str]
) -> None:
    reading = read(run("ack", "-", given=data).stdout_bytes)
    assert [one.status for one in reading.interchanges[0].acknowledgements] == [status]
    assert [one.kind for one in reading.sets] == kinds


@pytest.mark.parametrize(
    "data",
    [file("ta1_only").read_bytes(), _asking("ta1_only"), file("999_full").read_bytes()],
    ids=["a TA1", "a TA1 that asks", "a 999"],
)
def test_an_answer_is_not_answered(data: bytes, tmp_path: Path) -> None:
    target = tmp_path / "answer.edi"
    result = run("ack", "-", "-o", target, given=data)
    assert (result.exit_code, result.stdout, target.exists()) == (1, "", False)
    assert result.stderr.startswith("No answer is owed")


def test_a_control_number_of_ten_digits_is_a_mistake_of_usage() -> None:
    result = run("ack", file("837p_minimal"), "--control", 1_000_000_000)
    assert result.exit_code == 2
    assert "cannot be read" not in result.stderr


@pytest.mark.parametrize("command", ["parse", "explain", "ack", "lint"])
def test_a_folder_is_a_mistake_of_usage(command: str, tmp_path: Path) -> None:
    assert run(command, tmp_path).exit_code == 2


def test_guide_says_when_a_set_has_no_such_segment() -> None:
    result = run("guide", "835", "ZZZ")
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert run("guide", "835", "clp").exit_code == 0


def test_who_sends_an_unknown_version_is_told_those_there_are() -> None:
    found = answer("lint", file("env_guide_unknown"))["findings"]
    assert [one["code"] for one in found] == ["guide_not_supported", "group_version_not_supported"]
    assert all("837P 005010X222A1" in one["remedy"] for one in found)


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
