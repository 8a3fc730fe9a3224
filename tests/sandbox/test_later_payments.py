"""Second payers, corrections, replacements, voids, debts carried forward, and odd deliveries."""

from __future__ import annotations

from decimal import Decimal

from shared.x12.claim_837 import Claim, LineAdjudication, OtherPayer
from shared.x12.parties import Adjustment, Amount, Name, Party, Period, Procedure, Reference
from shared.x12.remittance_835 import ClaimPayment, Remittance
from tests.sandbox.samples import NOW, World, batch, claim, figures, line, remittance

DAY = 86_400


def second(first: ClaimPayment, sent: Claim, *, member: str, payer: str, **changes: str) -> Claim:
    """The claim to the second payer, with what the first one did by line."""
    adjudications = tuple(
        LineAdjudication(
            "ASTER",
            service.paid,
            Procedure("HC", service.procedure.code),
            Decimal(1),
            adjustments=service.adjustments,
            dates=(Period("573", NOW.date()),),
        )
        for service in first.services
    )
    lines = tuple(
        one._replace(adjudications=(each,))
        for one, each in zip(sent.lines, adjudications, strict=True)
    )
    patient = first.patient_responsibility or Decimal(0)
    before = OtherPayer(
        "P",
        "18",
        Party(Name("IL", "1", "INVENTED", "PAT", id_qualifier="MI", id="FIRST")),
        Party(Name("PR", "2", "ASTER PPO", id_qualifier="PI", id="ASTER")),
        filing="CI",
        amounts=(Amount("D", first.paid), Amount("EAF", patient)),
    )
    return claim(
        member,
        *lines,
        payer=payer,
        number="SECOND",
        rank="S",
        other_payers=(before,),
        **changes,
    )


async def paid_first(world: World, sent: Claim) -> ClaimPayment:
    """The first payer's decision."""
    await world.send(batch(sent))
    return (await world.remittances())[0].claims[0]


async def of_payer(world: World, payer: str) -> Remittance:
    """The only 835 of a payer."""
    (found,) = [one for one in await world.remittances() if one.payment.payer.name.id == payer]
    return found


async def test_j12_the_second_payer_takes_over_the_patients_share(world: World) -> None:
    sent = claim("TEST-J12")
    first = await paid_first(world, sent)
    again = second(first, sent, member="TEST-J12", payer="ELM")
    await world.send(batch(again, control=18))
    (payment,) = (await of_payer(world, "ELM")).claims
    assert payment.status == "2"
    assert figures(payment) == {"charge": "150.00", "paid": "20.50", "OA23": "129.50"}


async def test_j13_medicare_second_pays_the_least_of_three(world: World) -> None:
    sent = claim("TEST-J13", line("99214", "215.00"))
    first = await paid_first(world, sent)
    again = second(first, sent, member="2TX4TT1JJ13", payer="BEACON", insurance_type="12")
    await world.send(batch(again, control=18))
    (payment,) = (await of_payer(world, "BEACON")).claims
    assert figures(payment) == {
        "charge": "215.00", "paid": "28.46", "CO253": "0.58", "OA23": "185.96",
    }  # fmt: skip


async def test_a_second_claim_without_line_data_is_paid_from_the_claims_amounts(
    world: World,
) -> None:
    sent = claim("TEST-J12")
    first = await paid_first(world, sent)
    again = second(first, sent, member="TEST-J12", payer="ELM")
    bare = tuple(one._replace(adjudications=()) for one in again.lines)
    (before,) = again.other_payers
    contract = (Adjustment("CO", "45", Decimal("47.50")), Adjustment("PR", "2", Decimal("20.50")))
    again = again._replace(lines=bare, other_payers=(before._replace(adjustments=contract),))
    await world.send(batch(again, control=18))
    (payment,) = (await of_payer(world, "ELM")).claims
    assert figures(payment) == {"charge": "150.00", "paid": "20.50", "OA23": "129.50"}


def replacing(original: ClaimPayment, sent: Claim, frequency: str = "7") -> Claim:
    """A claim that replaces (7) or voids (8) a decided one."""
    number = Reference("F8", original.payer_control_number)
    return sent._replace(frequency=frequency, references=(number,))


async def test_j16_a_replacement_takes_back_pays_anew_and_carries_the_debt(world: World) -> None:
    original = await paid_first(world, claim("TEST-J16", line("99214", "215.00"), number="OLD"))
    better = replacing(original, claim("TEST-J16", line("99213", "150.00"), number="NEW"))
    await world.send(batch(better, control=18))
    taken = (await world.remittances())[1]
    back, new = taken.claims
    assert (back.claim_id, back.status, back.paid) == ("OLD", "22", Decimal("-116.16"))
    assert figures(new) == {"charge": "150.00", "paid": "82.00", "CO45": "47.50", "PR2": "20.50"}
    (debt,) = taken.provider_adjustments
    assert (debt.reason, debt.amount, debt.reference) == (
        "FB", Decimal("-34.16"), taken.payment.trace,
    )  # fmt: skip
    assert (taken.payment.amount, taken.payment.method) == (Decimal(0), "NON")
    await world.send(batch(claim("TEST-J19B", line("20610", "240.00")), control=19))
    paid = (await world.remittances())[2]
    (settled,) = paid.provider_adjustments
    assert (settled.reason, settled.amount, settled.reference) == (
        "FB", Decimal("34.16"), taken.payment.trace,
    )  # fmt: skip
    assert paid.payment.amount == Decimal("36.24")
    await world.send(batch(claim("TEST-J25"), control=20))
    assert (await world.remittances())[3].provider_adjustments == ()


async def test_j17_a_void_only_takes_back(world: World) -> None:
    original = await paid_first(world, claim("TEST-J17", payer="DUNE", number="OLD"))
    void = replacing(original, claim("TEST-J17", payer="DUNE", number="VOID"), "8")
    await world.send(batch(void, control=18))
    taken = (await world.remittances())[1]
    assert [(one.status, one.paid) for one in taken.claims] == [("22", Decimal("-61.00"))]
    (debt,) = taken.provider_adjustments
    assert (debt.reason, debt.amount) == ("FB", Decimal("-61.00"))


async def test_j18_the_payer_decides_again_a_day_later(world: World) -> None:
    await paid_first(world, claim("TEST-J18"))
    await world.http.post("/clock", json={"offset_seconds": DAY})
    again = (await world.remittances())[1]
    assert [(one.status, one.paid) for one in again.claims] == [
        ("22", Decimal("-77.50")), ("1", Decimal("67.50")),
    ]  # fmt: skip
    assert [one.amount for one in again.provider_adjustments] == [Decimal("-10.00")]
    later = claim("TEST-J18", line("20610", "240.00"), number="LATER")
    await world.send(batch(later, control=18))
    assert (await world.remittances())[2].payment.amount == Decimal("60.40")


async def test_j23_the_corrected_claim_is_paid_on_both_lines(world: World) -> None:
    lines = (line("97530", "70.00"), line("97140", "60.00"))
    original = await paid_first(world, claim("TEST-J23", *lines, number="OLD"))
    parted = (lines[0], line("97140", "60.00", modifiers=("59",)))
    await world.send(
        batch(replacing(original, claim("TEST-J23", *parted, number="NEW")), control=18)
    )
    second_run = (await world.remittances())[1]
    back, new = second_run.claims
    assert back.paid == Decimal("-28.88")
    assert [one.paid for one in new.services] == [Decimal("28.88"), Decimal("23.00")]
    assert new.paid == Decimal("51.88")
    assert second_run.payment.amount == Decimal("23.00")


def by_cents(cents: str, **changes: str) -> Claim:
    """A claim of an ordinary member of TESTPAY whose total ends in these cents."""
    amount = line("99213", f"100.{cents}")
    return claim("M1", amount, payer="TESTPAY", number=f"CENTS{cents}", **changes)


async def test_cents_04_are_paid_two_weeks_later(world: World) -> None:
    await world.send(batch(by_cents("04")))
    assert await world.files("835") == []
    await world.http.post("/clock", json={"offset_seconds": 14 * DAY})
    assert (await world.remittances())[0].payment.amount == Decimal("80.03")


async def test_cents_06_are_never_answered(world: World) -> None:
    await world.send(batch(by_cents("06")))
    await world.http.post("/clock", json={"offset_seconds": 400 * DAY})
    assert [one.kind for one in await world.files()] == ["999"]


async def test_cents_07_bring_a_damaged_835_and_the_money(world: World) -> None:
    await world.send(batch(by_cents("07"), by_cents("02")))
    damaged = [one for one in await world.files("835") if one.data.startswith(b"?")]
    whole = [one for one in await world.files("835") if not one.data.startswith(b"?")]
    assert (len(damaged), len(whole)) == (1, 1)
    assert [one.claim_id for one in remittance(whole[0]).claims] == ["CENTS02"]
    assert sorted(one["amount_cents"] for one in await world.deposits()) == [80_02, 80_06]


async def test_cents_08_bring_the_same_835_twice_and_the_money_once(world: World) -> None:
    await world.send(batch(by_cents("08")))
    first, copy = await world.files("835")
    assert first.data == copy.data
    assert first.id != copy.id
    assert len(await world.deposits()) == 1


async def test_cents_10_are_corrected_a_day_later(world: World) -> None:
    await world.send(batch(by_cents("10")))
    await world.http.post("/clock", json={"offset_seconds": DAY})
    first, again = await world.remittances()
    assert first.payment.amount == Decimal("80.08")
    assert [one.paid for one in again.claims] == [Decimal("-80.08"), Decimal("90.09")]
    assert again.payment.amount == Decimal("10.01")


async def test_cents_11_are_refused_by_a_277ca(world: World) -> None:
    await world.send(batch(by_cents("11")))
    (refused,) = (await world.acknowledgement()).claims
    assert refused.is_rejected
    assert await world.files("835") == []


async def test_cents_12_bring_an_835_that_is_ten_cents_short(world: World) -> None:
    await world.send(batch(by_cents("12")))
    (file,) = await world.files("835")
    assert [one.kind for one in file.reading.findings] == ["payment_does_not_balance"]
    (deposit,) = await world.deposits()
    assert deposit["amount_cents"] == 80_10
