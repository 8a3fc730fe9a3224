"""Claims of a remittance are matched and posted: to the cent, once, in whatever order they come."""

from __future__ import annotations


import pytest

from shared.database import Database
from shared.events.payments import BalanceMoved, PaymentPosted, RemittanceClaimMatched
from tests.payments import world
from tests.payments.builders import NOW, Case, payment, remittance, reversal
from tests.support import services
from tests.support.databases import DatabaseFactory


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    made = await service_database("payments")
    await world.master_data(made)
    return made


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
    matched, posted, moved = (event.data for event in events[1:])
    assert isinstance(matched, RemittanceClaimMatched)
    assert [(line.line, line.paid_cents) for line in matched.lines] == [(1, 7_750)]
    assert isinstance(posted, PaymentPosted)
    assert (posted.paid_cents, posted.patient_cents, posted.balance_after_cents) == (
        7_750,
        2_500,
        0,
    )
    assert posted.adjustments == {"contract": 4_750, "patient_share": 2_500}
    assert isinstance(moved, BalanceMoved)
    assert (moved.source, moved.target, moved.amount_cents) == ("rank:1", "patient", 2_500)
    assert await world.violations(database) == []
