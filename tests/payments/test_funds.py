"""Money in the bank is booked once and meets its remittance, whichever comes first."""

from __future__ import annotations

from typing import Any

from services.payments.actions import funds
from services.payments.repository.deposits import Deposit
from shared import ids
from shared.database import Database
from shared.events.payments import FundsReceived, FundsReconciled
from tests.payments import world
from tests.payments.builders import NOW, Case, remittance
from tests.support import services
from tests.support.builders import TENANT


def deposit(**changes: Any) -> Deposit:
    bank_id = changes.get("bank_id", "B1")
    values: dict[str, Any] = {
        "tenant_id": TENANT,
        "id": ids.derived(TENANT, f"deposit:{bank_id}"),
        "practice_id": ids.NIL,
        "bank_id": bank_id,
        "sequence": 1,
        "trace": "TRACE1",
        "amount_cents": 7_750,
        "received_on": NOW.date(),
        "payer_code": "ASTER",
        "status": "received",
        "received_at": NOW,
    }
    return Deposit(**{**values, **changes})


async def bank(database: Database, *shown: Deposit) -> int:
    async with database.pipeline([TENANT]) as tx:
        return await funds.take_deposits(tx, shown)


async def paid(database: Database, **changes: Any) -> None:
    case = Case()
    await world.known(database, case)
    await world.post(database, await world.take(database, remittance(case.paid(), **changes)))


async def differences(database: Database) -> list[int]:
    events = [event.data for event in await services.published(database)]
    return [each.difference_cents for each in events if isinstance(each, FundsReconciled)]


async def test_money_after_the_remittance_closes_it(database: Database) -> None:
    await paid(database)
    assert await bank(database, deposit()) == 1
    assert (await world.remittances(database))[0].status == "closed"
    assert await differences(database) == [0]
    accounts = await world.accounts(database)
    assert accounts["bank"] == 7_750
    assert "era_clearing" not in accounts


async def test_money_before_the_remittance(database: Database) -> None:
    await bank(database, deposit())
    assert (await world.accounts(database))["era_clearing"] == -7_750
    await paid(database)
    assert (await world.remittances(database))[0].status == "closed"
    assert await differences(database) == [0]
    assert "era_clearing" not in await world.accounts(database)


async def test_the_banks_id_is_used_once(database: Database) -> None:
    assert await bank(database, deposit(), deposit(bank_id="B2", trace="T2")) == 2
    assert await bank(database, deposit(), deposit(bank_id="B3", trace="T3")) == 1
    received = [e for e in await services.published(database) if isinstance(e.data, FundsReceived)]
    assert len(received) == 3
    assert (await world.accounts(database))["bank"] == 3 * 7_750


async def test_another_amount_is_told_and_stays_open(database: Database) -> None:
    await paid(database)
    await bank(database, deposit(amount_cents=7_700))
    assert await differences(database) == [-50]
    assert (await world.remittances(database))[0].status == "posted"
    await bank(database, deposit(bank_id="B2", sequence=2))
    assert await differences(database) == [-50, 0]
    assert (await world.remittances(database))[0].status == "closed"


async def test_money_never_meets_a_quarantined_remittance(database: Database) -> None:
    await paid(database, payee_npi="0")
    await bank(database, deposit())
    assert await differences(database) == []


async def test_money_never_meets_another_payers_remittance(database: Database) -> None:
    await paid(database)
    await bank(database, deposit(payer_code="BEACON"))
    assert await differences(database) == []


async def test_no_deposits_no_work(database: Database) -> None:
    assert await bank(database) == 0
