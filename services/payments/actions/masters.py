"""Keep the master data payments uses: mailbox ids, practices, payers."""

from __future__ import annotations

from collections.abc import Sequence

from services.payments.actions.waking import POLL_BANK, POLL_MAILBOX
from services.payments.repository import masters
from shared import clock
from shared.database import Transaction
from shared.events.envelope import Envelope
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged


async def take_tenants(tx: Transaction, events: Sequence[Envelope[TenantChanged]]) -> None:
    """Keep each tenant's id at the clearinghouse, and ask its mailbox and bank from now on."""
    await masters.keep_tenants(tx, events)
    for event in events:
        for poll in (POLL_MAILBOX, POLL_BANK):
            tx.schedule(poll, event.data.tenant_id, due_at=clock.business(), cause=event)


async def take_practices(tx: Transaction, events: Sequence[Envelope[PracticeChanged]]) -> None:
    """Keep the newest version of each practice."""
    await masters.keep_practices(tx, events)


async def take_payers(tx: Transaction, events: Sequence[Envelope[PayerChanged]]) -> None:
    """Keep the newest version of each payer."""
    await masters.keep_payers(tx, events)
