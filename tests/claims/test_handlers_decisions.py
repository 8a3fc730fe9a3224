"""An 835 answers a claim: paid, denied, reversed, unprocessable; and money closes it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.claims import handlers, jobs
from shared import ids
from shared.database import Database
from shared.errors import Refused
from shared.events.claims import (
    ClaimAdjudicated,
    ClaimClosed,
    ClaimCreated,
    ClaimDenied,
    DenialWorkOpened,
)
from shared.events.coding import EncounterCoded
from shared.events.payments import RemittanceClaimMatched
from tests.claims.builders import (
    denial,
    line,
    matched,
    names,
    of_type,
    paid_line,
    posted,
    reversal_of,
)
from tests.claims.flows import HANDLERS, claim_of, drafted, row, sent, status, timeline, workplace
from tests.claims.stand_in import StandIn
from tests.support.builders import TENANT
from tests.support.services import deliver, published

_WORK = text("select * from denial_work where claim_id = :claim order by opened_at, id")


async def answer(database: Database, *decisions: RemittanceClaimMatched) -> None:
    """Decisions, one after the other."""
    for decision in decisions:
        await deliver(database, HANDLERS[RemittanceClaimMatched], [decision])


async def work(database: Database, claim_id: UUID) -> list[Any]:
    """A claim's work items."""
    async with database.pipeline([TENANT]) as tx:
        return list(await tx.rows(_WORK, {"claim": claim_id}))


def of(coded: EncounterCoded) -> tuple[UUID, UUID]:
    """Claim and encounter, as decisions name them."""
    return claim_of(coded), coded.encounter_id


async def test_j01_is_paid_and_closes_with_the_patients_share_open(database: Database) -> None:
    coded = await sent(database, StandIn())
    await answer(database, matched(*of(coded)))
    found = await row(database, claim_of(coded))
    assert (found.status, found.paid_cents, found.patient_cents, found.denied_cents) == (
        "paid",
        7_750,
        2_500,
        0,
    )
    assert found.payer_control_number == "ICN0001"
    await deliver(database, handlers.on_payments_posted, [posted(*of(coded))])
    events = await published(database)
    assert names(events)[-2:] == ["ClaimAdjudicated", "ClaimClosed"]
    assert of_type(events, ClaimAdjudicated)[0].outcome == "paid"
    assert of_type(events, ClaimClosed)[0].reason == "patient_balance"
    closed = await row(database, claim_of(coded))
    assert (closed.status, closed.balance, closed.owner) == ("closed", "patient", "NONE")


async def test_j02_pays_nothing_and_is_no_denial(database: Database) -> None:
    coded = await sent(database, StandIn(), lines=[line(code="99214", charge_cents=21_500)])
    deductible = paid_line(0, "CO45 6980 PR1 14520", charge_cents=21_500)
    await answer(
        database,
        matched(
            *of(coded),
            charge_cents=21_500,
            paid_cents=0,
            patient_cents=14_520,
            lines=[deductible],
        ),
    )
    assert await status(database, claim_of(coded)) == "paid"
    assert "ClaimDenied" not in names(await published(database))


async def test_j09_a_denial_makes_typed_work(database: Database) -> None:
    coded = await sent(database, StandIn())
    await answer(database, denial(*of(coded), "CO50 15000", rarc=["N115"]))
    events = await published(database)
    assert names(events)[-3:] == ["ClaimAdjudicated", "ClaimDenied", "DenialWorkOpened"]
    denied = of_type(events, ClaimDenied)[0]
    assert (denied.category, denied.group, denied.carc, denied.rarc) == (
        "necessity",
        "CO",
        "50",
        ["N115"],
    )
    assert (denied.denied_cents, denied.partial) == (15_000, False)
    assert denied.appeal_due == date(2027, 5, 22), "180 days after the 835"
    [item] = await work(database, claim_of(coded))
    opened = of_type(events, DenialWorkOpened)[0]
    assert (opened.work_id, opened.due) == (item.id, item.due)
    assert (item.status, item.root_cause, item.owner) == ("new", "PROVIDER", "DENIALS")
    assert "coverage policy" in item.next_step
    found = await row(database, claim_of(coded))
    assert (found.status, found.denied_cents) == ("denied", 15_000)


async def test_j23_one_denied_line_is_a_partial_denial(database: Database) -> None:
    two = [line(code="97530", charge_cents=7_000), line(2, code="97140", charge_cents=6_000)]
    coded = await sent(database, StandIn(), lines=two)
    lines = [
        paid_line(2_888, "CO45 3390 PR2 722", charge_cents=7_000),
        paid_line(0, "CO236 6000", charge_cents=6_000, line=2),
    ]
    await answer(
        database,
        matched(*of(coded), charge_cents=13_000, paid_cents=2_888, patient_cents=722, lines=lines),
    )
    denied = of_type(await published(database), ClaimDenied)[0]
    assert (denied.partial, denied.category, denied.denied_cents) == (True, "bundling", 6_000)
    assert [each.line for each in denied.lines] == [2]
    assert await status(database, claim_of(coded)) == "partly_denied"


async def test_j10_unprocessable_closes_and_a_new_claim_waits_for_repair(
    database: Database,
) -> None:
    outside = StandIn()
    coded = await sent(database, outside)
    await answer(database, denial(*of(coded), "CO16 15000", rarc=["MA130", "N290"]))
    events = await published(database)
    assert names(events)[-4:] == [
        "ClaimAdjudicated",
        "ClaimClosed",
        "ClaimCreated",
        "ClaimBlocked",
    ]
    assert "ClaimDenied" not in names(events)
    new = of_type(events, ClaimCreated)[-1]
    assert (new.claim_id, new.generation, new.frequency) == (claim_of(coded, 1), 1, "1")
    assert await status(database, claim_of(coded)) == "closed"
    blocked = await row(database, claim_of(coded, 1))
    assert blocked.status == "blocked"
    assert "N290" in blocked.findings[0]["message"]


async def test_a_pended_claim_waits_and_a_later_decision_settles_it(database: Database) -> None:
    coded = await sent(database, StandIn())
    await answer(database, denial(*of(coded), "OA133 15000"))
    assert await status(database, claim_of(coded)) == "pended"
    await answer(database, matched(*of(coded)))
    assert await status(database, claim_of(coded)) == "paid"


async def test_a_crossover_is_forwarded_and_closes_when_posted(database: Database) -> None:
    coded = await sent(database, StandIn())
    await answer(database, matched(*of(coded), clp02="19"))
    assert await status(database, claim_of(coded)) == "forwarded"
    await deliver(database, handlers.on_payments_posted, [posted(*of(coded))])
    assert await status(database, claim_of(coded)) == "closed"


async def test_a_won_appeal_pays_and_resolves_the_work(database: Database) -> None:
    coded = await sent(database, StandIn())
    first = denial(*of(coded), "CO197 15000")
    await answer(database, first, reversal_of(first))
    assert await status(database, claim_of(coded)) == "reversed"
    await answer(database, matched(*of(coded), paid_on=date(2026, 12, 20)))
    assert await status(database, claim_of(coded)) == "paid"
    [item] = await work(database, claim_of(coded))
    assert (item.status, item.owner) == ("resolved_paid", "NONE")
    assert item.resolved_at is not None


async def test_a_reversal_opens_a_closed_claim_again(database: Database) -> None:
    coded = await sent(database, StandIn())
    first = matched(*of(coded))
    await answer(database, first)
    await deliver(database, handlers.on_payments_posted, [posted(*of(coded))])
    await answer(database, reversal_of(first))
    found = await row(database, claim_of(coded))
    assert (found.status, found.paid_cents) == ("reversed", 0)


async def test_reversal_and_original_in_the_wrong_order_end_the_same(database: Database) -> None:
    coded = await sent(database, StandIn())
    first = matched(*of(coded))
    await answer(database, reversal_of(first))
    assert await status(database, claim_of(coded)) == "submitted"
    assert (await timeline(database, claim_of(coded)))[-1] == "reversal_recorded"
    await answer(database, first)
    assert await status(database, claim_of(coded)) == "reversed"


async def test_a_correction_before_its_reversal_stands(database: Database) -> None:
    coded = await sent(database, StandIn())
    first = matched(*of(coded))
    better = matched(
        *of(coded),
        paid_cents=9_250,
        lines=[paid_line(9_250, "CO45 4750 PR3 1000")],
        paid_on=date(2026, 12, 1),
    )
    await answer(database, first, better, reversal_of(first, paid_on=date(2026, 12, 1)))
    found = await row(database, claim_of(coded))
    assert (found.status, found.paid_cents) == ("paid", 9_250)


async def test_an_835_before_any_acknowledgement_is_taken(database: Database) -> None:
    coded = await sent(database, StandIn())
    await answer(database, matched(*of(coded)))
    assert (await timeline(database, claim_of(coded)))[-3:] == [
        "submitted",
        "adjudicated",
        "paid",
    ]


async def test_an_835_of_an_unknown_claim_is_refused(database: Database) -> None:
    with pytest.raises(Refused, match="unknown_claim"):
        await answer(database, matched(ids.new(), ids.new()))


async def test_an_835_of_a_claim_never_sent_is_refused(database: Database) -> None:
    coded = await drafted(database)
    with pytest.raises(Refused, match="never_submitted"):
        await answer(database, matched(*of(coded)))


async def test_a_predetermination_decides_nothing(database: Database) -> None:
    coded = await sent(database, StandIn())
    await answer(database, matched(*of(coded), clp02="25"))
    assert await status(database, claim_of(coded)) == "submitted"


async def test_an_open_balance_keeps_the_claim_open(database: Database) -> None:
    coded = await sent(database, StandIn())
    await answer(database, matched(*of(coded)))
    payment = posted(*of(coded), balance_after_cents=500)
    await deliver(database, handlers.on_payments_posted, [payment])
    found = await row(database, claim_of(coded))
    assert (found.status, found.balance) == ("paid", "insurance")


async def test_a_denied_claim_does_not_close_by_a_posting(database: Database) -> None:
    coded = await sent(database, StandIn())
    await answer(database, denial(*of(coded)))
    await deliver(database, handlers.on_payments_posted, [posted(*of(coded))])
    assert await status(database, claim_of(coded)) == "denied"


async def test_the_patients_own_payment_is_not_the_claims_business(database: Database) -> None:
    coded = await sent(database, StandIn())
    before = await row(database, claim_of(coded))
    payments = [posted(*of(coded), source="patient"), posted(None, coded.encounter_id)]
    await deliver(database, handlers.on_payments_posted, payments)
    assert await row(database, claim_of(coded)) == before


async def test_a_claim_ready_again_takes_an_835_for_its_first_sending(database: Database) -> None:
    outside = StandIn()
    coded = await sent(database, outside)
    async with database.pipeline([TENANT]) as tx:
        await tx.run(text("update claims set status = 'ready', batch_id = null"))
    await answer(database, matched(*of(coded)))
    assert await status(database, claim_of(coded)) == "paid"
    assert await jobs.submit_ready_claims(workplace(database, outside)) == 0


async def test_a_claim_that_cannot_be_processed_twice_has_one_successor(
    database: Database,
) -> None:
    """Found by the batch law: a second 835 that says the same, and an older one after it."""
    coded = await sent(database, StandIn())
    of = (claim_of(coded), coded.encounter_id)
    for day in (20, 21, 19):
        said = denial(*of, "CO16 15000", rarc=["MA130"], paid_on=date(2026, 12, day))
        await deliver(database, HANDLERS[RemittanceClaimMatched], [said])
    assert await status(database, claim_of(coded)) == "closed"
    assert await status(database, claim_of(coded, 1)) == "blocked"
    assert await status(database, claim_of(coded, 2)) is None
