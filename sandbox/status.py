"""276 inquiries to 277 answers: where a claim stands at the payer.

Not known (D0), waiting (P1), paid or patient's share (F1), denied (F2). A claim that is never
answered is forgotten after `FORGOTTEN_DAYS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec

from sandbox.asking import Asked, opened
from sandbox.outgoing import Outgoing
from sandbox.repository.intake import KnownClaim
from shared.errors import Unreadable
from shared.x12.parties import Reference
from shared.x12.remittance_835 import ClaimPayment
from shared.x12.status import Status, StatusReport
from shared.x12.status_276_277 import Head, StatusInquiry, StatusResponse, write_status_responses

FORGOTTEN_DAYS = 94
NOT_FOUND = Status("D0", "35")
WAITING = Status("P1", "20")
PAID = Status("F1", "65")
DENIED = Status("F2", "585")


class Question(NamedTuple):
    """One 276 that was read: who asks, the set's head, the inquiries in order."""

    asked: Asked
    head: Head
    inquiries: tuple[StatusInquiry, ...]


def read_question(data: bytes, *, today: date) -> Question:
    """Read a 276 file; Unreadable when there is no ISA, or no inquiry and nothing wrong."""
    asked = opened(data, today=today)
    inquiries = tuple(value for value in asked.values if isinstance(value, StatusInquiry))
    if not inquiries and not asked.refusal:
        raise Unreadable("no_inquiry", "The file holds no 276 inquiry.")
    head = next((value for value in asked.values if isinstance(value, Head)), _NO_HEAD)
    return Question(asked, head, inquiries)


_NO_HEAD = Head("", None, "")


def answer(question: Question, known: Sequence[KnownClaim | None], *, now: datetime) -> bytes:
    """The 277 for a 276, its claims in the same order, under the same control number."""
    outgoing = Outgoing(question.asked.sender, question.asked.control, now.date())
    head = Head(question.head.reference, outgoing.day, outgoing.time, "08")
    responses = [
        _response(inquiry, claim, now)
        for inquiry, claim in zip(question.inquiries, known, strict=True)
    ]
    return outgoing.wrapped([write_status_responses(head, responses)], question.asked.owed)


def _response(inquiry: StatusInquiry, claim: KnownClaim | None, now: datetime) -> StatusResponse:
    response = StatusResponse(
        inquiry.payer,
        inquiry.receiver,
        inquiry.provider,
        inquiry.subscriber,
        inquiry.trace,
        (StatusReport((NOT_FOUND,), now.date()),),
        inquiry.dependent,
        tuple(one for one in inquiry.references if one.qualifier == "EJ"),
    )
    if claim is None or _is_forgotten(claim, now):
        return response
    payment = msgspec.json.decode(claim.decided, type=ClaimPayment)
    number = Reference("1K", payment.payer_control_number)
    return response._replace(
        reports=(_report(claim, payment, now),), references=(number, *response.references)
    )


def _is_forgotten(claim: KnownClaim, now: datetime) -> bool:
    return claim.answered_at is None and now - claim.accepted_at >= timedelta(days=FORGOTTEN_DAYS)


def _report(claim: KnownClaim, payment: ClaimPayment, now: datetime) -> StatusReport:
    if claim.answered_at is None or claim.answered_at > now:
        return StatusReport((WAITING,), claim.accepted_at.date(), amount=payment.charge)
    said = PAID if payment.paid or payment.patient_responsibility else DENIED
    day = claim.answered_at.date()
    return StatusReport((said,), day, amount=payment.charge, paid=payment.paid, finalized=day)
