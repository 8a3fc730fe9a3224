"""Opening checks and recording answers, on real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from services.eligibility import actions, repository
from services.eligibility.domain.check import Told
from services.eligibility.domain.lifecycle import State
from services.eligibility.domain.reading import Reading
from shared import clock
from shared.database import Database
from shared.events.eligibility import (
    CoverageInactive,
    EligibilityFailed,
    EligibilityRequested,
    EligibilityVerified,
)
from shared.money import Money
from tests.eligibility.samples import HANDLERS, encounter, keys_of, master_data
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver, published, run_parked

CHECKS = text("select id, state, tries, reason, copay_cents, created_at from checks order by id")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    made = await service_database("eligibility")
    await deliver(made, HANDLERS, master_data())
    return made


async def opened(database: Database, count: int = 1, member_id: str = "TEST-ACTIVE") -> list[UUID]:
    facts = [encounter(keys_of(database), member_id) for _ in range(count)]
    await deliver(database, HANDLERS, facts)
    async with database.pipeline([TENANT]) as tx:
        return [row.id for row in await tx.rows(CHECKS)]


async def told(database: Database, check: UUID, reading: Reading | None) -> dict[UUID, float]:
    async with database.pipeline([TENANT]) as tx:
        await actions.begin(tx, [(TENANT, check)])
    async with database.pipeline([TENANT]) as tx:
        return await actions.record(tx, {check: TENANT}, [Told(check, reading, "TimeoutError")])


async def test_each_coverage_becomes_a_check_and_an_intention(database: Database) -> None:
    checks = await opened(database, 3)
    assert len(checks) == 3
    facts = [one.data for one in await published(database)]
    requested = {one.check_id for one in facts if isinstance(one, EligibilityRequested)}
    assert requested == set(checks)
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select count(*) from due_work where job = 'inquire'")) == 3


async def test_the_patient_is_kept_sealed(database: Database) -> None:
    await opened(database)
    async with database.pipeline([TENANT]) as tx:
        row = await tx.row(text("select cast(checks as text) as whole from checks"))
    assert row is not None
    for secret in ("Example", "1980-02-03", "TEST-ACTIVE", "12 Pine St"):
        assert secret not in row.whole


async def test_an_inquiry_opens_what_the_channel_needs(database: Database) -> None:
    [check] = await opened(database)
    async with database.pipeline([TENANT]) as tx:
        [inquiry] = await actions.begin(tx, [(TENANT, check)])
    assert inquiry.patient.last_name == "Example"
    assert inquiry.member.member_id == "TEST-ACTIVE"
    assert inquiry.parties.edi_id == "RCMNORTH"
    assert inquiry.parties.payer_code == "ASTER"
    assert (inquiry.check.state, inquiry.check.tries) == (State.IN_FLIGHT, 1)


async def test_an_active_answer_is_kept_and_told(database: Database) -> None:
    [check] = await opened(database)
    reading = Reading(State.ACTIVE, plan="ASTER PPO", copay=Money(2500), deductible_left=Money(0))
    assert await told(database, check, reading) == {}
    fact = (await published(database))[-1].data
    assert isinstance(fact, EligibilityVerified)
    assert (fact.verdict, fact.copay_cents, fact.deductible_left_cents) == ("active", 2500, 0)


async def test_inactive_is_its_own_fact(database: Database) -> None:
    [check] = await opened(database)
    await told(database, check, Reading(State.INACTIVE, reason="6"))
    assert isinstance((await published(database))[-1].data, CoverageInactive)


async def test_silence_is_retried_and_ends_unknown_never_inactive(database: Database) -> None:
    [check] = await opened(database)
    waits = [await told(database, check, None) for _ in range(5)]
    assert [list(wait.values()) for wait in waits] == [[60], [300], [900], [3600], []]
    facts = [
        one.data for one in await published(database) if isinstance(one.data, EligibilityFailed)
    ]
    assert [fact.verdict for fact in facts] == ["payer_down"] * 4 + ["unknown"]
    assert [fact.final for fact in facts] == [False] * 4 + [True]
    assert not [one for one in await published(database) if type(one.data) is CoverageInactive]


async def test_a_late_second_answer_changes_nothing(database: Database) -> None:
    [check] = await opened(database)
    await told(database, check, Reading(State.ACTIVE))
    before = await published(database)
    async with database.pipeline([TENANT]) as tx:
        assert await actions.begin(tx, [(TENANT, check)]) == []
        again = [Told(check, Reading(State.INACTIVE))]
        assert await actions.record(tx, {check: TENANT}, again) == {}
    assert await published(database) == before


async def test_an_encounter_before_its_master_data_waits(
    service_database: DatabaseFactory,
) -> None:
    database = await service_database("eligibility")
    early = encounter(keys_of(database))
    await deliver(database, HANDLERS, [early])
    assert await published(database) == []
    for fact in master_data():
        await deliver(database, HANDLERS, [fact])
        await run_parked(database, HANDLERS)
    [event] = await published(database)
    assert isinstance(event.data, EligibilityRequested)
    assert event.data.encounter_id == early.encounter_id


async def test_the_same_encounter_twice_opens_one_check(database: Database) -> None:
    fact = encounter(keys_of(database))
    await deliver(database, HANDLERS, [fact])
    await deliver(database, HANDLERS, [fact])
    assert len(await published(database)) == 1


async def test_older_master_data_never_replaces_newer(database: Database) -> None:
    await deliver(database, HANDLERS, master_data(version=0))
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select version from payers")) == 1


async def test_another_tenant_sees_nothing(database: Database) -> None:
    [check] = await opened(database)
    async with database.pipeline([OTHER_TENANT]) as tx:
        assert await repository.load(tx, [(TENANT, check)]) == []


async def test_times_are_business_time(database: Database) -> None:
    at = datetime(2027, 1, 4, 18, tzinfo=UTC)
    with clock.fixed(at):
        await opened(database)
    async with database.pipeline([TENANT]) as tx:
        row = await tx.row(CHECKS)
    assert row is not None
    assert row.created_at == at
