"""The life cycles of payments as literal tables: remittance, claim payment, deposit, statement."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from shared.errors import Conflict

Status = TypeVar("Status", bound=StrEnum)


class RemittanceStatus(StrEnum):
    """One ST of an 835."""

    BALANCED = "balanced"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    MATCHING = "matching"
    EXCEPTIONS = "exceptions"
    POSTED = "posted"
    CLOSED = "closed"


class ClaimPaymentStatus(StrEnum):
    """One CLP of a balanced 835."""

    WAITING = "waiting"
    UNMATCHED = "unmatched"
    REFUSED = "refused"
    RECORDED = "recorded"
    POSTED = "posted"


class DepositStatus(StrEnum):
    """One amount the bank shows."""

    RECEIVED = "received"
    AMOUNT_DIFFERS = "amount_differs"
    RECONCILED = "reconciled"


class StatementStatus(StrEnum):
    """One statement to a patient, as far as payments decides it."""

    APPROVED = "approved"
    PART_PAID = "part_paid"
    PAID = "paid"
    SUPERSEDED = "superseded"


R, C, D, S = RemittanceStatus, ClaimPaymentStatus, DepositStatus, StatementStatus

REMITTANCE: dict[RemittanceStatus, frozenset[RemittanceStatus]] = {
    R.QUARANTINED: frozenset({R.BALANCED}),
    R.BALANCED: frozenset({R.MATCHING, R.EXCEPTIONS, R.POSTED, R.CLOSED}),
    R.MATCHING: frozenset({R.EXCEPTIONS, R.POSTED, R.CLOSED}),
    R.EXCEPTIONS: frozenset({R.MATCHING, R.POSTED, R.CLOSED}),
    R.POSTED: frozenset({R.CLOSED}),
    R.DUPLICATE: frozenset(),
    R.CLOSED: frozenset(),
}
CLAIM_PAYMENT: dict[ClaimPaymentStatus, frozenset[ClaimPaymentStatus]] = {
    C.WAITING: frozenset({C.UNMATCHED, C.REFUSED, C.RECORDED, C.POSTED}),
    C.UNMATCHED: frozenset({C.WAITING}),
    C.REFUSED: frozenset(),
    C.RECORDED: frozenset(),
    C.POSTED: frozenset(),
}
DEPOSIT: dict[DepositStatus, frozenset[DepositStatus]] = {
    D.RECEIVED: frozenset({D.AMOUNT_DIFFERS, D.RECONCILED}),
    D.AMOUNT_DIFFERS: frozenset({D.RECONCILED}),
    D.RECONCILED: frozenset(),
}
STATEMENT: dict[StatementStatus, frozenset[StatementStatus]] = {
    S.APPROVED: frozenset({S.PART_PAID, S.PAID, S.SUPERSEDED}),
    S.PART_PAID: frozenset({S.PAID, S.SUPERSEDED}),
    S.PAID: frozenset(),
    S.SUPERSEDED: frozenset(),
}

UNPAID = frozenset({S.APPROVED, S.PART_PAID})
"""Statements that are out and not yet paid."""


def moved(table: Mapping[Status, frozenset[Status]], before: Status, after: Status) -> Status:
    """The state after a step; Conflict(`no_such_step`) for a step the table does not have."""
    if after != before and after not in table[before]:
        raise Conflict("no_such_step", f"What is {before} cannot become {after}.")
    return after


def after_posting(*, waiting: int, unmatched: int, is_money_settled: bool) -> RemittanceStatus:
    """Where a balanced remittance stands once its claims were tried.

    waiting: claims not yet decided here; unmatched: claims nobody knows, or refused;
    is_money_settled: the bank's deposit agrees, or no money was to come.
    """
    if unmatched:
        return R.EXCEPTIONS
    if waiting:
        return R.MATCHING
    return R.CLOSED if is_money_settled else R.POSTED
