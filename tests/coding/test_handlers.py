"""Master data kept: newest wins, any split of a batch gives the same, tenants stay apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.events.tenancy import FeeScheduleLine
from tests.coding.samples import (
    ASTER,
    BEACON,
    HANDLERS,
    PROVIDER,
    SCHEDULE,
    payer,
    practice,
    provider,
    schedule,
)
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT, envelopes
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver_envelopes

OTHER_PAYER = ids.derived(ASTER, "other")
TABLES = ("practices", "providers", "payers", "fee_schedules", "fees")


def lines(*charges: tuple[str, int]) -> list[FeeScheduleLine]:
    return [FeeScheduleLine(code=code, charge_cents=cents) for code, cents in charges]


STREAMS: dict[str, list[Fact]] = {
    "practices": [
        practice(1),
        practice(3, npi="1999999984"),
        practice(2, npi="1999999976"),
        practice(1, practice_id=PROVIDER),
        practice(3, npi="1999999992"),
    ],
    "providers": [
        provider(2),
        provider(1, npi="1999999984"),
        provider(3, active=False),
        provider(1, provider_id=PRACTICE),
    ],
    "payers": [payer(version=2), payer(BEACON, "BEACON"), payer(version=3), payer(version=1)],
    "fee_schedules": [
        schedule(2, lines=lines(("99213", 100), ("99214", 200))),
        schedule(1, lines=lines(("99215", 900))),
        schedule(3, lines=lines(("99213", 110), ("99213", 120)), valid_from=date(2026, 7, 1)),
        schedule(3, lines=lines(("99999", 1))),
        schedule(1, fee_schedule_id=PRACTICE, lines=[]),
    ],
}


async def kept(database: Database, *tenants: Any) -> dict[str, list[str]]:
    async with database.pipeline(tenants) as tx:
        return {
            table: [
                row[0]
                for row in await tx.rows(
                    text(f"select cast(t as text) from {table} t order by cast(t as text)")
                )
            ]
            for table in TABLES
        }


async def after(
    database: Database, events: Sequence[Envelope[Any]], cuts: Sequence[int]
) -> dict[str, list[str]]:
    for start, end in pairwise([0, *cuts, len(events)]):
        if start < end:
            await deliver_envelopes(database, HANDLERS, events[start:end])
    return await kept(database, TENANT, OTHER_TENANT)


@pytest.mark.parametrize("kind", list(STREAMS))
async def test_any_split_of_a_batch_keeps_the_same(
    service_database: DatabaseFactory, kind: str
) -> None:
    events = envelopes(STREAMS[kind])
    one_by_one = await after(await service_database("coding"), events, range(1, len(events)))
    assert one_by_one[kind]
    for cuts in ([], [2], [1, 3]):
        assert await after(await service_database("coding"), events, cuts) == one_by_one


@pytest.mark.parametrize("kind", list(STREAMS))
async def test_tenants_in_one_batch_stay_apart(
    service_database: DatabaseFactory, kind: str
) -> None:
    own = envelopes(STREAMS[kind])
    others = envelopes(STREAMS[kind][:2], tenant_id=OTHER_TENANT)
    mixed = [one for pair in zip(own, [*others, *own[2:]], strict=False) for one in pair]
    together = await service_database("coding")
    await deliver_envelopes(together, HANDLERS, list({one.id: one for one in mixed}.values()))
    for tenant, events in ((TENANT, own), (OTHER_TENANT, others)):
        alone = await service_database("coding")
        await deliver_envelopes(alone, HANDLERS, events)
        assert await kept(together, tenant) == await kept(alone, tenant)


async def test_an_older_snapshot_changes_nothing(database: Database) -> None:
    before = await kept(database, TENANT)
    older = [practice(0, npi="x"), provider(0, npi="x"), payer(code="X", version=0), schedule(0)]
    await deliver_envelopes(database, HANDLERS, envelopes(older))
    assert await kept(database, TENANT) == before


async def test_a_new_schedule_drops_the_lines_it_does_not_name(database: Database) -> None:
    await deliver_envelopes(database, HANDLERS, envelopes([schedule(2, lines=lines(("99214", 1)))]))
    async with database.pipeline([TENANT]) as tx:
        rows = await tx.rows(text("select fee_schedule_id, code, charge_cents from fees"))
    assert [tuple(row) for row in rows] == [(SCHEDULE, "99214", 1)]


async def test_nobody_sees_another_tenants_master_data(database: Database) -> None:
    assert not any((await kept(database, OTHER_TENANT)).values())
