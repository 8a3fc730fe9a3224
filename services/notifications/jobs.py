"""Due deliveries: render, talk to the mail relay between transactions, record the answer."""

from __future__ import annotations

import asyncio
from typing import cast

from services.notifications import actions
from services.notifications.actions import DELIVER, Attempt
from services.notifications.channels import documents, smtp
from services.notifications.domain import message
from services.notifications.domain.lifecycle import Channel
from services.notifications.settings import NotificationsSettings
from shared.messaging import due
from shared.messaging.due import DueItem
from shared.service import Workplace


async def deliver(workplace: Workplace) -> int:
    """Take up due notifications and bring each one step further; returns how many."""
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
    for attempt in attempts:
        await _carry_out(workplace, attempt, by_id[attempt.notification.id])
    return len(items)


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
