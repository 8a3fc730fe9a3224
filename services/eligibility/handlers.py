"""Events that eligibility listens to, put into its own words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from services.eligibility import actions, repository
from shared.database import Transaction
from shared.events.coding import EncounterReceived
from shared.events.envelope import Envelope
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged

S = TypeVar("S", TenantChanged, PracticeChanged, PayerChanged)
Place = tuple[UUID, UUID]


def _newest(events: Iterable[Envelope[S]]) -> dict[Place, S]:
    """The newest snapshot of each (tenant, id), in their order; of equal versions the first."""
    newest: dict[Place, S] = {}
    for event in events:
        place = (event.tenant_id, event.key)
        if place not in newest or newest[place].version < event.data.version:
            newest[place] = event.data
    return dict(sorted(newest.items()))


async def on_encounters_received(
    events: list[Envelope[EncounterReceived]], tx: Transaction
) -> None:
    """Each coverage of a new encounter is to be verified."""
    await actions.open_checks(tx, events)


async def on_tenants_changed(events: list[Envelope[TenantChanged]], tx: Transaction) -> None:
    """Keep the sender id of each billing company."""
    newest = _newest(events)
    await tx.lock("tenant", [tenant for tenant, _ in newest])
    await repository.keep_tenants(
        tx, [(tenant, fact.edi_id, fact.version) for (tenant, _), fact in newest.items()]
    )
    for tenant, _ in newest:
        tx.release("tenant", tenant)


async def on_practices_changed(events: list[Envelope[PracticeChanged]], tx: Transaction) -> None:
    """Keep name and NPI of each practice: they stand on the inquiry as its receiver."""
    newest = _newest(events)
    await tx.lock("practice", [practice for _, practice in newest])
    await repository.keep_practices(
        tx,
        [(*place, fact.name, fact.npi, fact.version) for place, fact in newest.items()],
    )
    for _, practice in newest:
        tx.release("practice", practice)


async def on_payers_changed(events: list[Envelope[PayerChanged]], tx: Transaction) -> None:
    """Keep code and name of each payer: they stand on the inquiry as its source."""
    newest = _newest(events)
    await tx.lock("payer", [payer for _, payer in newest])
    await repository.keep_payers(
        tx,
        [(*place, fact.code, fact.name, fact.version) for place, fact in newest.items()],
    )
    for _, payer in newest:
        tx.release("payer", payer)
