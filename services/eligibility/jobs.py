"""Due inquiries: ask the clearinghouse in batches between transactions, record the answers."""

from __future__ import annotations

from itertools import chain
from typing import cast
from uuid import UUID

from services.eligibility import actions
from services.eligibility.actions import INQUIRE
from services.eligibility.channels.clearinghouse import INQUIRY, Clearinghouse
from services.eligibility.domain.check import Inquiry
from services.eligibility.settings import EligibilitySettings
from shared import clock
from shared.messaging import due
from shared.messaging.due import DueItem
from shared.outside import CircuitOpen
from shared.service import Workplace


async def inquire(workplace: Workplace) -> int:
    """Ask about due checks, one 270 per practice and payer; returns how many were settled.

    Where the clearinghouse does not get on, the checks not yet asked about stay due as they are.
    """
    if not _clearinghouse(workplace).partner.admits(INQUIRY):
        return 0
    settings = _settings(workplace)
    items = await due.take(
        workplace.database,
        INQUIRE,
        limit=settings.inquiry_batch,
        lease_seconds=settings.inquiry_batch * settings.inquiry_timeout_seconds + 60,
    )
    if not items:
        return 0
    async with workplace.database.pipeline({item.tenant_id for item in items}) as tx:
        inquiries = await actions.begin(tx, [(item.tenant_id, item.subject) for item in items])
        asked = {one.check.id for one in inquiries}
        await due.done(tx, INQUIRE, [item for item in items if item.subject not in asked])
    by_id = {item.subject: item for item in items}
    begun = {one.check.id: one for one in inquiries}
    batches = _batches([begun[check] for check in by_id if check in begun])
    for place, batch in enumerate(batches):
        try:
            await _ask(workplace, batch, by_id)
        except CircuitOpen:
            waiting = list(chain.from_iterable(batches[place:]))
            await _put_back(workplace, waiting, by_id)
            return len(items) - len(waiting)
    return len(items)


def _batches(inquiries: list[Inquiry]) -> list[list[Inquiry]]:
    """One 270 has one source and one receiver: a batch per tenant, practice and payer."""
    groups: dict[tuple[UUID, UUID, UUID], list[Inquiry]] = {}
    for one in inquiries:
        place = (one.check.tenant_id, one.check.practice_id, one.check.payer_id)
        groups.setdefault(place, []).append(one)
    return list(groups.values())


async def _ask(workplace: Workplace, batch: list[Inquiry], items: dict[UUID, DueItem]) -> None:
    told = await _clearinghouse(workplace).ask(batch, at=clock.business())
    tenant_of = {one.check.id: one.check.tenant_id for one in batch}
    async with workplace.database.pipeline(set(tenant_of.values())) as tx:
        again = await actions.record(tx, tenant_of, told)
        await due.done(tx, INQUIRE, [items[check] for check in tenant_of if check not in again])
        for check, seconds in again.items():
            await due.again(tx, INQUIRE, [items[check]], after_seconds=seconds)


async def _put_back(
    workplace: Workplace, waiting: list[Inquiry], items: dict[UUID, DueItem]
) -> None:
    async with workplace.database.pipeline({one.check.tenant_id for one in waiting}) as tx:
        await actions.put_back(tx, waiting)
    await due.give_back(workplace.database, INQUIRE, [items[one.check.id] for one in waiting])


def _clearinghouse(workplace: Workplace) -> Clearinghouse:
    return workplace.outside("clearinghouse", lambda: Clearinghouse(_settings(workplace)))


def _settings(workplace: Workplace) -> EligibilitySettings:
    return cast(EligibilitySettings, workplace.settings)
