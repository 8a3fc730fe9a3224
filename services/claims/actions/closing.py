"""Money posted by payments: a paid claim without a balance at insurance closes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from services.claims.actions import facts
from services.claims.actions.docket import Docket, rounds, told_by
from services.claims.domain.claim import Balance, Key
from services.claims.domain.lifecycle import Status
from services.claims.repository import claims as stored
from shared.database import Transaction
from shared.errors import Refused
from shared.events.envelope import Envelope
from shared.money import ZERO, Money

CLOSABLE = frozenset({Status.PAID, Status.FORWARDED})


class Posting(NamedTuple):
    """A payer's payment in the ledger; balance: what insurance still owes after it."""

    envelope: Envelope[Any]
    claim: Key
    patient_share: Money
    balance: Money

    @property
    def state(self) -> Balance:
        """Who owes now."""
        if self.balance > ZERO:
            return Balance.INSURANCE
        if self.balance < ZERO:
            return Balance.CREDIT
        return Balance.PATIENT if self.patient_share > ZERO else Balance.ZERO


_REASON = {Balance.PATIENT: "patient_balance", Balance.ZERO: "paid_in_full"}


async def take_postings(tx: Transaction, postings: Sequence[Posting]) -> None:
    """Note payers' postings and close what is settled; Refused `unknown_claim`."""
    for one_round in rounds(postings, key=lambda posting: posting.claim):
        docket = Docket(
            tx, (await stored.lock_claims(tx, [each.claim for each in one_round])).values()
        )
        for posting in one_round:
            _post(docket, posting)
        await docket.save()


def _post(docket: Docket, posting: Posting) -> None:
    claim = docket.find(*posting.claim)
    if claim is None:
        raise Refused("unknown_claim", "A payment was posted on a claim that is not known here.")
    cause, detail = told_by(posting.envelope), {"balance_after_cents": posting.balance.cents}
    reason = _REASON.get(posting.state)
    if reason is None or claim.status not in CLOSABLE:
        docket.record(claim, "posted", cause, balance=posting.state, detail=detail)
        return
    claim = docket.move(
        claim,
        Status.CLOSED,
        cause,
        balance=posting.state,
        close_reason=reason,
        detail=detail,
    )
    docket.tx.publish(facts.closed(claim), subject=claim.id, caused_by=posting.envelope)
