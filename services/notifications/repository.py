"""Every SQL statement of notifications; rows become domain values here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.notifications.domain.lifecycle import Channel, Outcome, Status
from shared.database import Transaction
from shared.errors import NotFound
from shared.events.payments import StatementBody
from shared.sealing import Cell

SERVICE = "notifications"
BODY_PLACE = "notifications.body_sealed"
DOCUMENT_PLACE = "notifications.document_sealed"


class Notification(NamedTuple):
    """One notification with its sealed parts still sealed."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    correlation_id: UUID
    kind: str
    channel: Channel
    subject_id: UUID
    account_id: UUID
    patient_id: UUID
    status: Status
    reason: str
    attempt: int
    amount_cents: int
    body_sealed: str
    document_sealed: str | None
    created_at: datetime
    updated_at: datetime


class Delivery(NamedTuple):
    """One attempt over one channel; conversations counts repeats under the same Message-ID."""

    notification_id: UUID
    channel: Channel
    attempt: int
    conversations: int
    message_id: str
    outcome: str | None
    code: str
    started_at: datetime
    ended_at: datetime | None


COLUMNS = ", ".join(f"n.{name}" for name in Notification._fields)

INSERT = text(
    """
    insert into notifications (tenant_id, id, practice_id, correlation_id, kind, channel,
        subject_id, account_id, patient_id, status, amount_cents, body_sealed, created_at,
        updated_at)
    select tenant_id, id, practice_id, correlation_id, kind, channel, subject_id, account_id,
        patient_id, status, amount_cents, body_sealed, :at, :at
    from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:practices as uuid[]),
        cast(:correlations as uuid[]), cast(:kinds as text[]), cast(:channels as text[]),
        cast(:subjects as uuid[]), cast(:accounts as uuid[]), cast(:patients as uuid[]),
        cast(:statuses as text[]), cast(:amounts as bigint[]), cast(:bodies as text[]))
        as new (tenant_id, id, practice_id, correlation_id, kind, channel, subject_id, account_id,
            patient_id, status, amount_cents, body_sealed)
    on conflict (tenant_id, id) do nothing
    returning id
    """
)

LOAD = text(
    f"""
    select {COLUMNS} from notifications n
    join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        using (tenant_id, id)
    order by n.id for update of n
    """  # noqa: S608 - the column list is a literal of this module
)

START_DELIVERIES = text(
    """
    insert into deliveries (tenant_id, notification_id, channel, attempt, message_id, started_at)
    select tenant_id, id, channel, attempt, message_id, :at
    from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:channels as text[]),
        cast(:attempts as int[]), cast(:message_ids as text[]))
        as new (tenant_id, id, channel, attempt, message_id)
    on conflict (tenant_id, notification_id, channel, attempt) do update
        set conversations = deliveries.conversations + 1, started_at = excluded.started_at,
            outcome = null, ended_at = null
    """
)

END_DELIVERIES = text(
    """
    update deliveries d set outcome = e.outcome, code = e.code, ended_at = :at
    from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:channels as text[]),
        cast(:attempts as int[]), cast(:outcomes as text[]), cast(:codes as text[]))
        as e (tenant_id, id, channel, attempt, outcome, code)
    where d.tenant_id = e.tenant_id and d.notification_id = e.id and d.channel = e.channel
        and d.attempt = e.attempt
    """
)

CONVERSATIONS = text(
    """
    select d.notification_id, sum(d.conversations) as held from deliveries d
    join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (d.tenant_id, d.notification_id) = (wanted.tenant_id, wanted.id)
    group by d.notification_id
    """
)

KEEP_DOCUMENTS = text(
    """
    update notifications n set document_sealed = d.document, updated_at = :at
    from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:documents as text[]))
        as d (tenant_id, id, document)
    where n.tenant_id = d.tenant_id and n.id = d.id
    """
)

SETTLE = text(
    """
    update notifications n set status = s.status, reason = s.reason, attempt = s.attempt,
        updated_at = :at
    from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:statuses as text[]),
        cast(:reasons as text[]), cast(:attempts as int[]))
        as s (tenant_id, id, status, reason, attempt)
    where n.tenant_id = s.tenant_id and n.id = s.id
    """
)

ONE = text(
    f"""
    select {COLUMNS} from notifications n
    where n.id = :id and (cast(:practices as uuid[]) is null
        or n.practice_id = any (cast(:practices as uuid[])))
    """  # noqa: S608 - the column list is a literal of this module
)

BY_SUBJECT = text(
    f"""
    select {COLUMNS} from notifications n
    where n.subject_id = :subject and (cast(:practices as uuid[]) is null
        or n.practice_id = any (cast(:practices as uuid[])))
    order by n.id limit 1
    """  # noqa: S608 - the column list is a literal of this module
)

PAGE = text(
    f"""
    select {COLUMNS} from notifications n
    where (cast(:practices as uuid[]) is null
            or n.practice_id = any (cast(:practices as uuid[])))
        and (cast(:status as text) is null or n.status = :status)
        and (cast(:channel as text) is null or n.channel = :channel)
        and (cast(:account as uuid) is null or n.account_id = cast(:account as uuid))
        and (cast(:after_at as timestamptz) is null
            or (n.created_at, n.id) < (:after_at, cast(:after_id as uuid)))
    order by n.created_at desc, n.id desc limit :limit
    """  # noqa: S608 - the column list is a literal of this module
)

DELIVERIES = text(
    """
    select notification_id, channel, attempt, conversations, message_id, outcome, code,
        started_at, ended_at
    from deliveries where notification_id = :id order by attempt
    """
)


def _scope(practices: Iterable[UUID] | None) -> list[str] | None:
    return None if practices is None else [str(practice) for practice in practices]


def _notification(row: Sequence[object]) -> Notification:
    made = Notification(*row)  # type: ignore[arg-type]
    return made._replace(status=Status(made.status), channel=Channel(made.channel))


async def insert(tx: Transaction, made: Sequence[Notification], at: datetime) -> set[UUID]:
    """Store new notifications; those known already are left alone. Returns the ids stored."""
    columns: dict[str, object] = {
        "tenants": [str(one.tenant_id) for one in made],
        "ids": [str(one.id) for one in made],
        "practices": [str(one.practice_id) for one in made],
        "correlations": [str(one.correlation_id) for one in made],
        "kinds": [one.kind for one in made],
        "channels": [one.channel.value for one in made],
        "subjects": [str(one.subject_id) for one in made],
        "accounts": [str(one.account_id) for one in made],
        "patients": [str(one.patient_id) for one in made],
        "statuses": [one.status.value for one in made],
        "amounts": [one.amount_cents for one in made],
        "bodies": [one.body_sealed for one in made],
        "at": at,
    }
    return {row.id for row in await tx.rows(INSERT, columns)}


def _places(notifications: Sequence[Notification]) -> dict[str, object]:
    return {
        "tenants": [str(each.tenant_id) for each in notifications],
        "ids": [str(each.id) for each in notifications],
    }


def _attempts(notifications: Sequence[Notification]) -> dict[str, object]:
    return {
        **_places(notifications),
        "channels": [each.channel.value for each in notifications],
        "attempts": [each.attempt for each in notifications],
    }


async def load(tx: Transaction, wanted: Sequence[tuple[UUID, UUID]]) -> list[Notification]:
    """Notifications by (tenant, id), locked, in id order."""
    rows = await tx.rows(
        LOAD,
        {
            "tenants": [str(tenant) for tenant, _ in wanted],
            "ids": [str(notification) for _, notification in wanted],
        },
    )
    return [_notification(row) for row in rows]


async def start_deliveries(
    tx: Transaction, begun: Sequence[tuple[Notification, str]], *, at: datetime
) -> None:
    """Record that conversations begin, each under a Message-ID; a repeat of one counts up."""
    if begun:
        told = {"message_ids": [message_id for _, message_id in begun], "at": at}
        await tx.run(START_DELIVERIES, {**_attempts([each for each, _ in begun]), **told})


async def end_deliveries(
    tx: Transaction, ended: Sequence[tuple[Notification, Outcome, str]], *, at: datetime
) -> dict[UUID, int]:
    """Record how they ended, with a code; the conversations held so far over all attempts."""
    notifications = [each for each, _, _ in ended]
    told = {
        "outcomes": [outcome.value for _, outcome, _ in ended],
        "codes": [code for _, _, code in ended],
        "at": at,
    }
    await tx.run(END_DELIVERIES, {**_attempts(notifications), **told})
    rows = await tx.rows(CONVERSATIONS, _places(notifications))
    return {row.notification_id: int(row.held) for row in rows}


async def keep_documents(
    tx: Transaction, rendered: Sequence[tuple[Notification, bytes]], *, at: datetime
) -> None:
    """Keep rendered PDFs, sealed."""
    sealed = [
        tx.keys.seal_column(Cell(SERVICE, each.tenant_id, DOCUMENT_PLACE, each.id), document)
        for each, document in rendered
    ]
    if sealed:
        places = _places([each for each, _ in rendered])
        await tx.run(KEEP_DOCUMENTS, {**places, "documents": sealed, "at": at})


async def settle(
    tx: Transaction, settled: Sequence[tuple[Notification, str]], *, at: datetime
) -> None:
    """Store status and attempt of notifications as given, each with a reason code."""
    notifications = [each for each, _ in settled]
    told = {
        "statuses": [each.status.value for each in notifications],
        "attempts": [each.attempt for each in notifications],
        "reasons": [reason for _, reason in settled],
        "at": at,
    }
    await tx.run(SETTLE, {**_places(notifications), **told})


def statement(tx: Transaction, notification: Notification) -> StatementBody:
    """The statement a notification is about, opened."""
    cell = Cell(SERVICE, notification.tenant_id, BODY_PLACE, notification.id)
    return tx.keys.open_column(cell, notification.body_sealed, StatementBody)


def document(tx: Transaction, notification: Notification) -> bytes | None:
    """The rendered PDF, opened; None while it is not rendered."""
    if notification.document_sealed is None:
        return None
    cell = Cell(SERVICE, notification.tenant_id, DOCUMENT_PLACE, notification.id)
    return tx.keys.open_column(cell, notification.document_sealed, bytes)


async def one(
    tx: Transaction, notification_id: UUID, practices: Iterable[UUID] | None
) -> Notification:
    """A notification inside the caller's practices; NotFound otherwise."""
    row = await tx.row(ONE, {"id": str(notification_id), "practices": _scope(practices)})
    if row is None:
        raise NotFound("notification_not_found", "There is no such notification.")
    return _notification(row)


async def by_statement(
    tx: Transaction, statement_id: UUID, practices: Iterable[UUID] | None
) -> Notification:
    """The notification of a statement inside the caller's practices; NotFound otherwise."""
    row = await tx.row(BY_SUBJECT, {"subject": str(statement_id), "practices": _scope(practices)})
    if row is None:
        raise NotFound("statement_not_found", "There is no such statement.")
    return _notification(row)


class Search(NamedTuple):
    """Which notifications to list; None = any."""

    practices: Iterable[UUID] | None
    status: str | None
    channel: str | None
    account: UUID | None


async def page(
    tx: Transaction, search: Search, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Notification]:
    """Newest first, after the position (created_at, id)."""
    rows = await tx.rows(
        PAGE,
        {
            "practices": _scope(search.practices),
            "status": search.status,
            "channel": search.channel,
            "account": None if search.account is None else str(search.account),
            "after_at": None if after is None else after[0],
            "after_id": None if after is None else str(after[1]),
            "limit": limit,
        },
    )
    return [_notification(row) for row in rows]


async def deliveries(tx: Transaction, notification_id: UUID) -> list[Delivery]:
    """Every attempt of a notification, oldest first."""
    return [Delivery(*row) for row in await tx.rows(DELIVERIES, {"id": str(notification_id)})]
