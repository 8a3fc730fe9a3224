"""A statement says what the ledger says, once, when every payer has decided."""

from __future__ import annotations

from datetime import timedelta

from services.payments.actions import statements
from services.payments.repository import patients
from shared import clock
from shared.database import Database
from shared.events.payments import StatementBody, StatementIssued
from tests.payments import world
from tests.payments.builders import NOW, PERSON, Case, payment, remittance
from tests.support import services
from tests.support.builders import PRACTICE, TENANT, origin
from tests.support.databases import DatabaseFactory


async def issue(database: Database, case: Case) -> bool:
    async with database.pipeline([TENANT]) as tx:
        return not await statements.issue(tx, {case.account_id: origin()}, due_days=21)


async def issued(database: Database) -> list[StatementIssued]:
    events = [event.data for event in await services.published(database)]
    return [each for each in events if isinstance(each, StatementIssued)]


async def bodies(database: Database) -> list[StatementBody]:
    return [
        database.keys.open_event(TENANT, each.body, StatementBody)
        for each in await issued(database)
    ]


async def paid(database: Database, *cases: Case, trace: str = "T1") -> None:
    await world.known(database, *cases)
    said = remittance(*(c.paid(n) for n, c in enumerate(cases, start=1)), trace=trace)
    await world.post(database, await world.take(database, said, file_id=trace))


async def test_j01_statement(database: Database) -> None:
    case = Case()
    await paid(database, case)
    assert await issue(database, case)
    [fact] = await issued(database)
    assert (fact.account_id, fact.patient_id) == (case.account_id, case.patient_id)
    assert (fact.amount_cents, fact.channel) == (2_500, "email")
    [body] = await bodies(database)
    assert body.amount_due_cents == 2_500 == sum(line.you_owe_cents for line in body.lines)
    assert (body.issued_on, body.due_on) == ("2026-11-23", "2026-12-14")
    assert (body.practice_name, body.practice_phone) == ("Elm Street Clinic", "2175550100")
    assert body.practice_address.line1 == "2 Elm Street"
    assert (body.patient_name, body.patient_birth_date) == ("Ada Sample", PERSON.birth_date)
    assert body.recipient_address == PERSON.address
    [line] = body.lines
    assert (line.charged_cents, line.insurer_paid_cents) == (15_000, 7_750)
    assert (line.insurer_adjusted_cents, line.patient_paid_cents) == (4_750, 0)
    assert line.why == "This is your copay: $25.00."
    assert (line.insurer, line.claim_number) == ("Aster PPO", case.control_number)
    assert (line.service_date, line.description != "") == ("2026-11-20", True)
    assert "99213" not in line.description


async def test_the_same_is_not_said_twice(database: Database) -> None:
    case = Case()
    await paid(database, case)
    assert await issue(database, case)
    assert await issue(database, case)
    assert len(await issued(database)) == 1


async def test_many_accounts_at_once(database: Database) -> None:
    told, new, nobody = Case("one", patient="p"), Case("two", patient="q"), Case("x", patient="x")
    await paid(database, told, new)
    await issue(database, told)
    async with database.pipeline([TENANT]) as tx:
        causes = {each.account_id: origin() for each in (told, new, nobody)}
        assert await statements.issue(tx, causes, due_days=21) == set()
    facts = await issued(database)
    assert [each.account_id for each in facts] == [told.account_id, new.account_id]
    [_, body] = await bodies(database)
    assert [line.claim_number for line in body.lines] == [new.control_number]


async def test_a_new_visit_makes_a_new_statement_that_supersedes(database: Database) -> None:
    first, second = Case("one", patient="p"), Case("two", patient="p")
    await paid(database, first)
    await issue(database, first)
    await paid(database, second, trace="T2")
    await issue(database, first)
    assert [body.amount_due_cents for body in await bodies(database)] == [2_500, 5_000]
    numbers = {body.statement_number for body in await bodies(database)}
    assert len(numbers) == 2
    async with database.pipeline([TENANT]) as tx:
        kept = await patients.statements(tx, [first.account_id])
    assert [each.status for each in kept] == ["superseded", "approved"]


async def test_nothing_while_a_payer_has_not_decided(database: Database) -> None:
    case = Case("half", lines=(("99213", 15_000), ("97140", 6_000)))
    await world.known(database, case)
    said = payment(
        case.control_number,
        charge=21_000,
        cas=(("CO", "45", 4_750), ("PR", "3", 2_500), ("CO", "236", 6_000)),
    )
    await world.post(database, await world.take(database, remittance(said)))
    assert (await world.balances(database))["ar_patient"] == 2_500
    assert await issue(database, case)
    assert await issued(database) == []


async def test_nothing_for_an_unknown_account_or_one_that_owes_nothing(database: Database) -> None:
    assert await issue(database, Case("nobody"))
    assert await issued(database) == []


async def test_self_pay(database: Database) -> None:
    case = Case("self", ranks=())
    await services.deliver(database, world.HANDLERS, [case.coded(database.keys)])
    await issue(database, case)
    [body] = await bodies(database)
    assert body.amount_due_cents == 15_000
    assert body.lines[0].why == "No insurance was in force for this visit."
    assert (body.lines[0].insurer, body.lines[0].claim_number) == ("", "")


async def test_without_the_practice_it_waits(service_database: DatabaseFactory) -> None:
    database = await service_database("payments")
    case = Case("wait", ranks=())
    await services.deliver(database, world.HANDLERS, [case.coded(database.keys)])
    assert not await issue(database, case)
    await world.master_data(database)
    assert await issue(database, case)
    assert len(await issued(database)) == 1


async def test_a_statement_is_planned_in_business_days(database: Database) -> None:
    friday = NOW - timedelta(days=3)
    with clock.fixed(friday):
        async with database.pipeline([TENANT]) as tx:
            due_at = statements.plan(
                tx, Case().account_id, delay_days=3, cause=origin(practice_id=PRACTICE)
            )
    assert due_at == friday + timedelta(days=5)


async def test_nothing_of_the_patient_travels_or_rests_in_the_open(database: Database) -> None:
    case = Case()
    await paid(database, case)
    await issue(database, case)
    [fact] = await issued(database)
    for word in ("Ada Sample", "Sample", "1980-", "example.test", "example.org"):
        assert word not in repr(fact)
