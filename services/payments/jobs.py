"""Due work: collect remittances and deposits, post claims, issue statements; show the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import cast
from uuid import UUID

from services.payments.actions import funds, intake, posting, statements, waking
from services.payments.actions.intake import IncomingFile
from services.payments.channels.clearinghouse import (
    DEPOSITS,
    REMITTANCES,
    Clearinghouse,
    Shown,
    clearinghouse,
)
from services.payments.channels.remittance_835 import read_835
from services.payments.domain.lifecycle import DepositStatus
from services.payments.repository import deposits, ledger, masters, remittances
from services.payments.repository.deposits import Deposit
from services.payments.settings import PaymentsSettings
from shared import clock, ids, telemetry
from shared.errors import Refused, TryAgain
from shared.messaging import due
from shared.messaging.due import DueItem
from shared.outside import CircuitOpen
from shared.service import Workplace
from shared.service.together import Failures, together

TOGETHER = 50
INVARIANTS = ("ledger_sums_to_zero", "balances_equal_entries")
LEASE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 60.0

_log = telemetry.logger("payments.jobs")

Visit = Callable[[Workplace, DueItem], Awaitable[int]]


async def poll_mailbox(workplace: Workplace) -> int:
    """Take in the 835 files of every tenant whose mailbox is due; how many files."""
    if not _partner(workplace).partner.admits(REMITTANCES):
        return 0
    return await _poll(workplace, waking.POLL_MAILBOX, _mailbox)


async def poll_bank(workplace: Workplace) -> int:
    """Take in the deposits of every tenant whose bank is due; how many."""
    if not _partner(workplace).partner.admits(DEPOSITS):
        return 0
    return await _poll(workplace, waking.POLL_BANK, _bank)


async def post_remittances(workplace: Workplace) -> int:
    """Post the claims of due remittances, batch by batch; how many claim payments."""
    settled = 0
    for item in await _take(workplace, waking.POST):
        progress = await _post_batch(workplace, item)
        settled += progress.settled
        while progress.has_more and not workplace.stopping.is_set():
            progress = await _post_batch(workplace, item)
            settled += progress.settled
    return settled


async def _post_batch(workplace: Workplace, item: DueItem) -> posting.Progress:
    """One batch and, in the same transaction, when the remittance is looked at again, if ever."""
    settings = _settings(workplace)
    async with workplace.database.pipeline([item.tenant_id]) as tx:
        progress = await posting.post_remittance(
            tx,
            item.subject,
            limit=settings.post_batch,
            unmatched_after_seconds=settings.unmatched_after_seconds,
        )
        if not progress.waiting:
            await due.done(tx, waking.POST, [item])
        elif not progress.has_more:
            pause = _pause(settings, item)
            await due.again(tx, waking.POST, [item], after_seconds=pause)
        return progress


async def plan_statements(workplace: Workplace) -> int:
    """Give each account that may owe something its day; how many."""
    delay = _settings(workplace).statement_delay_days
    items = await _take(workplace, waking.PLAN_STATEMENT)
    if items:
        async with workplace.database.pipeline({item.tenant_id for item in items}) as tx:
            for item in items:
                statements.plan(tx, item.subject, delay_days=delay, cause=item.origin())
            await due.done(tx, waking.PLAN_STATEMENT, items)
    return len(items)


async def issue_statements(workplace: Workplace) -> int:
    """Decide the statements whose day has come; how many accounts were looked at."""
    items = await _take(workplace, waking.ISSUE_STATEMENT)
    items.sort(key=_tenant_of)
    failed: Failures[DueItem] = []
    for _, group in groupby(items, key=_tenant_of):
        failed += await together(list(group), lambda some: _issue(workplace, some))
    if failed:
        raise failed[0][1]
    return len(items)


def _tenant_of(item: DueItem) -> UUID:
    return item.tenant_id


async def _issue(workplace: Workplace, items: Sequence[DueItem]) -> None:
    """Statements of accounts of one tenant, in one transaction."""
    settings = _settings(workplace)
    async with workplace.database.pipeline([items[0].tenant_id]) as tx:
        causes = {item.subject: item.origin() for item in items}
        waiting = await statements.issue(tx, causes, due_days=settings.statement_due_days)
        done = [item for item in items if item.subject not in waiting]
        await due.done(tx, waking.ISSUE_STATEMENT, done)
        for item in items:
            if item.subject in waiting:
                pause = _pause(settings, item)
                await due.again(tx, waking.ISSUE_STATEMENT, [item], after_seconds=pause)


async def show_ledger(workplace: Workplace) -> int:
    """Show whether the ledger's promises hold, summed up: a cheap look, for an alert."""
    imbalance = difference = 0
    for tenants in await _some_tenants_each(workplace):
        async with workplace.database.pipeline(tenants) as tx:
            found = await ledger.check(tx)
        imbalance += found.imbalance_cents
        difference += found.difference_cents
    service = workplace.service
    telemetry.gauge("rcm_ledger_imbalance_cents", imbalance, service=service)
    for invariant, cents in zip(INVARIANTS, (imbalance, difference), strict=True):
        telemetry.gauge("rcm_invariant_ok", int(not cents), service=service, invariant=invariant)
    return 0


async def show_unposted(workplace: Workplace) -> int:
    """Show how long the oldest 835 with something to post is here."""
    oldest = clock.business()
    for tenants in await _some_tenants_each(workplace):
        async with workplace.database.pipeline(tenants) as tx:
            oldest = min(oldest, await remittances.unposted_since(tx) or oldest)
    age = (clock.business() - oldest).total_seconds()
    telemetry.gauge("rcm_remit_unposted_age_seconds", age, service=workplace.service)
    return 0


async def _some_tenants_each(workplace: Workplace) -> list[list[UUID]]:
    """All tenants, so few at a time that each statement stays short."""
    async with workplace.database.pipeline(()) as tx:
        tenants = await masters.polled_tenants(tx, waking.POLL_MAILBOX)
    return [tenants[first : first + TOGETHER] for first in range(0, len(tenants), TOGETHER)]


async def _poll(workplace: Workplace, job: str, visit: Visit) -> int:
    """Visit for every due tenant; a partner that is away for one holds up no other.

    Where it is away for everybody, those not yet visited stay due as they are.
    """
    found, items = 0, await _take(workplace, job)
    for place, item in enumerate(items):
        pause = _settings(workplace).mailbox_poll_seconds
        try:
            seen = await visit(workplace, item)
        except CircuitOpen:
            await due.give_back(workplace.database, job, items[place:])
            return found
        except (TryAgain, Refused) as failure:
            _log.warning("poll_failed", job=job, error=type(failure).__name__)
            seen = 0
        async with workplace.database.pipeline([item.tenant_id]) as tx:
            is_full = seen >= _settings(workplace).mailbox_batch
            await due.again(tx, job, [item], after_seconds=0.0 if is_full else pause)
        found += seen
    return found


async def _mailbox(workplace: Workplace, item: DueItem) -> int:
    """Files in the order of the mailbox, each in its own transaction, confirmed once it is safe."""
    partner = _partner(workplace)
    async with workplace.database.pipeline([item.tenant_id]) as tx:
        edi_id = await masters.edi_id(tx, item.tenant_id)
        after = await remittances.cursor(tx, item.tenant_id, intake.KIND)
    if edi_id is None:
        return 0
    limit = _settings(workplace).mailbox_batch
    listed = await partner.files(edi_id, after=after, limit=limit)
    for each in listed:
        content = await partner.file(each)
        read = await asyncio.to_thread(read_835, content)
        file = IncomingFile(
            file_id=each.id,
            content=content,
            sequence=each.sequence,
            read=read.remittances,
            refused=read.refused,
        )
        async with workplace.database.pipeline([item.tenant_id]) as tx:
            await intake.take_file(tx, file)
        await partner.acknowledge(each.id)
    return len(listed)


async def _bank(workplace: Workplace, item: DueItem) -> int:
    async with workplace.database.pipeline([item.tenant_id]) as tx:
        edi_id = await masters.edi_id(tx, item.tenant_id)
        after = await deposits.cursor(tx, item.tenant_id)
    if edi_id is None:
        return 0
    shown = await _partner(workplace).deposits(edi_id, after=after)
    if not shown:
        return 0
    async with workplace.database.pipeline([item.tenant_id]) as tx:
        await funds.take_deposits(tx, [_deposit(item, each) for each in shown])
    return len(shown)


def _deposit(item: DueItem, shown: Shown) -> Deposit:
    return Deposit(
        tenant_id=item.tenant_id,
        id=ids.derived(item.tenant_id, f"deposit:{shown.id}"),
        practice_id=ids.NIL,
        bank_id=shown.id,
        sequence=shown.sequence,
        trace=shown.trace,
        amount_cents=shown.amount_cents,
        received_on=shown.date,
        payer_code=shown.payer_code,
        status=DepositStatus.RECEIVED.value,
        received_at=clock.business(),
    )


def _partner(workplace: Workplace) -> Clearinghouse:
    return workplace.outside("clearinghouse", lambda: clearinghouse(_settings(workplace)))


async def _take(workplace: Workplace, job: str) -> list[DueItem]:
    return await due.take(workplace.database, job, limit=TOGETHER, lease_seconds=LEASE_SECONDS)


def _pause(settings: PaymentsSettings, item: DueItem) -> float:
    """Twice as long each time, up to a minute."""
    return min(settings.retry_seconds * 2.0 ** min(item.attempt, 10), LONGEST_PAUSE_SECONDS)


def _settings(workplace: Workplace) -> PaymentsSettings:
    return cast(PaymentsSettings, workplace.settings)
