"""Due deliveries: render, talk to the mail relay between transactions, record the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from services.notifications import actions
from services.notifications.actions import DELIVER, Attempt
from services.notifications.channels import documents, smtp
from services.notifications.domain import message
from services.notifications.domain.lifecycle import Channel
from services.notifications.settings import NotificationsSettings
from shared.database import Database
from shared.messaging import due
from shared.messaging.due import DueItem
from shared.service import Workplace

AFTER_A_FAILURE_SECONDS = 10.0
"""When what failed in our own house, not at the relay, is taken up again."""


async def deliver(workplace: Workplace) -> int:
    """Take up due notifications and bring each one step further, several at once; how many.

    One that fails is due again later, holds up no other, and its error is raised at the end.
    """
    settings = cast(NotificationsSettings, workplace.settings)
    database = workplace.database
    items = await due.take(
        database,
        DELIVER,
        limit=settings.deliver_batch,
        lease_seconds=settings.deliver_batch * settings.smtp_timeout_seconds + 60,
    )
    if not items:
        return 0
    by_id = {item.subject: item for item in items}
    async with database.pipeline({item.tenant_id for item in items}) as tx:
        attempts = await actions.begin(tx, [(item.tenant_id, item.subject) for item in items])
        started = {attempt.notification.id for attempt in attempts}
        await due.done(tx, DELIVER, [item for item in items if item.subject not in started])
    places = asyncio.Semaphore(settings.deliver_at_once)

    async def one(attempt: Attempt) -> None:
        async with places:
            await _carry_out(workplace, attempt, by_id[attempt.notification.id])

    outcomes = await asyncio.gather(*map(one, attempts), return_exceptions=True)
    failed = {
        attempt.notification.id: outcome
        for attempt, outcome in zip(attempts, outcomes, strict=True)
        if outcome is not None
    }
    if failed:
        await _put_off(database, [by_id[each] for each in failed])
        raise next(iter(failed.values()))
    return len(items)


async def _put_off(database: Database, items: Sequence[DueItem]) -> None:
    async with database.pipeline({item.tenant_id for item in items}) as tx:
        await due.again(tx, DELIVER, items, after_seconds=AFTER_A_FAILURE_SECONDS)


async def _carry_out(workplace: Workplace, attempt: Attempt, item: DueItem) -> None:
    settings = cast(NotificationsSettings, workplace.settings)
    notification, statement = attempt.notification, attempt.statement
    document = attempt.document
    if document is None:
        document = await asyncio.to_thread(documents.statement_pdf, statement)
        async with workplace.database.pipeline([notification.tenant_id]) as tx:
            await actions.keep_document(tx, notification, document)
            if notification.channel is Channel.PAPER:
                await due.done(tx, DELIVER, [item])
    if notification.channel is Channel.PAPER:
        return
    password = message.open_password(statement.patient_birth_date)
    email = message.Email(
        sender=settings.mail_sender,
        recipient=statement.recipient_email,
        message_id=attempt.message_id,
        subject=message.SUBJECT,
        body=message.cover_text(statement),
        attachment=await asyncio.to_thread(documents.protected, document, password),
        attachment_name="statement.pdf",
    )
    answer = await smtp.send(email, settings)
    async with workplace.database.pipeline([notification.tenant_id]) as tx:
        verdict = await actions.settle(tx, notification, answer.outcome, code=answer.code)
        if verdict.again_after_seconds is None:
            await due.done(tx, DELIVER, [item])
        else:
            await due.again(tx, DELIVER, [item], after_seconds=verdict.again_after_seconds)
