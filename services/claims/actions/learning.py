"""Master data of the gateway, kept as the newest snapshot; what waited for it is let go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from services.claims.repository import master_data
from shared import clock
from shared.database import Transaction
from shared.events.envelope import Envelope

POLL_MAILBOX = "poll_mailbox"


class Snapshot(NamedTuple):
    """One thing as the gateway describes it now."""

    envelope: Envelope[Any]
    id: UUID
    version: int
    row: dict[str, object]


async def learn(tx: Transaction, kind: str, snapshots: Sequence[Snapshot]) -> None:
    """Keep the newest snapshot of each (submitter, practice, provider, payer), release what waits.

    A submitter's mailbox is polled from then on.
    """
    await tx.lock(kind, {each.id for each in snapshots})
    newest: dict[tuple[UUID, UUID], Snapshot] = {}
    for each in snapshots:
        place = (each.envelope.tenant_id, each.id)
        if place not in newest or newest[place].version < each.version:
            newest[place] = each
    await master_data.keep(tx, kind, [each.row for each in newest.values()])
    for each in newest.values():
        tx.release(kind, each.id)
    for each in snapshots if kind == "submitter" else ():  # the last one counts, as if alone
        tx.schedule(POLL_MAILBOX, each.id, due_at=clock.business(), cause=each.envelope)
