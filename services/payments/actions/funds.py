"""Money in the bank: book each deposit once, and pair it with the remittance that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.payments.domain import lifecycle
from services.payments.domain.lifecycle import DepositStatus, RemittanceStatus
from services.payments.domain.postings import LedgerTransaction, Posting, Trigger, entries
from services.payments.repository import deposits, ledger, remittances
from services.payments.repository.deposits import Deposit, Pair
from shared import clock, ids
from shared.database import Transaction
from shared.events.envelope import Origin
from shared.events.payments import FundsReceived, FundsReconciled
from shared.money import Money


def trace_id(tenant_id: UUID, trace: str) -> UUID:
    """What a remittance and its deposit are locked on, whichever comes first."""
    return ids.derived(tenant_id, f"trace:{trace}")


async def take_deposits(tx: Transaction, shown: Sequence[Deposit]) -> int:
    """Keep and book deposits that are new; the bank's id is used once for ever. How many."""
    if not shown:
        return 0
    traces = sorted({each.trace for each in shown})
    await tx.lock("trace", [trace_id(tx.tenant_id, trace) for trace in traces])
    practices = await deposits.practices(tx, tx.tenant_id, traces)
    placed = [each._replace(practice_id=practices.get(each.trace, ids.NIL)) for each in shown]
    new = await deposits.keep(tx, placed)
    fresh = [each for each in placed if each.id in new]
    await ledger.append(tx, [_in_bank(each) for each in fresh])
    for each in fresh:
        fact = FundsReceived(
            deposit_id=each.id,
            trace=each.trace,
            amount_cents=each.amount_cents,
            received_on=each.received_on,
        )
        tx.publish(
            fact, subject=each.id, caused_by=_cause(each.tenant_id, each.practice_id, each.id)
        )
    await reconcile(tx, traces)
    return len(fresh)


async def reconcile(tx: Transaction, traces: Sequence[str]) -> None:
    """Pair deposits and remittances of these traces, which the caller has locked.

    The same trace with another amount is told with the difference (deposit - remittance) and
    stays open.
    """
    taken: set[UUID] = set()
    for pair in await deposits.pairs(tx, tx.tenant_id, traces):
        if pair.deposit_id in taken or pair.remit_id in taken:
            continue
        taken |= {pair.deposit_id, pair.remit_id}
        difference = pair.amount_cents - pair.total_cents
        after = DepositStatus.AMOUNT_DIFFERS if difference else DepositStatus.RECONCILED
        if after == pair.deposit_status:
            continue
        lifecycle.moved(lifecycle.DEPOSIT, DepositStatus(pair.deposit_status), after)
        await deposits.pair(tx, tx.tenant_id, pair, status=after)
        _tell(tx, pair, difference)
        if not difference and pair.remit_status == RemittanceStatus.POSTED:
            await _close(tx, pair)


async def _close(tx: Transaction, pair: Pair) -> None:
    remit = await remittances.locked(tx, tx.tenant_id, pair.remit_id)
    if remit is not None:
        await remittances.change(tx, remit, RemittanceStatus.CLOSED)


def _tell(tx: Transaction, pair: Pair, difference: int) -> None:
    fact = FundsReconciled(
        deposit_id=pair.deposit_id,
        remit_id=pair.remit_id,
        amount_cents=pair.amount_cents,
        difference_cents=difference,
    )
    cause = _cause(tx.tenant_id, pair.practice_id, pair.deposit_id)
    tx.publish(fact, subject=pair.deposit_id, caused_by=cause)


def _in_bank(deposit: Deposit) -> LedgerTransaction:
    return LedgerTransaction(
        source_event=deposit.id,
        tenant_id=deposit.tenant_id,
        practice_id=deposit.practice_id,
        booked_on=clock.today(),
        entries=entries([Posting(Trigger.DEPOSIT, Money(deposit.amount_cents))]),
    )


def _cause(tenant_id: UUID, practice_id: UUID, deposit_id: UUID) -> Origin:
    return Origin(tenant_id, practice_id, deposit_id, deposit_id)
