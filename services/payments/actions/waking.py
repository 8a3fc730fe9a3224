"""Wake what waited: claim payments whose claim is known now, statements that have become due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.payments.repository import claim_payments
from shared import clock
from shared.database import Transaction
from shared.events.claims import ClaimSubmitted
from shared.events.coding import EncounterCoded
from shared.events.envelope import Envelope, Origin

POLL_MAILBOX = "poll_mailbox"
POLL_BANK = "poll_bank"
POST = "post_remittance"
PLAN_STATEMENT = "plan_statement"
ISSUE_STATEMENT = "issue_statement"


async def claims_held(tx: Transaction, events: Sequence[Envelope[ClaimSubmitted]]) -> None:
    """Lock what `claims_submitted` will wake: claim payments are locked before their claims."""
    numbers = [(e.tenant_id, e.data.control_number, e.data.claim_id) for e in events]
    await claim_payments.hold(tx, numbers)


async def claims_submitted(tx: Transaction, events: Sequence[Envelope[ClaimSubmitted]]) -> None:
    """Payments that came before their claim's submission may be posted."""
    causes: dict[UUID, Envelope[ClaimSubmitted]] = {e.data.claim_id: e for e in events}
    numbers = [(e.tenant_id, e.data.control_number, e.data.claim_id) for e in events]
    for _, remit_id, claim_id in await claim_payments.wake(tx, numbers):
        tx.schedule(POST, remit_id, due_at=clock.business(), cause=causes[claim_id])


async def claims_of(tx: Transaction, events: Sequence[Envelope[EncounterCoded]]) -> None:
    """Payments that came before their encounter's coding may be posted."""
    causes = {(e.tenant_id, e.data.encounter_id): e for e in events}
    known = await claim_payments.numbers_of(tx, list(causes))
    encounter_of = {claim: (tenant, encounter) for tenant, _, claim, encounter in known}
    numbers = [(tenant, number, claim) for tenant, number, claim, _ in known]
    for _, remit_id, claim_id in await claim_payments.wake(tx, numbers):
        cause = causes[encounter_of[claim_id]]
        tx.schedule(POST, remit_id, due_at=clock.business(), cause=cause)


def statement(tx: Transaction, account_id: UUID, cause: Envelope[Any] | Origin) -> None:
    """The patient may owe something now: plan a statement."""
    tx.schedule(PLAN_STATEMENT, account_id, due_at=clock.business(), cause=cause)
