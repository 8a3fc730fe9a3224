"""Door three, time: send what is ready, ask the mailbox, hold what waits for a verdict too long.

Each job leases due work, calls the outside between transactions, and records the outcome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import chain, groupby
from typing import cast
from uuid import UUID

from services.claims.actions import acknowledging, drafting, submitting
from services.claims.actions.beginning import SUBMIT
from services.claims.actions.drafting import HOLD_WITHOUT_VERDICT, Patience
from services.claims.actions.learning import POLL_MAILBOX
from services.claims.actions.submitting import SEND_BATCH
from services.claims.channels.answers import read_answers
from services.claims.channels.claim_file import write_file
from services.claims.channels.clearinghouse import (
    CLAIMS,
    KINDS,
    MAILBOX,
    Clearinghouse,
    Fetched,
    Listed,
)
from services.claims.domain.claim import Key
from services.claims.domain.sending import BatchStatus, Sending, Unwritable
from services.claims.repository import mailbox, master_data, sending
from services.claims.repository.mailbox import File
from services.claims.settings import ClaimsSettings
from shared import clock, telemetry
from shared.errors import Refused, TryAgain
from shared.messaging import due
from shared.messaging.due import DueItem
from shared.outside import CircuitOpen
from shared.service import Workplace

BATCHES_AT_ONCE = 10
TENANTS_AT_ONCE = 50
FILES_TOGETHER = 10
"""Mailbox files kept or applied in one transaction."""

LONGEST_BACK_OFF, BACK_OFF_OF_ALL = 6, 1
"""Doublings of the back-off before a batch is sent again: for trouble of its own, or of all."""


def _settings(workplace: Workplace) -> ClaimsSettings:
    return cast(ClaimsSettings, workplace.settings)


def _clearinghouse(workplace: Workplace) -> Clearinghouse:
    return workplace.outside("clearinghouse", lambda: Clearinghouse(_settings(workplace)))


async def submit_ready_claims(workplace: Workplace) -> int:
    """Put ready claims into batches, one 837P per tenant and practice."""
    limit = _settings(workplace).claims_per_batch
    items = await due.take(workplace.database, SUBMIT, limit=limit)
    items.sort(key=_place)
    for place, group in groupby(items, key=_place):
        await _submit(workplace, place[0], list(group))
    return len(items)


def _place(item: DueItem) -> tuple[UUID, UUID]:
    return item.tenant_id, item.practice_id


async def _submit(workplace: Workplace, tenant_id: UUID, items: Sequence[DueItem]) -> None:
    receiver = _settings(workplace).clearinghouse_id
    keys = [Key(tenant_id, item.subject) for item in items]

    def write(what: Sending) -> bytes:
        return write_file(what, receiver)

    try:
        async with workplace.database.pipeline([tenant_id]) as tx:
            await submitting.make_batch(tx, keys, write)
            await due.done(tx, SUBMIT, items)
    except Unwritable as unwritable:
        async with workplace.database.pipeline([tenant_id]) as tx:
            await submitting.block_unwritable(tx, unwritable.claims)
            await due.again(tx, SUBMIT, items, after_seconds=0)
    except TryAgain as away:
        async with workplace.database.pipeline([tenant_id]) as tx:
            await due.again(tx, SUBMIT, items, after_seconds=away.retry_after_seconds)


async def send_batches(workplace: Workplace) -> int:
    """Hand batches over, each under its own id until its outcome is known; how many were tried.

    Where the clearinghouse does not get on, they stay due as they are.
    """
    if not _clearinghouse(workplace).partner.admits(CLAIMS):
        return 0
    lease = BATCHES_AT_ONCE * _settings(workplace).clearinghouse_timeout_seconds + 60
    items = await due.take(
        workplace.database, SEND_BATCH, limit=BATCHES_AT_ONCE, lease_seconds=lease
    )
    for place, item in enumerate(items):
        try:
            await _send(workplace, item)
        except CircuitOpen:
            await due.give_back(workplace.database, SEND_BATCH, items[place:])
            return place
    return len(items)


async def _send(workplace: Workplace, item: DueItem) -> None:
    database, clearinghouse = workplace.database, _clearinghouse(workplace)
    key = Key(item.tenant_id, item.subject)
    async with database.pipeline([item.tenant_id]) as tx:
        batch = await sending.batch(tx, *key)
        if batch is None or batch.status not in {BatchStatus.MADE, BatchStatus.UNKNOWN}:
            await due.done(tx, SEND_BATCH, [item])
            return
    ending = await clearinghouse.hand_over(batch.id, batch.content)
    longest = LONGEST_BACK_OFF if clearinghouse.partner.admits(CLAIMS) else BACK_OFF_OF_ALL
    wait = _settings(workplace).retry_seconds * 2 ** min(item.attempt, longest)
    async with database.pipeline([item.tenant_id]) as tx:
        if ending is not None:
            await submitting.handed_over(tx, key, ending)
        if ending is None or ending.status is BatchStatus.UNKNOWN:
            await due.again(tx, SEND_BATCH, [item], after_seconds=wait)
        else:
            await due.done(tx, SEND_BATCH, [item])


async def poll_mailboxes(workplace: Workplace) -> int:
    """Ask each billing company's mailbox; how many files were found."""
    if not _clearinghouse(workplace).partner.admits(MAILBOX):
        return 0
    items = await due.take(
        workplace.database, POLL_MAILBOX, limit=TENANTS_AT_ONCE, lease_seconds=600
    )
    found = 0
    for place, item in enumerate(items):
        wait = _settings(workplace).mailbox_poll_seconds
        try:
            count, is_all = await _poll(workplace, item.tenant_id)
            wait = wait if is_all else 0
        except CircuitOpen:
            await due.give_back(workplace.database, POLL_MAILBOX, items[place:])
            return found
        except TryAgain as away:
            telemetry.log.warning("a mailbox does not answer", exc_info=away)
            count, wait = 0, max(wait, away.retry_after_seconds)
        async with workplace.database.pipeline([item.tenant_id]) as tx:
            await due.again(tx, POLL_MAILBOX, [item], after_seconds=wait)
        found += count
    return found


async def _poll(workplace: Workplace, tenant_id: UUID) -> tuple[int, bool]:
    """Keep what is new, then apply what is kept; how many files were new, and if that was all."""
    database, clearinghouse = workplace.database, _clearinghouse(workplace)
    limit = _settings(workplace).mailbox_files
    async with database.pipeline([tenant_id]) as tx:
        submitter = await master_data.submitter(tx, tenant_id)
        last = await mailbox.last_sequences(tx, tenant_id)
    if submitter is None:
        return 0, True
    listings: list[list[Listed]] = []
    for kind in KINDS:
        after = last.get(kind, 0)
        listings.append(
            await clearinghouse.listing(submitter.edi_id, kind, after=after, limit=limit)
        )
    listed = list(chain.from_iterable(listings))
    for start in range(0, len(listed), FILES_TOGETHER):
        await _collect(workplace, tenant_id, listed[start : start + FILES_TOGETHER])
    together = FILES_TOGETHER
    while together:
        together = await _apply_next(workplace, tenant_id, limit=together)
    return len(listed), all(len(each) < limit for each in listings)


async def _collect(workplace: Workplace, tenant_id: UUID, listed: Sequence[Listed]) -> None:
    """Fetch files and keep them together; those before one that does not come are kept too."""
    clearinghouse, fetched = _clearinghouse(workplace), list[Fetched]()
    try:
        for each in listed:
            fetched.append(await clearinghouse.fetch(each))
    finally:
        await _keep(workplace, tenant_id, fetched)
        for file in fetched:
            await clearinghouse.thank(file.listed)


async def _keep(workplace: Workplace, tenant_id: UUID, fetched: Sequence[Fetched]) -> None:
    files = [
        File(
            tenant_id,
            listed.id,
            listed.kind,
            listed.sequence,
            hashlib.sha256(content).hexdigest(),
            content,
            clock.business(),
        )
        for listed, content, _ in fetched
    ]
    problems = {each.listed.id: each.problem for each in fetched if each.problem}
    async with workplace.database.pipeline([tenant_id]) as tx:
        for file in await mailbox.keep_files(tx, files):
            if problem := problems.get(file.file_id):
                await mailbox.files_applied(tx, [file], at=clock.business(), problem=problem)


async def _apply_next(workplace: Workplace, tenant_id: UUID, *, limit: int) -> int:
    """Apply the oldest files that wait, together; how many to take next, 0 when none waited.

    Where they cannot be applied together, each is applied by itself; one that cannot be applied
    even then is kept with its problem.
    """
    problem, files = "", list[File]()
    try:
        async with workplace.database.pipeline([tenant_id]) as tx:
            files = await mailbox.waiting_files(tx, tenant_id, limit=limit)
            said = [(file, read_answers(file.id, file.content)) for file in files]
            if said:
                await acknowledging.apply_files(tx, said)
    except TryAgain:
        raise
    except Refused as refused:
        problem = refused.code
    except Exception as error:  # noqa: BLE001 - one file must not stop the mailbox
        if len(files) == 1:
            telemetry.log.error("a mailbox file could not be applied", exc_info=error)
        problem = f"bug:{type(error).__name__}"
    if problem and len(files) > 1:
        return 1
    if problem:
        async with workplace.database.pipeline([tenant_id]) as tx:
            await mailbox.files_applied(tx, files, at=clock.business(), problem=problem)
    return FILES_TOGETHER if files else 0


async def hold_without_verdict(workplace: Workplace) -> int:
    """Coded encounters whose verdict never came: their claims are made and held."""
    settings = _settings(workplace)
    items = await due.take(workplace.database, HOLD_WITHOUT_VERDICT, limit=settings.batch_size)
    if items:
        async with workplace.database.pipeline({item.tenant_id for item in items}) as tx:
            keys = [Key(item.tenant_id, item.subject) for item in items]
            patience = Patience(settings.verdict_wait_hours, settings.undo_window_seconds)
            await drafting.hold_without_verdict(tx, keys, patience)
            await due.done(tx, HOLD_WITHOUT_VERDICT, items)
    return len(items)
