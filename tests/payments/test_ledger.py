"""The ledger cannot be edited, cannot be unbalanced, and its checks find what was forced in."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from services.payments.domain.postings import LedgerTransaction, Posting, Trigger, entries
from services.payments.repository import ledger
from shared import clock, ids
from shared.database import Database
from shared.money import Money
from tests.payments import world
from tests.payments.builders import Case, remittance
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT
from tests.support.postgres import PostgresServer

BOOKED = LedgerTransaction(
    source_event=UUID(int=7),
    tenant_id=TENANT,
    practice_id=PRACTICE,
    booked_on=clock.today(),
    entries=entries([Posting(Trigger.DEPOSIT, Money(500))]),
)


async def book(database: Database, booked: LedgerTransaction = BOOKED) -> None:
    async with database.pipeline([booked.tenant_id]) as tx:
        await ledger.append(tx, [booked])


async def as_owner(postgres: PostgresServer, database: Database, statement: str) -> None:
    """As whoever could do most: the superuser, whom no policy and no grant stops."""
    name = database.urls.http.rpartition("/")[2]
    await postgres.execute(statement, database=name)


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_entries set amount_cents = amount_cents + 1",
        "delete from ledger_entries",
        "truncate ledger_entries",
        "update ledger_transactions set booked_on = booked_on + 1",
        "delete from ledger_transactions",
        "truncate ledger_transactions cascade",
    ],
)
async def test_nobody_edits_what_is_booked(
    database: Database, postgres: PostgresServer, statement: str
) -> None:
    await book(database)
    with pytest.raises(asyncpg.PostgresError, match="insert-only"):
        await as_owner(postgres, database, statement)
    assert await world.accounts(database) == {"bank": 500, "era_clearing": -500}


@pytest.mark.parametrize("role", ["http", "pipeline"])
async def test_the_services_roles_have_no_right_to_edit(database: Database, role: str) -> None:
    connection = await asyncpg.connect(getattr(database.urls, role))
    try:
        for table in ("ledger_entries", "ledger_transactions"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"delete from {table}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"update {table} set tenant_id = tenant_id")
    finally:
        await connection.close()


async def test_entries_that_do_not_sum_to_zero_are_refused(
    database: Database, postgres: PostgresServer
) -> None:
    await book(database)
    one_leg = f"""insert into ledger_entries values ('{TENANT}', '{UUID(int=8)}', 'bank', 1,
        '{BOOKED.id}', 100, 'deposit', 0, '')"""
    with pytest.raises(asyncpg.CheckViolationError, match="sum to zero"):
        await as_owner(postgres, database, one_leg)


async def test_a_transaction_without_entries_is_refused_at_commit(
    database: Database, postgres: PostgresServer
) -> None:
    empty = f"""insert into ledger_transactions
        (tenant_id, id, practice_id, source_event, booked_on, recorded_at)
        values ('{TENANT}', '{UUID(int=9)}', '{PRACTICE}', '{UUID(int=9)}', now(), now())"""
    with pytest.raises(asyncpg.CheckViolationError, match="empty"):
        await as_owner(postgres, database, empty)


async def test_a_source_event_is_used_once_for_ever(database: Database) -> None:
    await book(database)
    with pytest.raises(DBAPIError, match="ledger_transactions"):
        await book(database)
    assert await world.accounts(database) == {"bank": 500, "era_clearing": -500}


async def test_what_books_nothing_leaves_no_trace(database: Database) -> None:
    nothing = LedgerTransaction(
        source_event=ids.new(),
        tenant_id=TENANT,
        practice_id=PRACTICE,
        booked_on=clock.today(),
        entries=(),
    )
    await book(database, nothing)
    assert await world.accounts(database) == {}


@pytest.mark.parametrize(
    ("damage", "invariants"),
    [
        (
            "update ledger_entries set amount_cents = amount_cents + 1 where account = 'bank'",
            {"I2 transaction sums to zero", "I2 tenant sums to zero"},
        ),
        (
            "delete from ledger_entries where account in ('bank', 'era_clearing')",
            {
                "I2 transaction has entries",
                "I2 transaction sums to zero",
                "I2 tenant sums to zero",
            },
        ),
        ("update balances set balance_cents = balance_cents - 1", {"I3 balance equals entries"}),
        ("delete from balances", {"I3 balance equals entries"}),
        (
            (
                "update ledger_entries set account = 'ar_patient'"
                " where account = 'ar_insurance_1' and trigger = 'charge_billed'"
            ),
            {"I3 balance equals entries"},
        ),
    ],
)
async def test_the_check_finds_what_was_forced_in(
    database: Database, postgres: PostgresServer, damage: str, invariants: set[str]
) -> None:
    case = Case()
    await world.known(database, case)
    await world.post(database, await world.take(database, remittance(case.paid())))
    await book(database)
    assert await world.violations(database) == []
    await as_owner(postgres, database, f"set session_replication_role = replica; {damage}")
    assert {each.invariant for each in await world.violations(database)} == invariants


async def test_the_checker_sees_every_tenant_through_the_view(
    database: Database, postgres: PostgresServer
) -> None:
    await book(database)
    other = LedgerTransaction(
        source_event=ids.new(),
        tenant_id=OTHER_TENANT,
        practice_id=PRACTICE,
        booked_on=clock.today(),
        entries=BOOKED.entries,
    )
    await book(database, other)
    damage = "update ledger_entries set amount_cents = amount_cents + 1 where account = 'bank'"
    await as_owner(postgres, database, f"set session_replication_role = replica; {damage}")
    checker = await asyncpg.connect(database.urls.checker)
    try:
        rows = await checker.fetch("select distinct tenant_id from ledger_violations")
    finally:
        await checker.close()
    assert {row["tenant_id"] for row in rows} == {TENANT, OTHER_TENANT}
    assert {each.tenant_id for each in await world.violations(database)} == {TENANT}
