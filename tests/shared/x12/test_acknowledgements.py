"""999, TA1 and 277CA: built from findings, valid by our own guides, and read back unchanged."""

import pytest

from shared.x12 import Controls, Finding, Level, Reading, Severity, read, write_interchange
from shared.x12.acknowledgement_277ca import (
    BatchStatus,
    Status,
    StatusReport,
    answer_claim,
    claim_findings,
    with_totals,
    write_batch_status,
)
from shared.x12.acknowledgement_999 import (
    Acknowledgement,
    acknowledge_group,
    acknowledge_interchange,
    answer_interchange,
    group_findings,
    interchange_findings,
    write_acknowledgement,
)
from shared.x12.claim_837 import Claim, batch_of
from shared.x12.errors import KINDS
from shared.x12.parties import Name, Party
from tests.shared.x12.material import AT, OPTIONS, ROUTE, TODAY, message, names, told, wrap

ANSWERED = [
    n for n in names(clean=True) + names(clean=False) if not n.startswith(("999", "ta1_only"))
]  # fmt: skip
CLAIMS = [n for n in names(clean=True) + names(clean=False) if n.startswith("837")]


def _groups(name: str) -> list[Acknowledgement]:
    reading = read(message(name), OPTIONS)
    made = [acknowledge_group(g) for i in reading.interchanges for g in i.groups]
    return [a for a in made if a is not None]


def _again(acknowledgement: Acknowledgement) -> tuple[Reading, Acknowledgement]:
    reading = read(wrap(write_acknowledgement(acknowledgement)))
    value = reading.sets[0].values[0]
    assert isinstance(value, Acknowledgement)
    return reading, value


def _place(found: Finding) -> tuple[object, ...]:
    """What a 999 can carry of a finding."""
    if found.level == Level.SET:
        return (found.code,)
    kept = "".join(c for c in found.segment_id.upper() if c.isalnum())[:3]
    loop = "" if found.loop == "HEADER" else found.loop
    return (
        found.level, found.segment, kept, loop, found.element, found.component, found.repetition,
        found.code, found.trigger,
    )  # fmt: skip


ECHOED = {  # a wrong number is repeated as it came: that is how its sender knows it again
    "env_gs_control_of_letters": ["not_a_number@AK1.2"],
    "env_st_control_short": ["too_short@AK2.2"],
}


@pytest.mark.parametrize("name", ANSWERED)
def test_a_999_is_valid_and_gives_the_findings_back(name: str) -> None:
    for made in _groups(name):
        reading, again = _again(made)
        assert told(reading) == ECHOED.get(name, [])
        assert [s.header for s in again.sets] == [s.header for s in made.sets]
        for one, other in zip(again.sets, made.sets, strict=True):
            assert (one.status, one.codes) == (other.status, other.codes)
            assert {_place(f) for f in one.findings} == {_place(f) for f in other.findings}


@pytest.mark.parametrize("name", ANSWERED)
def test_a_999_answers_each_set_once_and_counts_them(name: str) -> None:
    reading = read(message(name), OPTIONS)
    groups = [g for i in reading.interchanges for g in i.groups]
    for group, made in zip(groups, _groups(name), strict=True):
        assert [s.header for s in made.sets] == [s.header for s in group.sets]
        accepted = sum(s.status in "AE" for s in made.sets)
        assert made.received == len(made.sets)
        assert made.accepted == (0 if made.status == "R" else accepted)


@pytest.mark.parametrize(
    ("name", "status", "codes"),
    [
        ("837p_minimal", "A", ()),
        ("837p_sex_unknown_code", "R", ("5",)),
        ("837p_no_filing_code", "R", ("I5",)),
        ("env_se_count", "R", ("4",)),
        ("env_se_control", "R", ("3",)),
        ("env_guide_unknown", "R", ("I6",)),
        ("env_set_unknown", "R", ("1",)),
        ("env_st_repeated", "P", ()),
        ("835_carc_unknown", "E", ("5",)),
    ],
)  # fmt: skip
def test_status_and_codes_of_a_999(name: str, status: str, codes: tuple[str, ...]) -> None:
    (made,) = _groups(name)
    assert (made.status, made.sets[0].codes) == (status, codes)


def test_a_wrong_group_count_is_noted_and_a_wrong_control_number_refuses() -> None:
    (count,), (control,) = _groups("env_ge_count"), _groups("env_ge_control")
    assert (count.status, count.codes, count.stated, count.received) == ("E", ("5",), 2, 1)
    assert (control.status, control.codes, control.accepted) == ("R", ("4",), 0)
    _, again = _again(control)
    assert [f.kind for f in group_findings(again)] == ["group_control_mismatch"]


def test_a_note_informs_and_refuses_nothing() -> None:
    (made,) = _groups("837p_lower_case_name")
    batch, reading = _batch("837p_lower_case_name")
    assert [f.severity for f in reading.findings] == [Severity.NOTE]
    assert (made.status, made.sets[0].findings) == ("A", ())
    assert (batch.accepted, batch.rejected) == (1, None)


def test_a_999_is_never_answered_with_a_999() -> None:
    reading = read(message("999_full"))
    assert acknowledge_group(reading.interchanges[0].groups[0]) is None


def test_a_situational_rule_says_what_triggered_it() -> None:
    (made,) = _groups("837p_no_birth_date")
    text = write_acknowledgement(made).text
    assert "CTX*SITUATIONAL TRIGGER*SBR*" in text


@pytest.mark.parametrize("name", [n for n in ANSWERED if n.startswith(("env_", "837p_min"))])
def test_a_ta1_gives_its_code_back(name: str) -> None:
    for interchange in read(message(name), OPTIONS).interchanges:
        ta1 = acknowledge_interchange(interchange)
        data = write_interchange([], ROUTE, Controls(9), at=AT, acknowledgements=[ta1])
        (answer,) = read(data).interchanges
        assert not read(data).findings
        assert answer.acknowledgements == (ta1,)
        codes = {f.code for f in interchange_findings(ta1)}
        assert codes <= {f.code for f in interchange.findings}
        assert bool(codes) == bool([f for f in interchange.findings if f.level == "interchange"])


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("837p_minimal", "A", "000"), ("env_iea_control", "R", "001"),
        ("env_iea_count", "E", "021"),
        ("env_cut_before_iea", "R", "023"), ("env_interchange_repeated", "R", "025"),
        ("env_isa_one_blank_short", "E", "006"), ("env_usage_indicator", "E", "020"),
    ],
)  # fmt: skip
def test_status_and_code_of_a_ta1(name: str, status: str, code: str) -> None:
    ta1 = acknowledge_interchange(read(message(name)).interchanges[-1])
    assert (ta1.status, ta1.code) == (status, code)


def _batch(name: str) -> tuple[BatchStatus, Reading]:
    reading = read(message(name), OPTIONS)
    one = reading.sets[0]
    head = batch_of(one.values)
    assert head is not None
    items = [i for i in one.items if isinstance(i.value, Claim)]
    answers = tuple(answer_claim(i.value, i.findings, TODAY) for i in items)
    received = (StatusReport((Status("A1", "19", "PR"),), TODAY, "WQ"),)
    batch = BatchStatus(
        "CA1", TODAY, "1200", Party(Name("PR", last="PLAN", id_qualifier="PI", id="P1")),
        Party(Name("41", last="BILLING", id_qualifier="46", id="HB01")), "T1", TODAY, TODAY,
        head.head.reference, received, answers,
    )  # fmt: skip
    return with_totals(batch), reading


@pytest.mark.parametrize("name", CLAIMS)
def test_a_277ca_is_valid_and_gives_the_findings_back(name: str) -> None:
    batch, reading = _batch(name)
    again = read(wrap(write_batch_status(batch)))
    assert not [f for f in again.findings if f.severity == Severity.ERROR]
    (value,) = again.sets[0].values
    assert repr(value.claims).upper() == repr(batch.claims).upper()  # written in upper case
    for item, answer in zip(
        [i for i in reading.sets[0].items if isinstance(i.value, Claim)], value.claims, strict=True
    ):  # fmt: skip
        wanted = {f.code for f in item.findings if f.level == Level.CLAIM}
        assert {f.code for f in claim_findings(answer)} == wanted
        assert answer.is_rejected == bool(wanted)


def test_totals_of_a_277ca_say_accepted_and_rejected() -> None:
    accepted, _ = _batch("837p_minimal")
    rejected, _ = _batch("837p_charge_off_by_a_cent")
    assert (accepted.accepted, accepted.rejected) == (1, None)
    assert (rejected.accepted, rejected.rejected) == (None, 1)
    assert str(rejected.rejected_amount) == "125.01"


def test_every_kind_has_a_code_and_every_level_its_form() -> None:
    for name, kind in KINDS.items():
        assert kind.code, name
        if kind.level == Level.CLAIM:
            assert kind.code[:2] in ("A3", "A6", "A7", "A8"), name


@pytest.mark.parametrize(
    ("name", "asked", "status"),
    [
        ("837p_minimal", b"0", ""), ("837p_minimal", b"1", "A"), ("env_iea_count", b"0", "E"),
        ("env_iea_control", b"0", "R"), ("999_full", b"0", ""), ("999_full", b"1", "A"),
        ("ta1_only", b"0", ""), ("ta1_only", b"1", ""), ("ta1_before_group", b"1", "A"),
    ],
)  # fmt: skip
def test_a_ta1_is_owed_when_asked_for_or_with_a_fault_but_never_for_a_ta1(
    name: str, asked: bytes, status: str
) -> None:
    data = message(name).replace(b"*0*T*:~", b"*%b*T*:~" % asked)
    answer = answer_interchange(read(data).interchanges[0])
    assert (answer.status if answer else "") == status


def test_a_route_may_ask_for_a_ta1() -> None:
    for asked in (False, True):
        route = ROUTE._replace(acknowledgement_requested=asked)
        read_back = read(write_interchange([], route, Controls(9), at=AT)).interchanges[0]
        assert read_back.interchange.acknowledgement_requested is asked
        assert read_back.findings == ()
