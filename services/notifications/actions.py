"""What notifications does: take in a statement, begin an attempt, settle its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from services.notifications import repository
from services.notifications.domain import lifecycle, message
from services.notifications.domain.lifecycle import Channel, Outcome, Status
from services.notifications.repository import BODY_PLACE, SERVICE, Notification
from shared import clock, ids
from shared.database import Transaction
from shared.errors import Refused
from shared.events.envelope import Envelope, Origin
from shared.events.notifications import NotificationFailed, NotificationSent
from shared.events.payments import StatementBody, StatementIssued
from shared.sealing import Cell

DELIVER = "deliver"
KIND = "statement_ready"


class Attempt(NamedTuple):
    """Everything an attempt needs, read under lock before the channel is called."""

    notification: Notification
    statement: StatementBody
    document: bytes | None
    message_id: str


def _opened(tx: Transaction, envelope: Envelope[StatementIssued]) -> Notification:
    fact = envelope.data
    statement = tx.keys.open_event(envelope.tenant_id, fact.body, StatementBody)
    if not message.total_matches(statement) or statement.amount_due_cents != fact.amount_cents:
        raise Refused("statement_total", "The lines of a statement do not add up to its amount.")
    channel = Channel.EMAIL if statement.recipient_email else Channel.PAPER
    notification_id = ids.derived(fact.statement_id, f"{KIND}:{channel}")
    at = clock.business()
    return Notification(
        tenant_id=envelope.tenant_id,
        id=notification_id,
        practice_id=envelope.practice_id,
        correlation_id=envelope.correlation_id,
        kind=KIND,
        channel=channel,
        subject_id=fact.statement_id,
        account_id=fact.account_id,
        patient_id=fact.patient_id,
        status=lifecycle.move(Status.REQUESTED, Status.QUEUED),
        reason="",
        attempt=1,
        amount_cents=fact.amount_cents,
        body_sealed=tx.keys.seal_column(
            Cell(SERVICE, envelope.tenant_id, BODY_PLACE, notification_id), statement
        ),
        document_sealed=None,
        created_at=at,
        updated_at=at,
    )


async def request_statements(tx: Transaction, events: Sequence[Envelope[StatementIssued]]) -> None:
    """Queue one notification per statement; a delivery job will carry it out.

    Refused(`statement_total`) when a statement's lines do not add up to its amount.
    """
    made = [_opened(tx, envelope) for envelope in events]
    now = clock.business()
    stored = await repository.insert(tx, made, now)
    for envelope, notification in zip(events, made, strict=True):
        if notification.id in stored:
            stored.discard(notification.id)  # told again in the same batch: sent once
            tx.schedule(DELIVER, notification.id, due_at=now, cause=envelope)


async def begin(tx: Transaction, wanted: Sequence[tuple[UUID, UUID]]) -> list[Attempt]:
    """Record a starting conversation for each queued notification and say what to send.

    A statement for paper needs no conversation: it is rendered and waits to be mailed.
    """
    queued = [
        notification
        for notification in await repository.load(tx, wanted)
        if notification.status is Status.QUEUED
    ]
    attempts = [
        Attempt(
            notification,
            repository.statement(tx, notification),
            repository.document(tx, notification),
            _message_id(notification),
        )
        for notification in queued
    ]
    mailed = [
        (attempt.notification, attempt.message_id)
        for attempt in attempts
        if attempt.notification.channel is Channel.EMAIL
    ]
    await repository.start_deliveries(tx, mailed, at=clock.system())
    return attempts


def _message_id(notification: Notification) -> str:
    unique = ids.derived(notification.id, f"{notification.channel}:{notification.attempt}")
    return f"<{unique}@claimstream.invalid>"


async def keep_documents(tx: Transaction, rendered: Sequence[tuple[Notification, bytes]]) -> None:
    """Keep what was rendered, so that every later look shows the same bytes."""
    await repository.keep_documents(tx, rendered, at=clock.business())


async def settle(
    tx: Transaction, ended: Sequence[tuple[Notification, Outcome, str]]
) -> dict[UUID, lifecycle.Verdict]:
    """Record attempts' outcomes, each with its code, and publish what they mean.

    Says of each notification whether to try again.
    """
    told = {notification.id: (outcome, code) for notification, outcome, code in ended}
    wanted = [(notification.tenant_id, notification.id) for notification, _, _ in ended]
    current = await repository.load(tx, wanted)
    held = await repository.end_deliveries(
        tx, [(each, *told[each.id]) for each in current], at=clock.system()
    )
    verdicts = {
        each.id: lifecycle.verdict(told[each.id][0], each.attempt, held[each.id])
        for each in current
    }
    after = [(_as_decided(each, verdicts[each.id]), told[each.id][1]) for each in current]
    await repository.settle(tx, after, at=clock.business())
    for each in current:
        _announce(tx, each, verdicts[each.id].status, code=told[each.id][1])
    return verdicts


def _as_decided(notification: Notification, verdict: lifecycle.Verdict) -> Notification:
    return notification._replace(status=verdict.status, attempt=verdict.next_attempt)


async def mark_mailed(tx: Transaction, notification: Notification) -> Notification:
    """A person put the printed statement into the mail; Conflict unless it was queued on paper."""
    [current] = await repository.load(tx, [(notification.tenant_id, notification.id)])
    sent = current._replace(
        status=lifecycle.move(current.status, Status.SENT), updated_at=clock.business()
    )
    await repository.settle(tx, [(sent, "mailed")], at=sent.updated_at)
    _announce(tx, current, Status.SENT, code="mailed")
    return sent


def _announce(tx: Transaction, notification: Notification, status: Status, *, code: str) -> None:
    origin = Origin(
        notification.tenant_id,
        notification.practice_id,
        notification.correlation_id,
        notification.id,
    )
    told: dict[str, Any] = {
        "notification_id": notification.id,
        "subject_id": notification.subject_id,
        "kind": notification.kind,
        "channel": notification.channel.value,
        "attempt": notification.attempt,
    }
    if status is Status.SENT:
        tx.publish(NotificationSent(**told), subject=notification.id, caused_by=origin)
    elif status is Status.FAILED:
        tx.publish(
            NotificationFailed(**told, reason=code), subject=notification.id, caused_by=origin
        )
