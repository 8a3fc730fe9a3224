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
    attempts = []
    for notification in await repository.load(tx, wanted):
        if notification.status is not Status.QUEUED:
            continue
        unique = ids.derived(notification.id, f"{notification.channel}:{notification.attempt}")
        attempt = Attempt(
            notification,
            repository.statement(tx, notification),
            repository.document(tx, notification),
            f"<{unique}@claimstream.invalid>",
        )
        if notification.channel is Channel.EMAIL:
            await repository.start_delivery(
                tx, notification, message_id=attempt.message_id, at=clock.system()
            )
        attempts.append(attempt)
    return attempts


async def keep_document(tx: Transaction, notification: Notification, document: bytes) -> None:
    """Keep what was rendered, so that every later look shows the same bytes."""
    await repository.keep_document(tx, notification, document, at=clock.business())


async def settle(
    tx: Transaction, notification: Notification, outcome: Outcome, *, code: str
) -> lifecycle.Verdict:
    """Record an attempt's outcome, publish what it means, and say whether to try again."""
    [current] = await repository.load(tx, [(notification.tenant_id, notification.id)])
    held = await repository.end_delivery(tx, current, outcome=outcome, code=code, at=clock.system())
    verdict = lifecycle.verdict(outcome, current.attempt, held)
    after = current._replace(status=verdict.status, attempt=verdict.next_attempt)
    await repository.settle(tx, after, reason=code, at=clock.business())
    _announce(tx, current, verdict.status, code=code)
    return verdict


async def mark_mailed(tx: Transaction, notification: Notification) -> Notification:
    """A person put the printed statement into the mail; Conflict unless it was queued on paper."""
    [current] = await repository.load(tx, [(notification.tenant_id, notification.id)])
    sent = current._replace(
        status=lifecycle.move(current.status, Status.SENT), updated_at=clock.business()
    )
    await repository.settle(tx, sent, reason="mailed", at=sent.updated_at)
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
