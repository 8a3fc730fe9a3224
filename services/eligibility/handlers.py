"""Events that eligibility listens to, put into its own words."""

from __future__ import annotations

from services.eligibility import actions, repository
from shared.database import Transaction
from shared.events.coding import EncounterReceived
from shared.events.envelope import Envelope
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged


async def on_encounters_received(
    events: list[Envelope[EncounterReceived]], tx: Transaction
) -> None:
    """Each coverage of a new encounter is to be verified."""
    await actions.open_checks(tx, events)


async def on_tenants_changed(events: list[Envelope[TenantChanged]], tx: Transaction) -> None:
    """Keep the sender id of each billing company."""
    newest = {one.tenant_id: one.data for one in events}
    await tx.lock("tenant", newest)
    await repository.keep_tenants(
        tx, [(tenant, fact.edi_id, fact.version) for tenant, fact in newest.items()]
    )
    for tenant in newest:
        tx.release("tenant", tenant)


async def on_practices_changed(events: list[Envelope[PracticeChanged]], tx: Transaction) -> None:
    """Keep name and NPI of each practice: they stand on the inquiry as its receiver."""
    newest = {(one.tenant_id, one.data.practice_id): one.data for one in events}
    await tx.lock("practice", [practice for _, practice in newest])
    await repository.keep_practices(
        tx,
        [
            (*place, fact.name, fact.npi, fact.version)
            for place, fact in sorted(newest.items(), key=lambda item: item[0])
        ],
    )
    for _, practice in newest:
        tx.release("practice", practice)


async def on_payers_changed(events: list[Envelope[PayerChanged]], tx: Transaction) -> None:
    """Keep code and name of each payer: they stand on the inquiry as its source."""
    newest = {(one.tenant_id, one.data.payer_id): one.data for one in events}
    await tx.lock("payer", [payer for _, payer in newest])
    await repository.keep_payers(
        tx,
        [
            (*place, fact.code, fact.name, fact.version)
            for place, fact in sorted(newest.items(), key=lambda item: item[0])
        ],
    )
    for _, payer in newest:
        tx.release("payer", payer)
