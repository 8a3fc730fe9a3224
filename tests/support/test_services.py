"""The helpers of service tests do what the consumer and the relay's reader do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared import ids
from shared.database import Transaction
from shared.events.claims import ClaimClosed, ClaimReleased
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging.received import Handler
from tests.support.builders import OTHER_TENANT, TENANT, envelope
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver, deliver_envelopes, published, run_parked

CLAIM = ids.derived(ids.NIL, "a claim of this test")
PUT = text("""
insert into things (tenant_id, id, version)
select tenant_id, id, 1
from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as thing (tenant_id, id)
on conflict (tenant_id, id) do update set version = things.version + 1
""")
KNOWN = text("select id from things where id = any (cast(:ids as uuid[])) for update")
VERSIONS = text("select tenant_id, version from things order by tenant_id")


def released(claim_id: UUID = CLAIM) -> ClaimReleased:
    return ClaimReleased(claim_id=claim_id, encounter_id=ids.NIL, hold_reason="charges")


def closed(claim_id: UUID = CLAIM) -> ClaimClosed:
    return ClaimClosed(claim_id=claim_id, encounter_id=ids.NIL, reason="paid")


async def on_released(events: list[Envelope[Any]], tx: Transaction) -> None:
    """Stores the claim, tells so, and lets go what waits for it."""
    await tx.lock("claim", [event.subject for event in events])
    await tx.run(
        PUT,
        {
            "tenants": [str(event.tenant_id) for event in events],
            "ids": [str(event.subject) for event in events],
        },
    )
    for event in events:
        tx.release("claim", event.subject)
        tx.publish(closed(event.subject), subject=event.subject, caused_by=event)


async def on_closed(events: list[Envelope[Any]], tx: Transaction) -> None:
    """Waits for the claim."""
    await tx.lock("claim", [event.subject for event in events])
    found = await tx.rows(KNOWN, {"ids": [str(event.subject) for event in events]})
    known = {row.id for row in found}
    for event in events:
        if event.subject not in known:
            tx.park(event, until=("claim", event.subject))


HANDLERS: dict[type[Fact], Handler] = {ClaimReleased: on_released, ClaimClosed: on_closed}


async def test_a_fact_goes_in_and_another_comes_out(service_database: DatabaseFactory) -> None:
    database = await service_database("sample")
    (cause,) = await deliver(database, on_released, [released()])
    (told,) = await published(database)
    assert told.data == closed()
    assert (told.causation_id, told.tenant_id, told.key) == (cause.id, TENANT, CLAIM)
    assert told.id == ids.derived(cause.id, f"ClaimClosed:{CLAIM}:0")


async def test_a_repeat_does_nothing(service_database: DatabaseFactory) -> None:
    database = await service_database("sample")
    event = envelope(released())
    for _ in range(3):
        await deliver_envelopes(database, on_released, [event, event])
    async with database.pipeline([TENANT]) as tx:
        assert [row.version for row in await tx.rows(VERSIONS)] == [1]
    assert len(await published(database)) == 1


async def test_a_batch_of_two_tenants(service_database: DatabaseFactory) -> None:
    database = await service_database("sample")
    events = [envelope(released(), tenant_id=tenant) for tenant in (TENANT, OTHER_TENANT)]
    await deliver_envelopes(database, HANDLERS, events)
    async with database.pipeline([OTHER_TENANT]) as tx:
        assert [row.tenant_id for row in await tx.rows(VERSIONS)] == [OTHER_TENANT]


async def test_what_came_too_early_runs_when_it_was_released(
    service_database: DatabaseFactory,
) -> None:
    database = await service_database("sample")
    await deliver(database, on_closed, [closed()])
    assert await run_parked(database, HANDLERS) == 0
    await deliver(database, on_released, [released(ids.new())])
    assert await run_parked(database, HANDLERS) == 0
    async with database.pipeline([TENANT]) as tx:
        await on_released([envelope(released())], tx)
    assert await run_parked(database, HANDLERS) == 1
    assert await run_parked(database, HANDLERS) == 0


async def test_each_test_has_a_database_of_its_own(service_database: DatabaseFactory) -> None:
    one, two = await service_database("sample"), await service_database("sample")
    await deliver(one, on_released, [released()])
    assert await published(two) == []
