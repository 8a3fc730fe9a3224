"""The life of a claim as literal tables: which status follows which, whose turn it is, who said so.

Source: docs/domain, Claims. NEXT is the orderly life; RENEWED and LATE hold the extra moves of what
changes before it is sent and of messages that come late or out of order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from shared.errors import Conflict


class Status(StrEnum):
    """Where a claim stands."""

    DRAFT = "draft"
    BLOCKED = "blocked"
    HELD = "held"
    READY = "ready"
    SUBMITTED = "submitted"
    TRANSMISSION_FAILED = "transmission_failed"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PENDED = "pended"
    NO_RESPONSE = "no_response"
    ADJUDICATED = "adjudicated"
    PAID = "paid"
    PARTLY_DENIED = "partly_denied"
    DENIED = "denied"
    UNPROCESSABLE = "unprocessable"
    UNDERPAID = "underpaid"
    FORWARDED = "forwarded"
    APPEALED = "appealed"
    REVERSED = "reversed"
    REPLACED = "replaced"
    VOIDED = "voided"
    CLOSED = "closed"


class Owner(StrEnum):
    """Who has to do the next thing (owner_of_next_action)."""

    CODER = "CODER"
    PROVIDER = "PROVIDER"
    BILLER = "BILLER"
    DENIALS = "DENIALS"
    POSTER = "POSTER"
    CLIENT = "CLIENT"
    CLEARINGHOUSE = "CLEARINGHOUSE"
    PAYER = "PAYER"
    PATIENT = "PATIENT"
    SYSTEM = "SYSTEM"
    NONE = "NONE"


class Reporter(StrEnum):
    """Who told us the status (reported_by); a clearinghouse's word is never called the payer's."""

    SELF = "SELF"
    CLEARINGHOUSE = "CLEARINGHOUSE"
    PAYER = "PAYER"
    BANK = "BANK"
    PATIENT = "PATIENT"


_S = Status

NEXT: Mapping[Status, frozenset[Status]] = {
    _S.DRAFT: frozenset({_S.BLOCKED, _S.HELD, _S.READY}),
    _S.BLOCKED: frozenset({_S.READY}),
    _S.HELD: frozenset({_S.READY}),
    _S.READY: frozenset({_S.SUBMITTED}),
    _S.SUBMITTED: frozenset({_S.RECEIVED, _S.TRANSMISSION_FAILED}),
    _S.TRANSMISSION_FAILED: frozenset({_S.READY, _S.BLOCKED}),
    _S.RECEIVED: frozenset({_S.ACCEPTED, _S.REJECTED}),
    _S.ACCEPTED: frozenset({_S.PENDED, _S.ADJUDICATED, _S.REJECTED}),
    _S.REJECTED: frozenset({_S.READY}),
    _S.PENDED: frozenset({_S.ADJUDICATED}),
    _S.NO_RESPONSE: frozenset({_S.RECEIVED, _S.READY}),
    _S.ADJUDICATED: frozenset(
        {
            _S.PAID,
            _S.PARTLY_DENIED,
            _S.DENIED,
            _S.UNPROCESSABLE,
            _S.UNDERPAID,
            _S.FORWARDED,
            _S.PENDED,
        }
    ),
    _S.PAID: frozenset({_S.FORWARDED, _S.CLOSED}),
    _S.PARTLY_DENIED: frozenset({_S.REPLACED, _S.APPEALED, _S.CLOSED}),
    _S.DENIED: frozenset({_S.REPLACED, _S.APPEALED, _S.CLOSED}),
    _S.UNPROCESSABLE: frozenset({_S.CLOSED}),
    _S.UNDERPAID: frozenset({_S.APPEALED, _S.PAID, _S.CLOSED}),
    _S.FORWARDED: frozenset({_S.CLOSED}),
    _S.APPEALED: frozenset({_S.ADJUDICATED, _S.DENIED, _S.CLOSED}),
    _S.REVERSED: frozenset({_S.ADJUDICATED, _S.REPLACED, _S.VOIDED}),
    _S.REPLACED: frozenset(),
    _S.VOIDED: frozenset(),
    _S.CLOSED: frozenset(),
}

DECIDED = frozenset(
    {
        _S.PAID,
        _S.PARTLY_DENIED,
        _S.DENIED,
        _S.UNPROCESSABLE,
        _S.UNDERPAID,
        _S.FORWARDED,
        _S.APPEALED,
        _S.CLOSED,
    }
)
"""The payer has spoken: a reversal (CLP02 22) may follow."""

ENDED = frozenset({_S.REPLACED, _S.VOIDED})
"""Superseded for good: whatever comes is only recorded."""

BEFORE_SENDING = frozenset({_S.DRAFT, _S.BLOCKED, _S.HELD, _S.READY})
"""Nothing of this version has left the house."""

RENEWED: Mapping[Status, frozenset[Status]] = {
    _S.READY: frozenset({_S.BLOCKED, _S.HELD}),
    _S.HELD: frozenset({_S.BLOCKED}),
}
"""Moves of a claim that has not left the house when its coding or its verdict changes: the undo
window would be none without them."""

LATE: Mapping[Status, frozenset[Status]] = {
    # 277CA before its 999, or after silence.
    _S.SUBMITTED: frozenset({_S.ACCEPTED, _S.REJECTED, _S.NO_RESPONSE, _S.ADJUDICATED}),
    _S.NO_RESPONSE: frozenset({_S.ACCEPTED, _S.REJECTED, _S.ADJUDICATED}),
    _S.RECEIVED: frozenset({_S.NO_RESPONSE, _S.ADJUDICATED}),
    _S.ACCEPTED: frozenset({_S.NO_RESPONSE}),
    # An 835 after any sending: payers answer what they were said to have refused.
    _S.TRANSMISSION_FAILED: frozenset({_S.ADJUDICATED}),
    _S.REJECTED: frozenset({_S.ADJUDICATED}),
    _S.BLOCKED: frozenset({_S.ADJUDICATED}),
    _S.HELD: frozenset({_S.ADJUDICATED}),
    _S.READY: frozenset({_S.ADJUDICATED}),
    # A corrected decision, and the reversal of a decision.
    **{status: frozenset({_S.ADJUDICATED, _S.REVERSED}) for status in sorted(DECIDED)},
    _S.ADJUDICATED: frozenset({_S.REVERSED}),
}
"""Moves that late or disordered messages make; those out of BEFORE_SENDING only for a claim that
was sent before."""

OWNER: Mapping[Status, Owner] = {
    _S.DRAFT: Owner.SYSTEM,
    _S.BLOCKED: Owner.BILLER,
    _S.HELD: Owner.BILLER,
    _S.READY: Owner.SYSTEM,
    _S.SUBMITTED: Owner.CLEARINGHOUSE,
    _S.TRANSMISSION_FAILED: Owner.SYSTEM,
    _S.RECEIVED: Owner.PAYER,
    _S.ACCEPTED: Owner.PAYER,
    _S.REJECTED: Owner.BILLER,
    _S.PENDED: Owner.PAYER,
    _S.NO_RESPONSE: Owner.BILLER,
    _S.ADJUDICATED: Owner.SYSTEM,
    _S.PAID: Owner.SYSTEM,
    _S.PARTLY_DENIED: Owner.DENIALS,
    _S.DENIED: Owner.DENIALS,
    _S.UNPROCESSABLE: Owner.BILLER,
    _S.UNDERPAID: Owner.DENIALS,
    _S.FORWARDED: Owner.PAYER,
    _S.APPEALED: Owner.PAYER,
    _S.REVERSED: Owner.PAYER,
    _S.REPLACED: Owner.NONE,
    _S.VOIDED: Owner.NONE,
    _S.CLOSED: Owner.NONE,
}
"""Whose turn it is by default; a finding or a payer's request may name somebody else."""

REPORTER: Mapping[Status, Reporter] = {
    _S.DRAFT: Reporter.SELF,
    _S.BLOCKED: Reporter.SELF,
    _S.HELD: Reporter.SELF,
    _S.READY: Reporter.SELF,
    _S.SUBMITTED: Reporter.SELF,
    _S.TRANSMISSION_FAILED: Reporter.CLEARINGHOUSE,
    _S.RECEIVED: Reporter.CLEARINGHOUSE,
    _S.ACCEPTED: Reporter.PAYER,
    _S.REJECTED: Reporter.PAYER,
    _S.PENDED: Reporter.PAYER,
    _S.NO_RESPONSE: Reporter.SELF,
    _S.ADJUDICATED: Reporter.PAYER,
    _S.PAID: Reporter.PAYER,
    _S.PARTLY_DENIED: Reporter.PAYER,
    _S.DENIED: Reporter.PAYER,
    _S.UNPROCESSABLE: Reporter.PAYER,
    _S.UNDERPAID: Reporter.SELF,
    _S.FORWARDED: Reporter.PAYER,
    _S.APPEALED: Reporter.SELF,
    _S.REVERSED: Reporter.PAYER,
    _S.REPLACED: Reporter.PAYER,
    _S.VOIDED: Reporter.PAYER,
    _S.CLOSED: Reporter.SELF,
}
"""Who says so by default; an acknowledgement names its own sender."""


DUE_WITHIN: Mapping[Status, timedelta] = {
    _S.BLOCKED: timedelta(days=2),
    _S.HELD: timedelta(days=2),
    _S.READY: timedelta(hours=1),
    _S.SUBMITTED: timedelta(hours=1),
    _S.TRANSMISSION_FAILED: timedelta(days=1),
    _S.RECEIVED: timedelta(days=2),
    _S.ACCEPTED: timedelta(days=21),
    _S.REJECTED: timedelta(days=2),
    _S.PENDED: timedelta(days=14),
    _S.NO_RESPONSE: timedelta(days=1),
    _S.PAID: timedelta(days=1),
    _S.PARTLY_DENIED: timedelta(days=14),
    _S.DENIED: timedelta(days=14),
    _S.UNPROCESSABLE: timedelta(days=2),
    _S.UNDERPAID: timedelta(days=14),
    _S.FORWARDED: timedelta(days=30),
    _S.APPEALED: timedelta(days=60),
    _S.REVERSED: timedelta(days=14),
}
"""How long the owner has by default (next_action_due); payers' own days replace ACCEPTED's."""


def may_move(source: Status, target: Status, *, sent_before: bool = True) -> bool:
    """True when the tables allow it; `sent_before`: a version of the claim has left the house."""
    if target in NEXT[source] or target in RENEWED.get(source, frozenset()):
        return True
    late = target in LATE.get(source, frozenset())
    return late and (sent_before or source not in BEFORE_SENDING)


def check_move(source: Status, target: Status, *, sent_before: bool = True) -> None:
    """Conflict (`claim_status`) when the tables do not allow the move."""
    if not may_move(source, target, sent_before=sent_before):
        raise Conflict("claim_status", f"A claim that is {source} cannot become {target}.")
