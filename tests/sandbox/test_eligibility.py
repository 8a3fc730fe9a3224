"""271 answers: active with what the patient would owe, inactive, rejected; nothing by chance."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from sandbox import scenarios
from sandbox.scenarios import INACTIVE_OF_1000, Verdict
from shared.x12 import read
from shared.x12.parties import Name, Party
from tests.sandbox.samples import World, inquiry, question


async def test_an_active_member_has_a_copay_and_no_deductible_left(world: World) -> None:
    (answer,) = await world.ask(inquiry("TEST-J01"))
    assert answer.is_active
    assert [(t.number, t.kind) for t in answer.traces] == [("CHECK1", "2")]
    amounts = {one.information: one.amount for one in answer.benefits}
    assert amounts["B"] == Decimal(25)
    assert amounts["C"] == 0
    assert answer.benefits[0].plan == "ASTER PPO"


async def test_the_271_says_what_the_claim_will_cost_the_patient(world: World) -> None:
    deductible, share = await world.ask(inquiry("TEST-J02"), inquiry("TEST-J12", number=2))
    (left,) = [one for one in deductible.benefits if one.information == "C"]
    assert (left.amount, left.period) == (Decimal("145.2"), "29")
    (part,) = [one for one in share.benefits if one.information == "A"]
    assert part.percent == Decimal("0.2")


async def test_an_inactive_member(world: World) -> None:
    (answer,) = await world.ask(inquiry("TEST-INACTIVE"))
    assert answer.is_inactive


@pytest.mark.parametrize(
    ("member", "reason"), [("TEST-AAA42", "42"), ("TEST-AAA72", "72"), ("TEST-AAA75", "75")]
)
async def test_a_rejected_inquiry(world: World, member: str, reason: str) -> None:
    (answer,) = await world.ask(inquiry(member))
    assert [(one.loop, one.reason) for one in answer.rejections] == [("2100C", reason)]
    assert not answer.benefits


async def test_an_unknown_payer_is_said_so(world: World) -> None:
    (answer,) = await world.ask(inquiry("TEST-J01", payer="NOBODY"))
    assert [(one.loop, one.reason) for one in answer.rejections] == [("2100A", "79")]


async def test_j06_is_away_twice_and_then_inactive(world: World) -> None:
    said = []
    for _ in range(4):
        (answer,) = await world.ask(inquiry("TEST-J06"))
        said.append([one.reason for one in answer.rejections] or answer.is_inactive)
    assert said == [["42"], ["42"], True, True]


async def test_many_members_of_one_file_come_back_in_order(world: World) -> None:
    asked = [inquiry("TEST-INACTIVE" if n % 2 else "TEST-J01", number=n) for n in range(50)]
    answers = await world.ask(*asked)
    assert [one.traces[0].number for one in answers] == [f"CHECK{n}" for n in range(50)]
    assert [one.is_inactive for one in answers] == [bool(n % 2) for n in range(50)]


@pytest.mark.parametrize(
    ("member", "loop"), [("TEST-AAA42", "2100D"), ("TEST-AAA72", "2100C"), ("TEST-AAA75", "2100C")]
)
async def test_a_dependent_is_refused_at_the_level_that_is_wrong(
    world: World, member: str, loop: str
) -> None:
    child = Party(Name("03", "1", "INVENTED", "KID"))
    (answer,) = await world.ask(inquiry(member)._replace(dependent=child))
    assert (answer.rejections[0].loop, answer.dependent) == (loop, child)


async def test_a_wrong_270_gets_a_999(world: World) -> None:
    data = question(inquiry("TEST-J01")).replace(b"HL*3*2*22*0", b"HL*3*9*22*0")
    answer = await world.http.post("/x12/eligibility", content=data)
    (one,) = read(answer.content).sets
    assert (one.kind, one.values[0].status) == ("999", "R")


async def test_a_broken_envelope_of_a_270_gets_a_ta1(world: World) -> None:
    data = question(inquiry("TEST-J01")).replace(b"IEA*1*000000005", b"IEA*1*000000006")
    answer = await world.http.post("/x12/eligibility", content=data)
    (ta1,) = read(answer.content).interchanges[0].acknowledgements
    assert (ta1.status, ta1.code) == ("R", "001")


async def test_bytes_that_are_no_270_are_refused(world: World) -> None:
    answer = await world.http.post("/x12/eligibility", content=b"?")
    assert (answer.status_code, answer.json()["code"]) == (400, "not_x12")


def test_the_share_of_inactive_members_is_the_documented_one() -> None:
    said = Counter(
        scenarios.verdict(1, "ASTER", f"M{number}", attempt=0) for number in range(20_000)
    )
    share = 1_000 * said[Verdict.INACTIVE] / 20_000
    assert abs(share - INACTIVE_OF_1000) < 4
    assert set(said) == {Verdict.ACTIVE, Verdict.INACTIVE}


def test_the_test_payer_has_no_inactive_members() -> None:
    said = {scenarios.verdict(1, "TESTPAY", f"M{number}", attempt=0) for number in range(2_000)}
    assert said == {Verdict.ACTIVE}
