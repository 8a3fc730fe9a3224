"""Door one: look at notifications, print statements, confirm that paper was mailed."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from fastapi import APIRouter, Response

from services.notifications import actions, repository
from services.notifications.repository import Delivery, Notification
from services.notifications.schemas import DeliveryOut, NotificationOut, NotificationSearch
from shared import ids
from shared.database import Transaction
from shared.errors import NotFound
from shared.web import Call, Page, allowed

router = APIRouter(tags=["notifications"])


def _out(notification: Notification, deliveries: list[Delivery]) -> NotificationOut:
    return NotificationOut(
        notification_id=ids.shown("notification", notification.id),
        practice_id=ids.shown("practice", notification.practice_id),
        account_id=ids.shown("account", notification.account_id),
        statement_id=ids.shown("statement", notification.subject_id),
        kind=notification.kind,
        channel=notification.channel.value,
        status=notification.status.value,
        reason=notification.reason,
        attempt=notification.attempt,
        amount_cents=notification.amount_cents,
        created_at=notification.created_at,
        updated_at=notification.updated_at,
        deliveries=[DeliveryOut(**{**one._asdict(), "channel": one.channel}) for one in deliveries],
    )


@router.get("/v1/notifications/{notification_id}", operation_id="get_notification")
async def get_notification(
    notification_id: str, call: Call = allowed("notifications:read")
) -> NotificationOut:
    """One notification with every delivery attempt."""

    async def read(tx: Transaction) -> NotificationOut:
        wanted = ids.read("notification", notification_id)
        found = await repository.one(tx, wanted, call.principal.practices)
        return _out(found, await repository.deliveries(tx, found.id))

    return await call.read(read)


@router.post("/v1/notifications/search", operation_id="search_notifications")
async def search_notifications(
    body: NotificationSearch, call: Call = allowed("notifications:read", reads=True)
) -> Page[NotificationOut]:
    """Notifications by status, channel or account, newest first."""
    wanted = body.model_dump(exclude={"cursor", "limit"})
    position = call.cursor(body.cursor, filter=wanted)

    async def read(tx: Transaction) -> Page[NotificationOut]:
        search = repository.Search(
            practices=call.principal.practices,
            status=body.status,
            channel=body.channel,
            account=ids.read("account", body.account_id) if body.account_id else None,
        )
        after = cast(tuple[datetime, UUID] | None, position)
        found = await repository.page(tx, search, after=after, limit=body.limit + 1)
        shown, more = found[: body.limit], len(found) > body.limit
        last = (shown[-1].created_at, shown[-1].id) if more else None
        return Page(
            data=[_out(one, []) for one in shown],
            next_cursor=call.next_cursor(filter=wanted, position=last) if last else None,
            has_more=more,
        )

    return await call.read(read)


@router.get(
    "/v1/statements/{statement_id}/pdf",
    operation_id="get_statement_pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def get_statement_pdf(
    statement_id: str, call: Call = allowed("notifications:read")
) -> Response:
    """The statement as rendered; the same bytes at every look."""

    async def read(tx: Transaction) -> bytes:
        wanted = ids.read("statement", statement_id)
        found = await repository.by_statement(tx, wanted, call.principal.practices)
        tx.audit(
            "statement.read", subject=found.subject_id, patient=found.patient_id, fields=["pdf"]
        )
        document = repository.document(tx, found)
        if document is None:
            raise NotFound("statement_not_rendered", "The statement is not rendered yet.")
        return document

    return Response(
        await call.read(read),
        media_type="application/pdf",
        headers={"Cache-Control": "no-store"},
    )


@router.post(
    "/v1/notifications/{notification_id}/mailed",
    operation_id="mark_mailed",
    response_model=NotificationOut,
)
async def mark_mailed(
    notification_id: str, call: Call = allowed("notifications:write")
) -> Response:
    """Confirm that a statement queued on paper was put into the mail."""

    async def act(tx: Transaction) -> NotificationOut:
        wanted = ids.read("notification", notification_id)
        found = await repository.one(tx, wanted, call.principal.practices)
        return _out(await actions.mark_mailed(tx, found), [])

    return await call.once(act, status=200)
