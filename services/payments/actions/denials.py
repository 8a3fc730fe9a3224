"""Flag what a payer refused: it is no write-off, the amount stays owed by insurance."""

from __future__ import annotations

from collections.abc import Sequence

from services.payments.repository import claims
from services.payments.repository.claims import Denied
from shared.database import Transaction
from shared.events.claims import ClaimDenied
from shared.events.envelope import Envelope


async def flag(tx: Transaction, events: Sequence[Envelope[ClaimDenied]]) -> None:
    """Note the refused amount on each claim, unless a later decision has replaced that one."""
    denied = [
        Denied(
            event.tenant_id,
            event.data.claim_id,
            event.data.remit_id,
            event.data.denied_cents,
            event.data.category,
        )
        for event in events
    ]
    await claims.deny(tx, denied)
