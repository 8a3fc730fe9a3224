"""Events that coding listens to: the master data that encounters name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar
from uuid import UUID

from services.coding.repository import masters
from services.coding.repository.masters import Schedule
from shared.database import Transaction
from shared.events.envelope import Envelope
from shared.events.tenancy import (
    FeeScheduleChanged,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
)


class _Snapshot(Protocol):
    @property
    def version(self) -> int: ...


S = TypeVar("S", bound=_Snapshot)


def _newest(found: Iterable[tuple[tuple[UUID, UUID], S]]) -> dict[tuple[UUID, UUID], S]:
    """The newest snapshot of each (tenant, id), in the order of the ids."""
    newest: dict[tuple[UUID, UUID], S] = {}
    for place, fact in found:
        if place not in newest or newest[place].version < fact.version:
            newest[place] = fact
    return dict(sorted(newest.items()))


async def on_practices_changed(events: list[Envelope[PracticeChanged]], tx: Transaction) -> None:
    """Keep the NPI of each practice: bundles name practices by it."""
    newest = _newest(((one.tenant_id, one.data.practice_id), one.data) for one in events)
    rows = [
        {
            "tenant_id": tenant,
            "id": practice,
            "npi": fact.npi,
            "active": fact.active,
            "version": fact.version,
        }
        for (tenant, practice), fact in newest.items()
    ]
    await masters.keep(tx, "practices", rows)


async def on_providers_changed(events: list[Envelope[ProviderChanged]], tx: Transaction) -> None:
    """Keep the NPI of each provider: bundles name them by it."""
    newest = _newest(((one.tenant_id, one.data.provider_id), one.data) for one in events)
    rows = [
        {
            "tenant_id": tenant,
            "id": provider,
            "npi": fact.npi,
            "active": fact.active,
            "version": fact.version,
        }
        for (tenant, provider), fact in newest.items()
    ]
    await masters.keep(tx, "providers", rows)


async def on_payers_changed(events: list[Envelope[PayerChanged]], tx: Transaction) -> None:
    """Keep the code of each payer: coverages name payers by it."""
    newest = _newest(((one.tenant_id, one.data.payer_id), one.data) for one in events)
    rows = [
        {
            "tenant_id": tenant,
            "id": payer,
            "code": fact.code,
            "active": fact.active,
            "version": fact.version,
        }
        for (tenant, payer), fact in newest.items()
    ]
    await masters.keep(tx, "payers", rows)


async def on_fee_schedules_changed(
    events: list[Envelope[FeeScheduleChanged]], tx: Transaction
) -> None:
    """Keep what practices charge, for lines that come without a charge."""
    newest = _newest(((one.tenant_id, one.data.fee_schedule_id), one.data) for one in events)
    schedules = [
        Schedule(
            tenant_id=tenant,
            id=schedule,
            practice_id=fact.practice_id,
            valid_from=fact.valid_from,
            version=fact.version,
            fees={(line.code, line.modifier): line.charge_cents for line in fact.lines},
        )
        for (tenant, schedule), fact in newest.items()
    ]
    await masters.keep_schedules(tx, schedules)
