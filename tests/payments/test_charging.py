"""Charges are booked once: against the payer that is billed, else against the patient."""

from __future__ import annotations

import itertools

import pytest

from shared.database import Database
from shared.errors import Refused
from shared.events.marks import Fact
from tests.payments import world
from tests.payments.builders import Case
from tests.support import services

CASE = Case("charge", lines=(("99214", 21_500), ("20610", 24_000)))


async def deliver(database: Database, *facts: Fact) -> None:
    await services.deliver(database, world.HANDLERS, facts)


async def test_the_first_submission_charges_the_payer(database: Database) -> None:
    await deliver(database, CASE.coded(database.keys))
    assert await world.balances(database) == {}
    await deliver(database, CASE.submitted())
    assert await world.balances(database) == {"ar_insurance_1": 45_500}
    assert await world.accounts(database) == {"ar_insurance_1": 45_500, "gross_charges": -45_500}


async def test_later_submissions_of_the_encounter_charge_nothing_more(database: Database) -> None:
    again = CASE.submitted(version=2, control_number="CSCHARGE2")
    await deliver(database, CASE.submitted(), again, CASE.submitted(rank=2))
    assert await world.balances(database) == {"ar_insurance_1": 45_500}


async def test_no_coverage_makes_it_the_patients(database: Database) -> None:
    case = Case("none", ranks=())
    await deliver(database, case.coded(database.keys))
    assert await world.balances(database) == {"ar_patient": 15_000}
    assert await world.due_jobs(database) == ["plan_statement", "poll_bank", "poll_mailbox"]


@pytest.mark.parametrize("coded_first", [True, False])
async def test_an_inactive_first_coverage_makes_it_the_patients(
    database: Database, coded_first: bool
) -> None:
    facts: list[Fact] = [CASE.coded(database.keys), CASE.inactive()]
    for fact in facts if coded_first else reversed(facts):
        await deliver(database, fact)
    assert await world.balances(database) == {"ar_patient": 45_500}


async def test_an_inactive_second_coverage_decides_nothing(database: Database) -> None:
    case = Case("second", ranks=(1, 2))
    await deliver(database, case.coded(database.keys), case.inactive(rank=2))
    assert await world.balances(database) == {}


async def test_a_new_coding_version_does_not_charge_again(database: Database) -> None:
    case = Case("recoded", ranks=())
    later = Case("recoded", ranks=(), lines=(("99214", 21_500),))
    await deliver(database, case.coded(database.keys))
    await deliver(database, later.coded(database.keys, coding_version=2))
    await deliver(database, case.coded(database.keys))
    assert await world.balances(database) == {"ar_patient": 15_000}


async def test_an_older_coding_version_that_comes_late_changes_nothing(
    database: Database,
) -> None:
    newer = Case("charge", lines=(("99213", 15_000),))
    await deliver(database, newer.coded(database.keys, coding_version=2))
    await deliver(database, CASE.coded(database.keys))
    await deliver(database, CASE.inactive())
    assert await world.balances(database) == {"ar_patient": 15_000}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_billed_after_all_whatever_the_order(
    database: Database, order: tuple[int, ...]
) -> None:
    facts: list[Fact] = [CASE.coded(database.keys), CASE.inactive(), CASE.submitted()]
    for place in order:
        await deliver(database, facts[place])
    assert await world.balances(database) == {"ar_insurance_1": 45_500}
    assert (await world.accounts(database))["gross_charges"] == -45_500
    assert await world.violations(database) == []


async def test_all_in_one_batch(database: Database) -> None:
    await deliver(
        database, CASE.coded(database.keys), CASE.inactive(), CASE.submitted(), CASE.inactive()
    )
    assert await world.balances(database) == {"ar_insurance_1": 45_500}


async def test_a_fourth_payer_is_refused_and_nothing_is_kept(database: Database) -> None:
    with pytest.raises(Refused, match="too_many_payers"):
        await deliver(database, CASE.submitted(rank=4))
    assert await world.accounts(database) == {}
