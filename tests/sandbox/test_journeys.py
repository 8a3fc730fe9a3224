"""Every journey and test value to the cent, from the 837 to the 835 and the deposit."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest

from sandbox.deciding import Context, decide_claim
from sandbox.front_end import Received
from shared.x12.claim_837 import Claim
from shared.x12.remittance_835 import claim_expected
from tests.sandbox.samples import NOW, World, all_claims, batch, claim, figures, line


class Case(NamedTuple):
    """A claim and the amounts of its payment."""

    claim: Claim
    amounts: dict[str, str]
    status: str = "1"


def _amounts(charge: str, paid: str, **reasons: str) -> dict[str, str]:
    return {"charge": charge, "paid": paid, **reasons}


OFFICE, LONGER = line("99213", "150.00"), line("99214", "215.00")
KNEE = line("20610", "240.00")
THERAPY = line("97110", "130.00", units=2)
MANUAL = line("97140", "60.00")
LAB = line("85025", "40.00")

CASES = {
    "J01": Case(claim("TEST-J01"), _amounts("150.00", "77.50", CO45="47.50", PR3="25.00")),
    "J02": Case(claim("TEST-J02", LONGER), _amounts("215.00", "0.00", CO45="69.80", PR1="145.20")),
    "J03": Case(
        claim("TEST-J03", LONGER, KNEE),
        _amounts("455.00", "90.56", CO45="221.80", PR1="120.00", PR2="22.64"),
    ),
    "J07 Grove": Case(
        claim("TEST-J07", payer="GROVE"), _amounts("150.00", "72.00", CO45="58.00", PR3="20.00")
    ),
    "J07 Beacon": Case(
        claim("2TX4TT1JJ07", payer="BEACON"), _amounts("150.00", "0.00", CO109="150.00")
    ),
    "J08": Case(
        claim("TEST-J08", line("97110", "195.00", units=3), payer="ELM"),
        _amounts("195.00", "0.00", CO197="195.00"),
    ),
    "J09": Case(claim("TEST-J09", KNEE, payer="ELM"), _amounts("240.00", "0.00", CO50="240.00")),
    "J10 first": Case(
        claim("2TX4TT1JJ10", LAB, payer="BEACON"), _amounts("40.00", "0.00", CO16="40.00")
    ),
    "J12 first": Case(claim("TEST-J12"), _amounts("150.00", "82.00", CO45="47.50", PR2="20.50")),
    "J13 first": Case(
        claim("TEST-J13", LONGER), _amounts("215.00", "116.16", CO45="69.80", PR2="29.04")
    ),
    "J14 Beacon": Case(
        claim("2TX4TT1JJ14", payer="BEACON"),
        _amounts("150.00", "72.13", CO45="58.00", CO253="1.47", PR2="18.40"),
        "19",
    ),
    "J15 short": Case(
        claim("TEST-J15", LONGER), _amounts("215.00", "104.16", CO45="84.80", PR2="26.04")
    ),
    "J15 20 cents": Case(claim("TEST-J15"), _amounts("150.00", "77.30", CO45="47.70", PR3="25.00")),
    "J17 Dune": Case(claim("TEST-J17", payer="DUNE"), _amounts("150.00", "61.00", CO45="89.00")),
    "J21 Beacon": Case(
        claim("2TX4TT1JJ21", THERAPY, MANUAL, payer="BEACON"),
        _amounts("190.00", "67.04", CO45="104.50", CO253="1.36", PR2="17.10"),
    ),
    "J21 Aster": Case(
        claim("TEST-J21", THERAPY), _amounts("130.00", "37.80", CO45="67.20", PR3="25.00")
    ),
    "J22": Case(
        claim(
            "2TX4TT1JJ22",
            line("97110", "130.00", units=2, modifiers=("GP", "CQ", "KX")),
            payer="BEACON",
        ),
        _amounts("130.00", "38.92", CO45="78.61", CO253="0.79", PR2="11.68"),
    ),
    "J23 first": Case(
        claim("TEST-J23", line("97530", "70.00"), MANUAL),
        _amounts("130.00", "28.88", CO45="33.90", PR2="7.22", CO236="60.00"),
    ),
    "J25": Case(claim("TEST-J25"), _amounts("150.00", "77.50", CO45="47.50", PR3="25.00")),
    "TESTPAY .01": Case(
        claim("M1", line("99213", "100.01"), payer="TESTPAY"), _amounts("100.01", "100.01")
    ),
    "TESTPAY .02": Case(
        claim("M1", line("99213", "100.02"), payer="TESTPAY"),
        _amounts("100.02", "80.02", CO45="20.00"),
    ),
    "TESTPAY .03": Case(
        claim("M1", line("99213", "100.03"), payer="TESTPAY"),
        _amounts("100.03", "0.00", CO16="100.03"),
    ),
    "TESTPAY .05": Case(
        claim("M1", line("99213", "100.05"), payer="TESTPAY"),
        _amounts("100.05", "0.00", CO18="100.05"),
    ),
    "TESTPAY .09": Case(
        claim("M1", line("99213", "100.09"), payer="TESTPAY"),
        _amounts("100.09", "70.06", CO45="30.03"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_claim_is_decided_to_the_cent(name: str) -> None:
    case = CASES[name]
    context = Context(1, "OURCOMPANY", NOW.date(), set(), {})
    payment = decide_claim(Received(case.claim), 0, context).decided
    assert payment is not None
    assert figures(payment) == case.amounts
    assert payment.status == case.status
    assert claim_expected(payment) == payment.paid
    patient = sum(Decimal(v) for k, v in case.amounts.items() if k.startswith("PR"))
    assert payment.patient_responsibility == patient


async def test_all_of_them_in_one_file_come_back_decided(world: World) -> None:
    claims = {f"CLAIM{place}": case for place, case in enumerate(CASES.values())}
    sent = [case.claim._replace(claim_id=number) for number, case in claims.items()]
    assert (await world.send(batch(*sent))).status_code == 202
    accepted = (await world.acknowledgement()).claims
    assert [str(report.statuses[0]) for one in accepted for report in one.reports] == [
        "A2:20"
    ] * len(sent)
    payments = [one for one in all_claims(await world.remittances()) if one.status != "2"]
    assert {one.claim_id: figures(one) for one in payments} == {
        number: case.amounts for number, case in claims.items()
    }
    assert {one.claim_id: [each.line_control for each in one.services] for one in payments} == {
        one.claim_id: [each.line_control for each in one.lines] for one in sent
    }


async def test_money_reaches_the_bank_under_the_trace_of_the_835(world: World) -> None:
    await world.send(batch(claim("TEST-J01")))
    (paid,) = await world.remittances()
    (deposit,) = await world.deposits()
    assert (paid.payment.handling, paid.payment.method) == ("I", "ACH")
    assert deposit["trace"] == paid.payment.trace
    assert deposit["amount_cents"] == 77_50
    assert deposit["payer_code"] == "ASTER"
    assert deposit["date"] == "2026-11-23"
    assert paid.payment.payer.name.id == "ASTER"
    assert paid.payment.payee.name.id == "1234567893"


async def test_an_835_without_money_is_a_notification_and_brings_no_deposit(world: World) -> None:
    await world.send(batch(claim("TEST-J02", LONGER)))
    (paid,) = await world.remittances()
    assert (paid.payment.handling, paid.payment.method) == ("H", "NON")
    assert paid.payment.amount == 0
    assert await world.deposits() == []


async def test_claims_of_one_file_are_paid_together_by_payer_and_practice(world: World) -> None:
    other = claim("TEST-J25", number="OTHER")
    second = other.billing._replace(name=other.billing.name._replace(id="1245319599"))
    await world.send(
        batch(
            claim("TEST-J01"),
            claim("TEST-J12"),
            claim("TEST-J08", payer="ELM"),
            other._replace(billing=second),
        )
    )
    found = {
        (one.payment.payer.name.id, one.payment.payee.name.id): [c.claim_id for c in one.claims]
        for one in await world.remittances()
    }
    assert found == {
        ("ASTER", "1234567893"): ["CTESTJ01ASTER", "CTESTJ12ASTER"],
        ("ASTER", "1245319599"): ["OTHER"],
        ("ELM", "1234567893"): ["CTESTJ08ELM"],
    }


async def test_a_wrong_member_is_refused_by_a_277ca_and_never_paid(world: World) -> None:
    await world.send(batch(claim("TEST-J04X"), claim("TEST-J04")))
    status = await world.acknowledgement()
    said = {one.claim_id: str(one.reports[0].statuses[0]) for one in status.claims}
    assert said == {"CTESTJ04XASTER": "A7:164:IL", "CTESTJ04ASTER": "A2:20"}
    assert [one.reports[0].action for one in status.claims] == ["U", "WQ"]
    assert (status.accepted, status.rejected) == (1, 1)
    assert status.batch == "BATCH17"
    (paid,) = await world.remittances()
    assert [one.claim_id for one in paid.claims] == ["CTESTJ04ASTER"]


async def test_j10_is_unprocessable_first_and_paid_as_a_new_claim(world: World) -> None:
    first = claim("2TX4TT1JJ10", LAB, payer="BEACON", number="FIRST")
    await world.send(batch(first))
    (unprocessed,) = (await world.remittances())[0].claims
    assert unprocessed.remarks == ("MA130",)
    assert unprocessed.services[0].remarks == (("HE", "N290"),)
    await world.send(batch(first._replace(claim_id="SECOND"), control=18))
    (paid,) = (await world.remittances())[1].claims
    assert figures(paid) == _amounts("40.00", "7.61", CO45="32.23", CO253="0.16")


async def test_j05_gets_a_999_with_r_for_its_first_file_only(world: World) -> None:
    three = [claim(f"TEST-J05{letter}") for letter in "ABC"]
    await world.send(batch(*three))
    (refused,) = await world.files("999")
    assert (refused.value.status, refused.value.accepted) == ("R", 0)
    assert await world.files("277CA", "835") == []
    await world.send(batch(*three, control=18))
    _, taken = await world.files("999")
    assert taken.value.status == "A"
    (paid,) = await world.remittances()
    assert paid.payment.amount == Decimal("232.50")


async def test_j11_is_accepted_and_forgotten_then_too_late(world: World) -> None:
    await world.send(batch(claim("TEST-J11", number="FIRST")))
    assert len((await world.acknowledgement()).claims) == 1
    assert await world.files("835") == []
    await world.send(batch(claim("TEST-J11", number="SECOND"), control=18))
    (late,) = (await world.remittances())[0].claims
    assert figures(late) == _amounts("150.00", "0.00", CO29="150.00")


async def test_j14_is_forwarded_to_the_supplement(world: World) -> None:
    await world.send(batch(claim("2TX4TT1JJ14", payer="BEACON", number="CROSS")))
    by_payer = {one.payment.payer.name.id: one for one in await world.remittances()}
    (crossed,) = by_payer["CEDAR"].claims
    assert (crossed.claim_id, crossed.status) == ("CROSS", "2")
    assert figures(crossed) == _amounts("150.00", "18.40", OA23="131.60")


async def test_j19_pays_interest_and_the_money_comes_a_day_before_the_835(world: World) -> None:
    await world.send(batch(claim("TEST-J19A"), claim("TEST-J19B", KNEE), claim("TEST-J19C")))
    (deposit,) = await world.deposits()
    assert deposit["amount_cents"] == 231_15
    assert await world.files("835") == []
    await world.http.post("/clock", json={"offset_seconds": 86_400})
    (paid,) = await world.remittances()
    assert paid.payment.amount == Decimal("231.15")
    assert [one.paid for one in paid.claims] == [
        Decimal("77.50"), Decimal("70.40"), Decimal("82.00"),
    ]  # fmt: skip
    (interest,) = paid.provider_adjustments
    assert (interest.reason, interest.amount) == ("L6", Decimal("-1.25"))


async def test_two_claims_of_a_visit_in_one_file_are_two_attempts(world: World) -> None:
    first = claim("2TX4TT1JJ10", LAB, payer="BEACON", number="FIRST")
    await world.send(batch(first, first._replace(claim_id="SECOND")))
    paid = {one.claim_id: one.paid for one in all_claims(await world.remittances())}
    assert paid == {"FIRST": Decimal(0), "SECOND": Decimal("7.61")}
