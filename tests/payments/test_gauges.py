"""What payments shows of itself: the ledger's sums over all tenants, the 835s still to post."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import pytest

from services.payments import jobs
from services.payments.settings import PaymentsSettings
from shared import clock
from shared.database import Database
from shared.service import Workplace
from shared.telemetry.metrics import RCM
from tests.payments import world
from tests.payments.builders import NOW, Case, payment, remittance
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.postgres import PostgresServer

MINE, OTHER = f"tenant_id = '{TENANT}'", f"tenant_id = '{OTHER_TENANT}'"


class Shown(NamedTuple):
    """The ledger's gauges; imbalance in cents, the others 1 while all is well."""

    imbalance: float | None
    sums_to_zero: float | None
    balances: float | None


@pytest.fixture
async def workplace(database: Database) -> Workplace:
    """Two tenants, each with a visit that is paid."""
    await world.master_data(database, OTHER_TENANT)
    for tenant_id in (TENANT, OTHER_TENANT):
        case = Case(tenant_id=tenant_id)
        await world.known(database, case)
        remits = await world.take(database, remittance(case.paid()), tenant_id=tenant_id)
        await world.post(database, remits, tenant_id=tenant_id)
    return Workplace("payments", PaymentsSettings(), database, asyncio.Event())


async def ledger_of(workplace: Workplace) -> Shown:
    await jobs.show_ledger(workplace)
    imbalance = RCM.get_sample_value("rcm_ledger_imbalance_cents", {"service": "payments"})
    holds = [
        RCM.get_sample_value("rcm_invariant_ok", {"service": "payments", "invariant": invariant})
        for invariant in ("ledger_sums_to_zero", "balances_equal_entries")
    ]
    return Shown(imbalance, *holds)


async def age(workplace: Workplace) -> float | None:
    await jobs.show_unposted(workplace)
    return RCM.get_sample_value("rcm_remit_unposted_age_seconds", {"service": "payments"})


@pytest.mark.parametrize("together", [1, 20])
@pytest.mark.parametrize(
    ("damage", "shown"),
    [
        ("select", Shown(0, 1, 1)),
        (
            (
                "update ledger_entries set amount_cents = amount_cents + 1"
                f" where {MINE} and account = 'gross_charges'"
            ),
            Shown(1, 0, 1),
        ),
        (
            (
                "update ledger_entries set amount_cents = amount_cents"
                f" + case when {MINE} then 300 else -300 end where account = 'era_clearing'"
            ),
            Shown(600, 0, 1),
        ),
        ("update balances set balance_cents = balance_cents - 1", Shown(0, 1, 0)),
        (
            (
                "update balances set balance_cents = balance_cents"
                f" + case when {MINE} then 7 else -7 end"
            ),
            Shown(0, 1, 0),
        ),
        (f"delete from balances where {OTHER}", Shown(0, 1, 0)),
        (
            (
                "update ledger_entries set account = 'ar_patient'"
                f" where {OTHER} and account = 'ar_insurance_1' and trigger = 'charge_billed'"
            ),
            Shown(0, 1, 0),
        ),
    ],
)
async def test_the_sums_of_every_tenant_show(
    workplace: Workplace,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    damage: str,
    shown: Shown,
    together: int,
) -> None:
    monkeypatch.setattr(jobs, "TOGETHER", together)
    where = workplace.database.urls.http.rpartition("/")[2]
    free = "set session_replication_role = replica"
    await postgres.execute(f"{free}; {damage}", database=where)
    assert await ledger_of(workplace) == shown


async def test_an_empty_house_shows_a_ledger_that_holds(database: Database) -> None:
    workplace = Workplace("payments", PaymentsSettings(), database, asyncio.Event())
    assert await ledger_of(workplace) == Shown(0, 1, 1)
    assert await age(workplace) == 0


async def test_the_age_is_that_of_the_oldest_835_with_something_to_post(
    workplace: Workplace,
) -> None:
    database, late = workplace.database, Case("late")
    assert await age(workplace) == 0, "everything is posted"
    said = remittance(late.paid(), trace="T2")
    with clock.fixed(NOW - timedelta(hours=30)):
        remits = await world.take(database, said, file_id="F2")
    with clock.fixed(NOW - timedelta(hours=2)):
        await world.take(database, remittance(late.paid(), trace="T3"), file_id="F3")
    assert await age(workplace) == 30 * 3600
    await world.post(database, remits)
    assert await age(workplace) == 30 * 3600, "its claim is not known yet"
    await world.known(database, late)
    await world.post(database, remits)
    assert await age(workplace) == 2 * 3600


async def test_what_waits_for_a_person_is_not_waiting_to_be_posted(workplace: Workplace) -> None:
    """Quarantined: it says a cent more than its claims."""
    said = remittance(payment("CSX"), trace="T4")
    with clock.fixed(NOW - timedelta(hours=30)):
        await world.take(
            workplace.database, replace(said, total=said.total + said.total), file_id="F4"
        )
    [remit] = [each for each in await world.remittances(workplace.database) if each.rule]
    assert remit.status == "quarantined"
    assert await age(workplace) == 0


async def test_what_was_decided_is_not_waiting_either(workplace: Workplace) -> None:
    """One claim is posted, the other refused as a predetermination: the 835 has exceptions."""
    database, late = workplace.database, Case("late")
    await world.known(database, late)
    claims = late.paid(), payment("CSJ01", position=2, status="25")
    with clock.fixed(NOW - timedelta(hours=30)):
        remits = await world.take(database, remittance(*claims, trace="T5"), file_id="F5")
    assert await age(workplace) == 30 * 3600
    await world.post(database, remits)
    assert (await world.remittances(database))[0].status == "exceptions"
    assert await age(workplace) == 0
