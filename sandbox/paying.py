"""Payment runs: what is due becomes 835 files and deposits, amounts owed carried forward (FB)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

import msgspec

from sandbox.deciding import Due
from sandbox.outgoing import Outgoing
from sandbox.payers import PAYERS
from sandbox.remittances import Run, remittance, write
from sandbox.repository import mailbox, runs, store
from sandbox.repository.mailbox import StoredDeposit, StoredFile
from sandbox.repository.runs import Owner, StoredPayment
from sandbox.repository.store import Connection
from sandbox.scenarios import Delivery
from shared import ids
from shared.money import Money

MOST_CLAIMS = 10_000
"""Of one 835; the guide's advice."""


def mailbox_file(
    outgoing: Outgoing, kind: str, body: bytes, *, at: datetime, copy: int = 1
) -> StoredFile:
    """A file with its id: the same receiver, control number and copy give the same one."""
    file_id = ids.derived(ids.NIL, f"sandbox:{outgoing.receiver}:{outgoing.number}:{copy}")
    return StoredFile(file_id, kind, body, hashlib.sha256(body).hexdigest(), at)


async def settle(
    connection: Connection, receiver: str, *, now: datetime, step: timedelta, seed: int
) -> None:
    """Run the payments of a receiver that are due, then list what has become available."""
    number = await store.lock_receiver(connection, receiver)
    due = await runs.take_due_payments(connection, receiver, now)
    due.sort(key=_run_key)  # stable: within a run the order of acceptance
    for _, group in groupby(due, key=_run_key):
        for chunk in _chunks([(one, _details(one)) for one in group]):
            number += 1
            run = _Payout(connection, Outgoing(receiver, number, now.date()), seed)
            await run.pay(chunk, now=now, step=step)
    await store.keep_interchange(connection, receiver, number)
    await mailbox.release(connection, receiver, now)


Chunk = list[tuple[StoredPayment, Due]]


def _run_key(payment: StoredPayment) -> tuple[datetime, str, str, str]:
    return payment.pay_at, payment.payer, payment.payee_npi, payment.apart


def _details(payment: StoredPayment) -> Due:
    return msgspec.json.decode(payment.details, type=Due)


def _chunks(dues: Chunk) -> Iterable[Chunk]:
    chunk: Chunk = []
    size = 0
    for one in dues:
        if chunk and size + len(one[1].claims) > MOST_CLAIMS:
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += len(one[1].claims)
    yield chunk


class _Payout:
    """One 835 and its deposit."""

    def __init__(self, connection: Connection, outgoing: Outgoing, seed: int) -> None:
        self.connection = connection
        self.outgoing = outgoing
        self.seed = seed

    async def pay(self, chunk: Chunk, *, now: datetime, step: timedelta) -> None:
        """Write the file and let the money arrive; a net debt is carried to the next run."""
        payment, first = chunk[0]
        receiver, number, day = self.outgoing
        owner = Owner(receiver, payment.payer, payment.payee_npi)
        run = Run(
            receiver,
            PAYERS[payment.payer],
            first.payee,
            tuple(claim for _, due in chunk for claim in due.claims),
            Money(sum(due.interest_cents for _, due in chunk)),
            await runs.open_balances(self.connection, owner),
        )
        paid, left = remittance(self.seed, run, day)
        await runs.keep_balance(self.connection, owner, left=left)
        late = timedelta(days=1) if any(due.deposit_first for _, due in chunk) else timedelta()
        body = write(paid, self.outgoing, first.delivery)
        copies = 2 if first.delivery is Delivery.TWICE else 1
        files = [
            mailbox_file(self.outgoing, "835", body, at=now + late, copy=copy)
            for copy in range(1, copies + 1)
        ]
        await mailbox.add_files(self.connection, receiver, files)
        amount = Money.from_decimal(paid.payment.amount)
        if amount:
            trace = paid.payment.trace
            deposit_id = ids.derived(ids.NIL, f"sandbox:{receiver}:{number}:deposit:{trace}")
            deposit = StoredDeposit(deposit_id, trace, amount.cents, day, payment.payer, now + step)
            await mailbox.add_deposit(self.connection, receiver, deposit)
