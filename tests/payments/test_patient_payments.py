"""A patient pays what is due, oldest visit first, and never more."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from services.payments.actions import patient_payments, statements
from shared import ids
from shared.database import Database
from shared.errors import Invalid, NotFound
from shared.events.payments import PatientPaymentReceived, PaymentPosted
from shared.money import Money
from tests.payments import world
from tests.payments.builders import Case, remittance
from tests.support import services
from tests.support.builders import PRACTICE, TENANT, origin

_STATEMENTS = text("select status, open_cents from statements order by ordinal")


async def pay(database: Database, case: Case, cents: int, channel: str = "card") -> int:
    async with database.request(TENANT, actor="key:test") as tx:
        _, left = await patient_payments.receive_payment(
            tx, case.account_id, None, amount=Money(cents), channel=channel
        )
    return left.cents


async def owing(database: Database, *cases: Case) -> None:
    await world.known(database, *cases)
    said = remittance(*(case.paid(n) for n, case in enumerate(cases, start=1)))
    await world.post(database, await world.take(database, said))


async def stated(database: Database) -> list[tuple[str, int]]:
    async with database.pipeline([TENANT]) as tx:
        return [tuple(row) for row in await tx.rows(_STATEMENTS)]


async def test_j01_the_patient_pays_the_copay(database: Database) -> None:
    case = Case()
    await owing(database, case)
    assert await pay(database, case, 2_500) == 0
    accounts = await world.accounts(database)
    assert accounts["card_clearing"] == 2_500
    assert await world.balances(database) == {}
    received, posted = [event.data for event in await services.published(database)][-2:]
    assert isinstance(received, PatientPaymentReceived)
    assert (received.account_id, received.amount_cents) == (case.account_id, 2_500)
    assert isinstance(posted, PaymentPosted)
    assert (posted.source, posted.paid_cents, posted.balance_after_cents) == ("patient", 2_500, 0)
    assert (posted.claim_id, posted.encounter_id) == (None, case.encounter_id)
    assert await world.violations(database) == []


async def test_parts_go_to_the_oldest_visit_first(database: Database) -> None:
    first, second = Case("one", patient="p"), Case("two", patient="p")
    await owing(database, first, second)
    assert await pay(database, first, 1_000, "cash") == 4_000
    assert await pay(database, first, 2_000, "check") == 2_000
    assert (await world.accounts(database))["cash_clearing"] == 3_000
    posted = [event.data for event in await services.published(database)][-1]
    assert isinstance(posted, PaymentPosted)
    assert posted.encounter_id is None
    assert await world.violations(database) == []


@pytest.mark.parametrize("cents", [2_501, 100_000])
async def test_never_more_than_is_due(database: Database, cents: int) -> None:
    case = Case()
    await owing(database, case)
    with pytest.raises(Invalid, match="more_than_due"):
        await pay(database, case, cents)
    assert await world.balances(database) == {"ar_patient": 2_500}


async def test_nothing_is_due_before_the_payer_has_decided(database: Database) -> None:
    case = Case()
    await world.known(database, case)
    with pytest.raises(Invalid, match="more_than_due"):
        await pay(database, case, 1)


async def test_unknown_accounts_channels_and_practices(database: Database) -> None:
    case = Case()
    await owing(database, case)
    with pytest.raises(NotFound, match="no_such_account"):
        await pay(database, Case("nobody"), 100)
    with pytest.raises(Invalid, match="no_such_channel"):
        await pay(database, case, 100, "gold")
    async with database.request(TENANT, actor="key:test") as tx:
        elsewhere = frozenset({ids.derived(PRACTICE, "other")})
        with pytest.raises(NotFound, match="no_such_account"):
            await patient_payments.receive_payment(
                tx, case.account_id, elsewhere, amount=Money(1), channel="card"
            )


async def test_the_statement_counts_down(database: Database) -> None:
    case = Case()
    await owing(database, case)
    async with database.pipeline([TENANT]) as tx:
        await statements.issue(tx, {case.account_id: origin()}, due_days=21)
    await pay(database, case, 500)
    assert await stated(database) == [("part_paid", 2_000)]
    await pay(database, case, 2_000)
    assert await stated(database) == [("paid", 0)]
