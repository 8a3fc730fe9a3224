"""Claims of a remittance are matched and posted: to the cent, once, in whatever order they come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import clock
from shared.database import Database
from shared.events.claims import ClaimDenied
from shared.events.marks import Fact
from shared.events.payments import (
    BalanceMoved,
    PaymentPosted,
    PaymentReversed,
    RemittanceClaimMatched,
    RemittanceClaimUnmatched,
)
from tests.payments import world
from tests.payments.builders import NOW, Case, payment, remittance, reversal
from tests.support import services

F = TypeVar("F", bound=Fact)

_CLAIM = text("select denied_cents, decision_id, posting_id from claims where tenant_id = :tenant")


async def facts(database: Database, kind: type[F]) -> list[F]:
    return [e.data for e in await services.published(database) if isinstance(e.data, kind)]


async def claims(database: Database) -> list[Any]:
    async with database.pipeline([Case().tenant_id]) as tx:
        return list(await tx.rows(_CLAIM, {"tenant": Case().tenant_id}))


async def posted(database: Database, *said: Any, file_id: str = "F1") -> list[UUID]:
    remits = await world.take(database, *said, file_id=file_id)
    await world.post(database, remits)
    return remits


async def test_j01_copay(database: Database) -> None:
    case = Case()
    await world.known(database, case)
    [remit] = await world.take(database, remittance(case.paid()))
    assert await world.post(database, [remit]) == [(1, 0, False)]
    assert await world.accounts(database) == {
        "ar_patient": 2_500,
        "contractual_allowance": 4_750,
        "era_clearing": 7_750,
        "gross_charges": -15_000,
    }
    assert await world.balances(database) == {"ar_patient": 2_500}
    events = await services.published(database)
    assert [event.type for event in events] == [
        "RemittanceReceived",
        "RemittanceClaimMatched",
        "PaymentPosted",
        "BalanceMoved",
    ]
    assert [event.key for event in events] == [remit, *[case.claim_id] * 3]
    assert {event.correlation_id for event in events[1:]} == {case.encounter_id}
    matched, paid, moved = (event.data for event in events[1:])
    assert isinstance(matched, RemittanceClaimMatched)
    assert [(line.line, line.paid_cents) for line in matched.lines] == [(1, 7_750)]
    assert isinstance(paid, PaymentPosted)
    assert (paid.paid_cents, paid.patient_cents, paid.balance_after_cents) == (7_750, 2_500, 0)
    assert paid.adjustments == {"contract": 4_750, "patient_share": 2_500}
    assert isinstance(moved, BalanceMoved)
    assert (moved.source, moved.target, moved.amount_cents) == ("rank:1", "patient", 2_500)
    assert (await world.remittances(database))[0].status == "posted"
    assert await world.violations(database) == []


async def test_j02_all_deductible_is_posted_though_nothing_was_paid(database: Database) -> None:
    case = Case("j02", lines=(("99214", 21_500),))
    await world.known(database, case)
    said = payment(
        case.control_number,
        charge=21_500,
        code="99214",
        cas=(("CO", "45", 6_980), ("PR", "1", 14_520)),
    )
    await posted(database, remittance(said))
    [paid] = await facts(database, PaymentPosted)
    assert (paid.paid_cents, paid.patient_cents, paid.balance_after_cents) == (0, 14_520, 0)
    assert await world.balances(database) == {"ar_patient": 14_520}
    assert (await world.remittances(database))[0].status == "closed"


async def test_a_plain_denial_posts_nothing_and_stays_owed(database: Database) -> None:
    case = Case("j09", lines=(("20610", 24_000),))
    await world.known(database, case)
    said = payment(case.control_number, charge=24_000, code="20610", cas=(("CO", "50", 24_000),))
    [remit] = await posted(database, remittance(said))
    assert await world.told(database) == ["RemittanceReceived", "RemittanceClaimMatched"]
    assert await world.balances(database) == {"ar_insurance_1": 24_000}
    denied = ClaimDenied(
        claim_id=case.claim_id,
        encounter_id=case.encounter_id,
        remit_id=remit,
        lines=[],
        denied_cents=24_000,
        group="CO",
        carc="50",
        rarc=[],
        category="necessity",
        partial=False,
        appeal_due=(NOW + timedelta(days=180)).date(),
    )
    await services.deliver(database, world.HANDLERS, [denied])
    assert [row.denied_cents for row in await claims(database)] == [24_000]
    await posted(
        database, remittance(payment(case.control_number, number="P2"), trace="T2"), file_id="F2"
    )
    await services.deliver(database, world.HANDLERS, [denied])
    assert [row.denied_cents for row in await claims(database)] == [0]


async def test_the_share_moves_to_the_second_payer_and_then_is_paid(database: Database) -> None:
    case = Case("j12", ranks=(1, 2))
    await world.known(database, case)
    first = payment(case.control_number, cas=(("CO", "45", 4_750), ("PR", "2", 2_050)))
    await posted(database, remittance(first))
    assert await world.balances(database) == {"ar_insurance_2": 2_050}
    await services.deliver(database, world.HANDLERS, [case.submitted(rank=2)])
    second = payment(f"{case.control_number}R2", cas=(("OA", "23", 12_950),), number="S1")
    await posted(database, remittance(second, trace="T2"), file_id="F2")
    assert await world.balances(database) == {}
    moved = await facts(database, BalanceMoved)
    assert [(each.source, each.target, each.amount_cents) for each in moved] == [
        ("rank:1", "rank:2", 2_050)
    ]
    assert [each.balance_after_cents for each in await facts(database, PaymentPosted)] == [0, 0]
    assert await world.violations(database) == []


async def test_reversal_and_correction_in_one_file(database: Database) -> None:
    case = Case("j15")
    await world.known(database, case)
    short = payment(case.control_number, cas=(("CO", "45", 6_250), ("PR", "3", 2_500)))
    await posted(database, remittance(short))
    both = remittance(case.paid(position=1), reversal(short, position=2), trace="T2")
    await posted(database, both, file_id="F2")
    assert await world.balances(database) == {"ar_patient": 2_500}
    assert (await world.accounts(database))["era_clearing"] == 7_750
    [undone] = await facts(database, PaymentReversed)
    first, second = await facts(database, PaymentPosted)
    assert undone.reversed_posting_id == first.posting_id != second.posting_id
    assert undone.paid_cents == -6_250
    moved = await facts(database, BalanceMoved)
    assert [(each.source, each.target) for each in moved] == [
        ("rank:1", "patient"),
        ("patient", "rank:1"),
        ("rank:1", "patient"),
    ]
    assert await world.violations(database) == []


async def test_a_correction_that_comes_first_waits_for_its_reversal(database: Database) -> None:
    case = Case("j18")
    await world.known(database, case)
    old = case.paid()
    await posted(database, remittance(old))
    new = payment(case.control_number, cas=(("CO", "45", 5_750), ("PR", "3", 2_500)))
    [early] = await posted(database, remittance(new, trace="T2"), file_id="F2")
    assert (await world.accounts(database))["era_clearing"] == 7_750
    await world.post(database, [early], unmatched_after_seconds=0)
    [told] = await facts(database, RemittanceClaimUnmatched)
    assert told.reason == "awaits_reversal"
    back = remittance(reversal(old), trace="T3", plb=(("FB", -7_750),))
    await posted(database, back, file_id="F3")
    assert "post_remittance" in await world.due_jobs(database)
    await world.post(database, [early])
    assert (await world.accounts(database))["contractual_allowance"] == 5_750
    assert (await world.accounts(database))["forward_balance"] == -7_750
    assert await world.balances(database) == {"ar_patient": 2_500}
    assert await world.violations(database) == []


async def test_a_reversal_before_its_original_waits_for_it(database: Database) -> None:
    case = Case("early")
    await world.known(database, case)
    back = remittance(reversal(case.paid()), trace="T1", plb=(("FB", -7_750),))
    [waits] = await posted(database, back)
    assert (await world.accounts(database)).get("ar_patient") is None
    await posted(database, remittance(case.paid(), trace="T2"), file_id="F2")
    await world.post(database, [waits])
    assert await world.balances(database) == {"ar_insurance_1": 15_000}
    assert await world.violations(database) == []


async def test_a_reversal_that_differs_is_refused_and_told(database: Database) -> None:
    case = Case("differs")
    await world.known(database, case)
    await posted(database, remittance(case.paid()))
    other = payment(case.control_number, cas=(("CO", "45", 4_751), ("PR", "3", 2_500)))
    back = remittance(reversal(other), trace="T2", plb=(("FB", -7_749),))
    await posted(database, back, file_id="F2")
    [told] = await facts(database, RemittanceClaimUnmatched)
    assert (told.reason, told.paid_cents) == ("reversal_differs", -7_749)
    assert await world.balances(database) == {"ar_patient": 2_500}
    assert (await world.remittances(database))[1].status == "exceptions"


async def test_reversal_of_a_denial_is_recorded_only(database: Database) -> None:
    case = Case("j08", lines=(("97110", 19_500),))
    await world.known(database, case)
    refused = payment(
        case.control_number, charge=19_500, code="97110", cas=(("CO", "197", 19_500),)
    )
    await posted(database, remittance(refused))
    won = payment(
        case.control_number,
        charge=19_500,
        code="97110",
        position=2,
        cas=(("CO", "45", 10_080), ("PR", "2", 1_884)),
    )
    await posted(database, remittance(reversal(refused), won, trace="T2"), file_id="F2")
    assert [each.reversal for each in await facts(database, RemittanceClaimMatched)] == [
        False,
        True,
        False,
    ]
    assert await facts(database, PaymentReversed) == []
    [paid] = await facts(database, PaymentPosted)
    assert paid.paid_cents == 7_536
    assert await world.balances(database) == {"ar_patient": 1_884}


async def test_a_claim_that_is_not_known_yet_waits_then_is_told_then_is_posted(
    database: Database,
) -> None:
    case, known = Case("late"), Case("known")
    await world.known(database, known)
    said = remittance(known.paid(1), case.paid(2))
    [remit] = await world.take(database, said)
    assert await world.post(database, [remit]) == [(0, 1, False)]
    assert (await world.remittances(database))[0].status == "matching"
    with clock.fixed(NOW + timedelta(seconds=900)):
        assert await world.post(database, [remit]) == [(0, 0, False)]
    [told] = await facts(database, RemittanceClaimUnmatched)
    assert (told.position, told.reason, told.paid_cents) == (2, "unknown_claim", 7_750)
    assert (await world.remittances(database))[0].status == "exceptions"
    await services.deliver(database, world.HANDLERS, [case.submitted()])
    assert await world.post(database, [remit]) == [(0, 1, False)]
    await services.deliver(database, world.HANDLERS, [case.coded(database.keys)])
    assert await world.post(database, [remit]) == [(1, 0, False)]
    assert (await world.remittances(database))[0].status == "posted"
    assert await world.balances(database) == {"ar_patient": 5_000}


async def test_found_by_the_payers_own_number_when_ours_is_garbled(database: Database) -> None:
    case = Case("garbled")
    await world.known(database, case)
    await posted(database, remittance(case.paid()))
    garbled = reversal(payment("XX-GARBLED", number=f"P{case.control_number}"))
    back = remittance(garbled, trace="T2", plb=(("FB", -7_750),))
    await posted(database, back, file_id="F2")
    assert len(await facts(database, PaymentReversed)) == 1


async def test_a_pass_takes_its_limit_and_says_that_more_is_left(database: Database) -> None:
    cases = [Case(f"n{number}") for number in range(5)]
    await world.known(database, *cases)
    said = remittance(*(case.paid(n) for n, case in enumerate(cases, start=1)))
    remits = await world.take(database, said)
    await world.post(database, remits, limit=2)
    assert await world.balances(database) == {"ar_patient": 12_500}
    assert len(await facts(database, PaymentPosted)) == 5


async def test_posting_twice_posts_once(database: Database) -> None:
    case = Case("twice")
    await world.known(database, case)
    remits = await posted(database, remittance(case.paid()))
    told = await world.told(database)
    assert await world.post(database, remits * 2) == [(0, 0, False)] * 2
    assert await world.told(database) == told
    assert (await world.accounts(database))["era_clearing"] == 7_750


@pytest.mark.parametrize("first", ["coded", "submitted", "remittance"])
async def test_whatever_comes_first_the_end_is_the_same(database: Database, first: str) -> None:
    case = Case("order")

    async def coded() -> None:
        await services.deliver(database, world.HANDLERS, [case.coded(database.keys)])

    async def submitted() -> None:
        await services.deliver(database, world.HANDLERS, [case.submitted()])

    async def arrived() -> None:
        await posted(database, remittance(case.paid()))

    steps = {"coded": coded, "submitted": submitted, "remittance": arrived}
    for name in sorted(steps, key=lambda name: (name != first, name)):
        await steps[name]()
    [remit] = await world.remittances(database)
    await world.post(database, [remit.id])
    assert await world.balances(database) == {"ar_patient": 2_500}
    assert len(await facts(database, PaymentPosted)) == 1
