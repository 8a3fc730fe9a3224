"""Every kind of finding that is answered comes back from its answer with its place and code."""

import pytest

from shared.x12 import Controls, Finding, InterchangeAcknowledgement, Level, read, write_interchange
from shared.x12 import acknowledgement_277ca as ca
from shared.x12 import acknowledgement_999 as ack
from shared.x12.claim_837 import Claim
from shared.x12.envelope import SetHeader
from shared.x12.errors import KINDS, Place, finding
from shared.x12.parties import Name, Party
from tests.shared.x12.material import AT, ROUTE, TODAY, message, wrap

KINDS_OF_SETS = {"837": "005010X222A1", "835": "005010X221A1", "270": "005010X279A1",
    "271": "005010X279A1", "276": "005010X212", "277": "005010X214"}  # fmt: skip


def _kinds(*levels: Level) -> list[str]:
    return [name for name, row in KINDS.items() if row.level in levels]


def _answered(fault: Finding, set_id: str = "837") -> ack.Acknowledgement:
    """The 999 with this fault, as the other side reads it."""
    version = KINDS_OF_SETS[set_id]
    one = ack.SetAcknowledgement(SetHeader(set_id, "0001", version), "R", ("5",), (fault,))
    if fault.level == Level.SET:
        one = one._replace(codes=(fault.code,))
    made = ack.Acknowledgement("HC", "7", version, "R", 1, 1, 0, (), (one,))
    reading = read(wrap(ack.write_acknowledgement(made)))
    assert not reading.findings
    (value,) = reading.sets[0].values
    assert isinstance(value, ack.Acknowledgement)
    return value


@pytest.mark.parametrize("set_id", KINDS_OF_SETS)
@pytest.mark.parametrize("kind", _kinds(Level.SEGMENT, Level.ELEMENT))
def test_a_fault_of_a_segment_or_element(kind: str, set_id: str) -> None:
    place = Place(12, "NM1", "2010AA")
    if KINDS[kind].level == Level.ELEMENT:
        place = place._replace(element=3, component=2, repetition=4)
    fault = finding(kind, place, value="X1")
    (back,) = _answered(fault, set_id).sets[0].findings
    assert (back.level, back.code, Place(*back[3:9])) == (fault.level, fault.code, place)


@pytest.mark.parametrize("kind", [k for k in _kinds(Level.SET) if not k.endswith("in_error")])
def test_a_fault_of_a_set(kind: str) -> None:
    (back,) = _answered(finding(kind)).sets[0].findings
    assert (back.kind, back.code) == (kind, KINDS[kind].code)


@pytest.mark.parametrize("kind", _kinds(Level.GROUP))
def test_a_fault_of_a_group(kind: str) -> None:
    version = KINDS_OF_SETS["837"]
    made = ack.Acknowledgement("HC", "7", version, "R", 0, 0, 0, (KINDS[kind].code,))
    (value,) = read(wrap(ack.write_acknowledgement(made))).sets[0].values
    assert [f.kind for f in ack.group_findings(value)] == [kind]


@pytest.mark.parametrize("kind", _kinds(Level.INTERCHANGE))
def test_a_fault_of_an_interchange(kind: str) -> None:
    ta1 = InterchangeAcknowledgement("000000007", "260105", "0930", "R", KINDS[kind].code)
    data = write_interchange([], ROUTE, Controls(9), at=AT, acknowledgements=[ta1])
    (back,) = read(data).interchanges[0].acknowledgements
    assert [f.kind for f in ack.interchange_findings(back)] == [kind]


@pytest.mark.parametrize("kind", _kinds(Level.CLAIM))
def test_a_fault_of_a_claim(kind: str) -> None:
    fault = finding(kind, code="A3:21" if kind == "rejected_by_payer" else "")
    claim = next(v for v in read(message("837p_minimal")).sets[0].values if isinstance(v, Claim))
    party = Party(Name("PR", "2", "PLAN", id_qualifier="PI", id="P1"))
    report = ca.StatusReport((ca.Status("A1", "19", "PR"),), TODAY, "WQ", claim.charge)
    batch = ca.with_totals(ca.BatchStatus(
        "CA1", TODAY, "1200", party, Party(party.name._replace(entity="41", id_qualifier="46")),
        "T1", TODAY, TODAY, "B1", (report,), (ca.answer_claim(claim, [fault], TODAY),),
    ))  # fmt: skip
    reading = read(wrap(ca.write_batch_status(batch)))
    assert not reading.findings
    (value,) = reading.sets[0].values
    assert [f.code for f in ca.claim_findings(value.claims[0])] == [fault.code]
    assert value.claims[0].is_rejected


@pytest.mark.parametrize(
    ("kind", "code"), [("npi_check_digit", "A7:562:82"), ("adjudicated_twice", "A8:516:SEP")]
)
def test_a_fault_of_a_claim_keeps_its_kind_whoever_it_names(kind: str, code: str) -> None:
    claim = next(v for v in read(message("837p_minimal")).sets[0].values if isinstance(v, Claim))
    answer = ca.answer_claim(claim, [finding(kind, code=code)], TODAY)
    assert [(f.kind, f.code) for f in ca.claim_findings(answer)] == [(kind, code)]
