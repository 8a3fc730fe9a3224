"""Due deliveries: render, talk to the mail relay between transactions, record the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple, cast

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
from shared.service.together import Failures, together

AFTER_A_FAILURE_SECONDS = 10.0
"""When what failed in our own house, not at the relay, is taken up again."""


class Letter(NamedTuple):
    """A document to be sent or laid ready, and the intention behind it."""

    item: DueItem
    attempt: Attempt
    document: bytes


class Answered(NamedTuple):
    """A letter that was handed to the relay, and what the relay said."""

    letter: Letter
    answer: smtp.Answer


async def deliver(workplace: Workplace) -> int:
    """Take up due notifications and bring each one step further, several at once; how many.

    One that fails is due again later, holds up no other, and its error is raised at the end.
    """
    settings, database = _settings(workplace), workplace.database
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
    letters, failed = await _rendered(
        settings, [(by_id[each.notification.id], each) for each in attempts]
    )
    unkept = await together(letters, lambda some: _keep(database, some))
    failed += [(letter.item, error) for letter, error in unkept]
    failed += await _send(workplace, _to_be_mailed(letters, {item.subject for item, _ in failed}))
    if failed:
        await _put_off(database, [item for item, _ in failed])
        raise failed[0][1]
    return len(items)


def _settings(workplace: Workplace) -> NotificationsSettings:
    return cast(NotificationsSettings, workplace.settings)


async def _put_off(database: Database, items: Sequence[DueItem]) -> None:
    async with database.pipeline({item.tenant_id for item in items}) as tx:
        await due.again(tx, DELIVER, items, after_seconds=AFTER_A_FAILURE_SECONDS)


async def _rendered(
    settings: NotificationsSettings, attempts: Sequence[tuple[DueItem, Attempt]]
) -> tuple[list[Letter], Failures[DueItem]]:
    """The letters whose document could be made, and what went wrong with the others."""
    places = asyncio.Semaphore(settings.deliver_at_once)

    async def one(attempt: Attempt) -> bytes:
        if attempt.document is not None:
            return attempt.document
        async with places:
            return await asyncio.to_thread(documents.statement_pdf, attempt.statement)

    made = await asyncio.gather(*(one(each) for _, each in attempts), return_exceptions=True)
    letters: list[Letter] = []
    failed: Failures[DueItem] = []
    for (item, attempt), document in zip(attempts, made, strict=True):
        if isinstance(document, bytes):
            letters.append(Letter(item, attempt, document))
        elif isinstance(document, Exception):
            failed.append((item, document))
        else:
            raise document
    return letters, failed


async def _keep(database: Database, letters: Sequence[Letter]) -> None:
    """Keep what was rendered now; a statement for paper waits for a person from here on."""
    new = [
        (letter.attempt.notification, letter.document)
        for letter in letters
        if letter.attempt.document is None
    ]
    on_paper = [letter.item for letter in letters if _channel(letter) is Channel.PAPER]
    if new or on_paper:
        async with database.pipeline({letter.item.tenant_id for letter in letters}) as tx:
            await actions.keep_documents(tx, new)
            await due.done(tx, DELIVER, on_paper)


def _channel(letter: Letter) -> Channel:
    return letter.attempt.notification.channel


def _to_be_mailed(letters: Sequence[Letter], failed: Collection[object]) -> list[Letter]:
    return [
        letter
        for letter in letters
        if _channel(letter) is Channel.EMAIL and letter.item.subject not in failed
    ]


async def _send(workplace: Workplace, letters: Sequence[Letter]) -> Failures[DueItem]:
    """Talk to the relay, several at once; those that end together are recorded together."""
    settings = _settings(workplace)
    places = asyncio.Semaphore(settings.deliver_at_once)
    item_of = {asyncio.create_task(_one(each, places, settings)): each.item for each in letters}
    failed: Failures[DueItem] = []
    running = set(item_of)
    while running:
        ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        errors = {task: error for task in ended if (error := task.exception()) is not None}
        answers = [task.result() for task in item_of if task in ended - set(errors)]
        try:
            unsettled = await together(answers, lambda some: _settle(workplace.database, some))
        except Exception as error:  # noqa: BLE001 - the others still talk to the relay
            unsettled = [(each, error) for each in answers]
        failed += [(item_of[task], _as_failure(error)) for task, error in errors.items()]
        failed += [(each.letter.item, error) for each, error in unsettled]
    return failed


def _as_failure(error: BaseException) -> Exception:
    if not isinstance(error, Exception):
        raise error
    return error


async def _one(
    letter: Letter, places: asyncio.Semaphore, settings: NotificationsSettings
) -> Answered:
    statement = letter.attempt.statement
    password = message.open_password(statement.patient_birth_date)
    async with places:
        email = message.Email(
            sender=settings.mail_sender,
            recipient=statement.recipient_email,
            message_id=letter.attempt.message_id,
            subject=message.SUBJECT,
            body=message.cover_text(statement),
            attachment=await asyncio.to_thread(documents.protected, letter.document, password),
            attachment_name="statement.pdf",
        )
        return Answered(letter, await smtp.send(email, settings))


async def _settle(database: Database, answers: Sequence[Answered]) -> None:
    async with database.pipeline({each.letter.item.tenant_id for each in answers}) as tx:
        verdicts = await actions.settle(
            tx,
            [
                (each.letter.attempt.notification, each.answer.outcome, each.answer.code)
                for each in answers
            ],
        )
        ended: list[DueItem] = []
        for each in answers:
            item = each.letter.item
            wait = verdicts[item.subject].again_after_seconds
            if wait is None:
                ended.append(item)
            else:
                await due.again(tx, DELIVER, [item], after_seconds=wait)
        await due.done(tx, DELIVER, ended)
