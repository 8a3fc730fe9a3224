"""The batch law and the mixed-batch law, for every handler of claims.

However a list of events is cut into batches, and whether tenants come mixed or one after the other,
the tables and the published events end the same.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, text

from services.claims import jobs
from services.claims.tables import metadata
from shared import ids
from shared.database import Database
from shared.database.provisioning import service_urls
from shared.events.coding import EncounterCoded
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging import attach
from tests.claims.builders import (
    denial,
    encounter_coded,
    failed,
    inactive,
    learn_master_data,
    line,
    matched,
    medicare_changed,
    paid_line,
    payer_changed,
    posted,
    practice_changed,
    provider_changed,
    reversal_of,
    tenant_changed,
    verified,
)
from tests.claims.flows import HANDLERS, claim_of, workplace
from tests.claims.stand_in import StandIn
from tests.support.builders import OTHER_TENANT, TENANT, envelope
from tests.support.postgres import PostgresServer
from tests.support.services import deliver_envelopes, published

SEALED = {"content", "parties", "member"}
DUE = text("""
    select tenant_id, job, subject, due_at, causation_id from due_work
     order by tenant_id, job, subject
""")
PARKED = text("""
    select event_id, key, waiting_kind, waiting_id from parked_events order by event_id
""")
Copy = Callable[[], Awaitable[Database]]
Scenario = Callable[[Database, UUID], Awaitable[list[Fact]]]


@pytest.fixture
async def copies(empty: Database, postgres: PostgresServer) -> AsyncIterator[Copy]:
    """Databases that all begin like the one the test has prepared."""
    made: list[tuple[Database, str]] = []

    async def copy() -> Database:
        await empty.close()
        source = empty.urls.http.rpartition("/")[2]
        name = await postgres.create_database(template=source)
        urls = service_urls(postgres.admin_url, "claims", database=name)
        database = Database("claims", urls, empty.keys)
        attach(database)
        made.append((database, name))
        return database

    yield copy
    for database, name in made:
        await database.close()
        await postgres.drop_database(name)


async def state(database: Database) -> dict[str, Any]:
    """Everything that is not a clock, a nonce or an order of writing."""
    found: dict[str, Any] = {}
    async with database.pipeline([TENANT, OTHER_TENANT]) as tx:
        for table in metadata.sorted_tables:
            rows = await tx.rows(text(f"select * from {table.name} order by tenant_id, id"))
            found[table.name] = [_plain(table, row._mapping) for row in rows]
        found["due"] = [tuple(row) for row in await tx.rows(DUE)]
        found["parked"] = [tuple(row) for row in await tx.rows(PARKED)]
    by_key: dict[UUID, list[Any]] = {}
    for event in await published(database):
        by_key.setdefault(event.key, []).append((event.id, event.type, event.tenant_id, event.data))
    found["events"] = by_key
    return found


def _plain(table: Table, row: Any) -> dict[str, Any]:
    kept = [column.name for column in table.columns if column.name not in SEALED]
    return {name: row[name] for name in kept}


async def work(database: Database, batches: Sequence[Sequence[Envelope[Any]]]) -> dict[str, Any]:
    """The state after these batches."""
    for batch in batches:
        await deliver_envelopes(database, HANDLERS, batch)
    return await state(database)


def cuts(events: Sequence[Envelope[Any]]) -> list[list[Sequence[Envelope[Any]]]]:
    """At once, one by one, and three cuts by chance."""
    found: list[list[Sequence[Envelope[Any]]]] = [[events], [[each] for each in events]]
    for seed in range(3):
        chance = random.Random(seed)
        places = sorted(chance.sample(range(1, len(events)), k=min(3, len(events) - 1)))
        edges = [0, *places, len(events)]
        found.append([events[a:b] for a, b in pairwise(edges)])
    return found


async def coded_facts(database: Database, tenant_id: UUID) -> list[Fact]:
    """Codings: plain, of one encounter twice, with findings, without coverage, too early."""
    keys = database.keys
    first = encounter_coded(keys, tenant_id=tenant_id)
    again = encounter_coded(
        keys,
        tenant_id=tenant_id,
        encounter_id=first.encounter_id,
        coding_version=2,
        lines=[line(code="99214", charge_cents=21_500)],
    )
    facts: list[Fact] = [
        first,
        encounter_coded(keys, tenant_id=tenant_id),
        again,
        encounter_coded(keys, tenant_id=tenant_id, lines=[line(pointers=[3])]),
        encounter_coded(keys, tenant_id=tenant_id, coverages=[]),
        encounter_coded(keys, tenant_id=tenant_id, rendering_provider_id=ids.NIL),
    ]
    verdicts = [verified(each) for each in facts if isinstance(each, EncounterCoded)]
    await tell(database, verdicts[:2] + verdicts[3:], tenant_id)
    return facts


async def verdict_facts(database: Database, tenant_id: UUID) -> list[Fact]:
    """Verdicts of every kind, some repeated, some before their coding."""
    coded = [encounter_coded(database.keys, tenant_id=tenant_id) for _ in range(6)]
    await tell(database, coded[:5], tenant_id)
    return [
        verified(coded[0]),
        failed(coded[1]),
        verified(coded[2], verdict="review"),
        verified(coded[1]),
        inactive(coded[3]),
        failed(coded[4], verdict="needs_correction", final=False),
        verified(coded[4]),
        verified(coded[2]),
        inactive(coded[0]),
        verified(coded[5]),
    ]


async def sent_claims(database: Database, tenant_id: UUID, count: int) -> list[EncounterCoded]:
    """Claims that were handed over."""
    coded = [encounter_coded(database.keys, tenant_id=tenant_id) for _ in range(count)]
    await tell(database, coded, tenant_id)
    await tell(database, [verified(each) for each in coded], tenant_id)
    place = workplace(database, StandIn())
    await jobs.submit_ready_claims(place)
    await jobs.send_batches(place)
    return coded


async def decision_facts(database: Database, tenant_id: UUID) -> list[Fact]:
    """Decisions: paid, denied, reversed and corrected, unprocessable, repeated."""
    coded = await sent_claims(database, tenant_id, 4)
    of = [(claim_of(each), each.encounter_id) for each in coded]
    first = denial(*of[0], "CO197 15000")
    better = matched(*of[0], paid_on=date(2026, 12, 20), lines=[paid_line()])
    return [
        first,
        matched(*of[1]),
        reversal_of(first),
        denial(*of[2], "CO16 15000", rarc=["MA130"]),
        better,
        denial(*of[3], "CO50 9000 PR3 6000"),
        denial(*of[3], "OA133 15000", paid_on=date(2026, 12, 24)),
    ]


async def posting_facts(database: Database, tenant_id: UUID) -> list[Fact]:
    """Postings: settling, leaving a balance, on one claim twice."""
    coded = await sent_claims(database, tenant_id, 3)
    of = [(claim_of(each), each.encounter_id) for each in coded]
    await tell(database, [matched(*each) for each in of], tenant_id)
    return [
        posted(*of[0], balance_after_cents=100),
        posted(*of[1]),
        posted(*of[0]),
        posted(*of[2], balance_after_cents=-5),
        posted(*of[1], source="patient"),
    ]


async def master_facts(_: Database, tenant_id: UUID) -> list[Fact]:
    """Snapshots, newer before older, of things that work waits for."""
    return [
        practice_changed(version=3, npi="1245319599"),
        practice_changed(version=2),
        provider_changed(version=2, last_name="Riviera"),
        payer_changed(version=2, filing_days=180),
        medicare_changed(version=2),
        payer_changed(version=3, answer_days=30),
        tenant_changed(tenant_id=tenant_id, version=2, edi_id="LAKE02"),
        provider_changed(provider_id=ids.NIL),
    ]


async def tell(database: Database, facts: Sequence[Fact], tenant_id: UUID) -> None:
    """Facts of one tenant, at once."""
    events = [envelope(fact, tenant_id=tenant_id) for fact in facts]
    await deliver_envelopes(database, HANDLERS, events)


SCENARIOS = [coded_facts, verdict_facts, decision_facts, posting_facts, master_facts]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_the_batch_law(empty: Database, copies: Copy, scenario: Scenario) -> None:
    await learn_master_data(empty)
    facts = await scenario(empty, TENANT)
    events = [envelope(fact) for fact in facts]
    expected = await work(await copies(), [events])
    assert expected["events"] or scenario is master_facts
    for batches in cuts(events)[1:]:
        assert await work(await copies(), batches) == expected


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_the_mixed_batch_law(empty: Database, copies: Copy, scenario: Scenario) -> None:
    parts = []
    for tenant_id in (TENANT, OTHER_TENANT):
        await learn_master_data(empty, tenant_id)
        facts = await scenario(empty, tenant_id)
        parts.append([envelope(fact, tenant_id=tenant_id) for fact in facts])
    mixed = [event for pair in zip(*parts, strict=True) for event in pair]
    expected = await work(await copies(), parts)
    assert await work(await copies(), [mixed]) == expected
