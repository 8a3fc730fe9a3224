"""The batch law and the mixed-batch law: however events are cut into batches, the end is one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.database import Database
from shared.events.claims import ClaimDenied
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from tests.payments import builders, world
from tests.payments.builders import NOW, Case, remittance
from tests.support import services
from tests.support.builders import OTHER_TENANT, TENANT, envelope
from tests.support.databases import DatabaseFactory

TABLES = {
    "tenants": "tenant_id, id, edi_id, version",
    "practices": "tenant_id, id, name, npi, version",
    "payers": "tenant_id, id, code, name, version",
    "accounts": "tenant_id, id, practice_id, patient_id",
    "encounters": (
        "tenant_id, id, practice_id, account_id, coding_version, service_date,"
        " cast(lines as text), ranks, is_uncovered, charged_to, identity is null"
    ),
    "claims": (
        "tenant_id, id, encounter_id, rank, control_number, version, charge_cents,"
        " cast(lines as text), denied_cents, denied_category, decision_id, posting_id"
    ),
    "control_numbers": "tenant_id, control_number, claim_id",
    "ledger_transactions": "tenant_id, id, source_event, encounter_id, mirrors",
    "ledger_entries": "tenant_id, source_event, account, line, amount_cents, trigger",
    "balances": "tenant_id, encounter_id, account, balance_cents",
    "remittance_claims": "tenant_id, id, status, reason, claim_id",
    "due_work": "tenant_id, job, subject, due_at",
    "outbox": "key, value",
}
Batches = Sequence[Sequence[Envelope[Fact]]]


async def state(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All that the handlers may have written, without what is random or of the clock."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with database.pipeline([TENANT, OTHER_TENANT]) as tx:
        for table, columns in TABLES.items():
            rows = await tx.rows(text(f"select {columns} from {table}"))
            found[table] = sorted((tuple(row) for row in rows), key=repr)
    return found


async def begun(database: Database, tenant_id: UUID) -> tuple[list[Case], UUID]:
    """Master data, claims known and unknown, and a remittance that waits for the unknown ones."""
    await world.master_data(database, tenant_id)
    cases = [Case(f"n{number}", tenant_id=tenant_id) for number in range(3)]
    await world.known(database, cases[0])
    said = remittance(*(case.paid(n) for n, case in enumerate(cases, start=1)))
    [remit] = await world.take(database, said, tenant_id=tenant_id)
    await world.post(database, [remit], tenant_id=tenant_id)
    return cases, remit


def events(kind: str, database: Database, tenant_id: UUID, remit: UUID) -> list[Envelope[Fact]]:
    """Events of one kind for known and new encounters, old and new versions, some twice."""
    cases = [Case(f"n{number}", tenant_id=tenant_id) for number in range(3)]
    alone = [Case(f"self{n}", ranks=(), tenant_id=tenant_id, patient="p") for n in range(2)]
    keys = database.keys
    denied = [
        ClaimDenied(
            claim_id=case.claim_id,
            encounter_id=case.encounter_id,
            remit_id=remit,
            lines=[],
            denied_cents=cents,
            group="CO",
            carc="50",
            rarc=[],
            category="necessity",
            partial=False,
            appeal_due=NOW.date(),
        )
        for case, cents in ((cases[0], 100), (cases[1], 200), (cases[0], 300))
    ]
    facts: dict[str, list[Fact]] = {
        "coded": [
            *(case.coded(keys) for case in (*cases, *alone)),
            alone[0].coded(keys, coding_version=2, lines=[]),
            cases[1].coded(keys, coding_version=2),
            cases[1].coded(keys),
        ],
        "submitted": [
            *(case.submitted() for case in cases),
            cases[1].submitted(version=2, control_number="CSN1V2"),
            cases[1].submitted(),
            cases[2].submitted(rank=2),
        ],
        "inactive": [
            cases[1].inactive(),
            cases[0].inactive(),
            cases[1].inactive(rank=2),
            alone[0].inactive(),
        ],
        "denied": list(denied),
        "tenants": [builders.tenant(tenant_id=tenant_id, version=n) for n in (2, 4, 3)],
        "practices": [builders.practice(version=n, name=f"Name {n}") for n in (2, 4, 3)],
        "payers": [builders.payer(version=n, name=f"Name {n}") for n in (2, 4, 3)],
    }
    return [
        envelope(fact, tenant_id=tenant_id, event_id=UUID(int=place))
        for place, fact in enumerate(facts[kind], start=1 if tenant_id == TENANT else 100)
    ]


async def applied(
    factory: DatabaseFactory, kind: str, split: Any, tenants: Sequence[UUID] = (TENANT,)
) -> dict[str, list[tuple[Any, ...]]]:
    """The state after the events of all tenants, given to the handler in the batches of `split`."""
    database = await factory("payments")
    found: dict[UUID, list[Envelope[Fact]]] = {}
    for tenant_id in tenants:
        _, remit = await begun(database, tenant_id)
        found[tenant_id] = events(kind, database, tenant_id, remit)
    for batch in split(found):
        await services.deliver_envelopes(database, world.HANDLERS, batch)
    return await state(database)


def at_once(found: dict[UUID, list[Envelope[Fact]]]) -> Batches:
    return [[event for each in found.values() for event in each]]


def one_by_one(found: dict[UUID, list[Envelope[Fact]]]) -> Batches:
    return [[event] for each in found.values() for event in each]


def in_parts(found: dict[UUID, list[Envelope[Fact]]]) -> Batches:
    rng, parts = random.Random(7), []
    for each in found.values():
        cut = rng.randint(1, len(each) - 1)
        parts += [each[:cut], each[cut:]]
    return parts


def mixed(found: dict[UUID, list[Envelope[Fact]]]) -> Batches:
    """Tenants interleaved at random, each tenant's events in their own order."""
    rng, left, out = random.Random(11), [list(each) for each in found.values()], []
    while any(left):
        out.append(rng.choice([each for each in left if each]).pop(0))
    return [out]


KINDS = ["coded", "submitted", "inactive", "denied", "tenants", "practices", "payers"]


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize("kind", KINDS)
async def test_batch_law(service_database: DatabaseFactory, kind: str) -> None:
    whole = await applied(service_database, kind, at_once)
    assert await applied(service_database, kind, one_by_one) == whole
    assert await applied(service_database, kind, in_parts) == whole


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize("kind", KINDS)
async def test_mixed_batch_law(service_database: DatabaseFactory, kind: str) -> None:
    both = (TENANT, OTHER_TENANT)
    apart = await applied(service_database, kind, in_parts, both)
    assert await applied(service_database, kind, mixed, both) == apart


async def test_the_same_event_twice_does_nothing(database: Database) -> None:
    case = Case("twice", ranks=())
    event = envelope(case.coded(database.keys))
    await services.deliver_envelopes(database, world.HANDLERS, [event, event])
    await services.deliver_envelopes(database, world.HANDLERS, [event])
    assert await world.balances(database) == {"ar_patient": 15_000}


async def test_a_newer_version_of_master_data_wins_whatever_the_order(database: Database) -> None:
    newest, older = builders.payer(version=3, name="New"), builders.payer(version=2, name="Old")
    await services.deliver(database, world.HANDLERS, [newest])
    await services.deliver(database, world.HANDLERS, [older])
    names = [row[3] for row in (await state(database))["payers"]]
    assert names == ["New"]
