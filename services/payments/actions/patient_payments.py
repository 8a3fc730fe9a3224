"""Take a patient's payment: oldest visits first, never more than is due."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.payments.domain import lifecycle
from services.payments.domain.lifecycle import UNPAID, StatementStatus
from services.payments.domain.postings import (
    PATIENT_CHANNELS,
    LedgerTransaction,
    Posting,
    entries,
)
from services.payments.domain.visits import Open, applied
from services.payments.repository import ledger, patients
from services.payments.repository.patients import Receipt
from shared import clock, ids
from shared.database import Transaction
from shared.errors import Invalid, NotFound
from shared.events.envelope import Origin
from shared.events.payments import PatientPaymentReceived, PaymentPosted
from shared.money import Money


async def receive_payment(
    tx: Transaction,
    account_id: UUID,
    practices: frozenset[UUID] | None,
    *,
    amount: Money,
    channel: str,
) -> tuple[UUID, Money]:
    """Take a patient's money for the oldest visits first; gives the receipt and what is still owed.

    NotFound for an account the caller may not see; Invalid(`more_than_due`) or (`no_such_channel`).
    """
    if channel not in PATIENT_CHANNELS:
        raise Invalid("no_such_channel", "A patient pays by card, cash or check.")
    account = await patients.account(tx, account_id, practices, locked=True)
    if account is None:
        raise NotFound("no_such_account", "There is no such account.")
    owing = await patients.owed(tx, account_id)
    parts = applied(amount, owing)
    receipt_id = ids.new()
    receipt = Receipt(
        tx.tenant_id,
        receipt_id,
        account.practice_id,
        account_id,
        amount.cents,
        channel,
        clock.business(),
    )
    await patients.keep_payment(tx, receipt)
    await ledger.append(tx, [_paid(receipt, part) for part in parts])
    await _settle_statements(tx, account_id, amount)
    left = Money.total(each.owed for each in owing) - amount
    _tell_payment(tx, receipt, parts, left=left)
    return receipt_id, left


async def _settle_statements(tx: Transaction, account_id: UUID, amount: Money) -> None:
    """The statement that is out counts down with what the patient pays."""
    changes = []
    for each in await patients.statements(tx, [account_id]):
        before = StatementStatus(each.status)
        if before not in UNPAID:
            continue
        left = max(each.open_cents - amount.cents, 0)
        after = StatementStatus.PART_PAID if left else StatementStatus.PAID
        changes.append((each.id, lifecycle.moved(lifecycle.STATEMENT, before, after).value, left))
    await patients.change_statements(tx, changes)


def _paid(receipt: Receipt, part: Open) -> LedgerTransaction:
    posting = Posting(PATIENT_CHANNELS[receipt.channel], part.owed, reason=receipt.channel)
    return LedgerTransaction(
        source_event=ids.derived(receipt.id, f"visit:{part.encounter_id}"),
        tenant_id=receipt.tenant_id,
        practice_id=receipt.practice_id,
        booked_on=clock.today(),
        entries=entries([posting]),
        account_id=receipt.account_id,
        encounter_id=part.encounter_id,
    )


def _tell_payment(tx: Transaction, receipt: Receipt, parts: Sequence[Open], *, left: Money) -> None:
    cause = Origin(tx.tenant_id, receipt.practice_id, parts[0].encounter_id, receipt.id)
    received = PatientPaymentReceived(
        receipt_id=receipt.id,
        account_id=receipt.account_id,
        amount_cents=receipt.amount_cents,
        channel=receipt.channel,
    )
    tx.publish(received, subject=receipt.account_id, caused_by=cause)
    posted = PaymentPosted(
        posting_id=receipt.id,
        account_id=receipt.account_id,
        encounter_id=parts[0].encounter_id if len(parts) == 1 else None,
        source="patient",
        paid_cents=receipt.amount_cents,
        adjustments={},
        patient_cents=left.cents,
        balance_after_cents=left.cents,
    )
    tx.publish(posted, subject=receipt.account_id, caused_by=cause)
