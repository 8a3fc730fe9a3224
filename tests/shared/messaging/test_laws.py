"""The laws hold for the sample's handlers, and each is seen broken by a handler that breaks it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database, Transaction
from shared.events.envelope import Envelope
from shared.events.payments import FundsReceived
from shared.messaging.received import Handlers
from tests.support.builders import OTHER_TENANT, TENANT, envelope
from tests.support.databases import DatabaseFactory
from tests.support.laws import check_batch_law, check_mixed_batch_law
from tests.support.messaging import Troubles, funds, reconciled

_SET = text("""
insert into things as t (tenant_id, id, amount_cents) values (:tenant, :id, :amount)
on conflict (tenant_id, id) do update set amount_cents = excluded.amount_cents
""")


def events() -> list[Envelope[Any]]:
    """Three deposits of two tenants; some events come too early, some siblings behind them."""
    deposits = [ids.new() for _ in range(3)]
    made = []
    for number, deposit in enumerate(deposits):
        tenant = (TENANT, OTHER_TENANT)[number % 2]
        early = envelope(reconciled(deposit), tenant_id=tenant)._replace(key=ids.new())
        follower = envelope(funds(), tenant_id=tenant)._replace(key=early.key)
        rest = [envelope(funds(deposit, cents=n), tenant_id=tenant) for n in (1, 20, 300)]
        made += [early, follower, *rest]
    return made


async def test_the_laws_hold_for_the_sample(service_database: DatabaseFactory) -> None:
    async def make() -> Database:
        return await service_database("sample")

    wanted = events()
    await check_batch_law(make, Troubles().handlers, wanted)
    await check_mixed_batch_law(make, Troubles().handlers, wanted)


async def counts_the_batch(events: list[Envelope[FundsReceived]], tx: Transaction) -> None:
    """Writes how many events came together."""
    for event in events:
        params = {"tenant": event.tenant_id, "id": event.subject, "amount": len(events)}
        await tx.run(_SET, params)


async def tells_a_random_id(events: list[Envelope[FundsReceived]], tx: Transaction) -> None:
    """Publishes with an id that is new each time."""
    for event in events:
        origin = _origin(event)
        tx.publish(event.data, subject=event.subject, caused_by=origin)


async def mixes_tenants(events: list[Envelope[FundsReceived]], tx: Transaction) -> None:
    """Writes one sum over all tenants."""
    total = sum(event.data.amount_cents for event in events)
    for event in events:
        params = {"tenant": event.tenant_id, "id": event.subject, "amount": total}
        await tx.run(_SET, params)


@pytest.mark.parametrize("handler", [counts_the_batch, tells_a_random_id])
async def test_a_broken_batch_law_is_seen(service_database: DatabaseFactory, handler: Any) -> None:
    async def make() -> Database:
        return await service_database("sample")

    handlers: Handlers = {FundsReceived: handler}
    with pytest.raises(AssertionError, match="batch law"):
        await check_batch_law(make, handlers, [envelope(funds()) for _ in range(3)])


async def test_a_broken_mixed_batch_law_is_seen(service_database: DatabaseFactory) -> None:
    async def make() -> Database:
        return await service_database("sample")

    mixed = [envelope(funds(), tenant_id=tenant) for tenant in (TENANT, OTHER_TENANT)]
    with pytest.raises(AssertionError, match="mixed-batch law is broken in things"):
        await check_mixed_batch_law(make, {FundsReceived: mixes_tenants}, mixed)


def _origin(event: Envelope[Any]) -> Any:
    from shared.events.envelope import Origin

    return Origin(event.tenant_id, event.practice_id, event.correlation_id)
