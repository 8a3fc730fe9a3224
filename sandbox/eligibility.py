"""270 inquiries to 271 answers: whether a member is covered, and what the patient would owe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sandbox.asking import Asked, opened
from sandbox.outgoing import Outgoing
from sandbox.payers import FULL, PAYERS, Design
from sandbox.scenarios import Verdict
from shared.errors import Unreadable
from shared.money import Money
from shared.x12.eligibility_270_271 import (
    Benefit,
    Head,
    Inquiry,
    Rejection,
    Response,
    write_responses,
)
from shared.x12.parties import Period

PLAN, OFFICE_VISIT = "30", "98"
IN_NETWORK, REMAINING = "Y", "29"
UNKNOWN_PAYER = Rejection("2100A", "79", "C")


class Question(NamedTuple):
    """One 270 that was read: who asks, the set's head, the inquiries in order."""

    asked: Asked
    head: Head
    inquiries: tuple[Inquiry, ...]


def read_question(data: bytes, *, today: date) -> Question:
    """Read a 270 file; Unreadable when there is no ISA, or no inquiry and nothing wrong."""
    asked = opened(data, today=today)
    inquiries = tuple(value for value in asked.values if isinstance(value, Inquiry))
    if not inquiries and not asked.refusal:
        raise Unreadable("no_inquiry", "The file holds no 270 inquiry.")
    head = next((value for value in asked.values if isinstance(value, Head)), _NO_HEAD)
    return Question(asked, head, inquiries)


_NO_HEAD = Head("", None, "")


class Finding(NamedTuple):
    """What the payer knows of the member of one inquiry."""

    verdict: Verdict
    design: Design


def member_of(inquiry: Inquiry) -> tuple[str, str]:
    """Payer code and member id."""
    return inquiry.payer.name.id, inquiry.subscriber.name.id


def answer(question: Question, findings: Sequence[Finding], *, today: date) -> bytes:
    """The 271 for a 270, its members in the same order, under the same control number."""
    outgoing = Outgoing(question.asked.sender, question.asked.control, today)
    head = Head(question.head.reference, today, outgoing.time, "11")
    responses = [
        _response(inquiry, found, today)
        for inquiry, found in zip(question.inquiries, findings, strict=True)
    ]
    return outgoing.wrapped([write_responses(head, responses)], question.asked.owed)


def _response(inquiry: Inquiry, found: Finding, today: date) -> Response:
    response = Response(
        inquiry.payer,
        inquiry.provider,
        inquiry.subscriber,
        inquiry.dependent,
        tuple(trace._replace(kind="2") for trace in inquiry.traces),
        rest=inquiry.rest,
    )
    if inquiry.payer.name.id not in PAYERS:
        return response._replace(rejections=(UNKNOWN_PAYER,))
    match found.verdict:
        case Verdict.ACTIVE:
            return response._replace(benefits=_benefits(inquiry, found.design, today))
        case Verdict.INACTIVE:
            return response._replace(benefits=(Benefit("6", service_types=(PLAN,)),))
    is_away = found.verdict is Verdict.PAYER_AWAY
    # What is wrong with a member is wrong with the subscriber's number, whoever is asked about.
    loop = "2100D" if inquiry.dependent and is_away else "2100C"
    rejection = Rejection(loop, found.verdict.value, "R" if is_away else "C")
    return response._replace(rejections=(rejection,))


def _benefits(inquiry: Inquiry, design: Design, today: date) -> tuple[Benefit, ...]:
    payer = PAYERS[inquiry.payer.name.id]
    since = (Period("346", date(today.year, 1, 1)),)
    plan = Benefit("1", "IND", (PLAN,), plan=payer.name, dates=since)
    copay = Benefit(
        "B", "IND", (OFFICE_VISIT,), amount=_dollars(design.copay_cents), in_network=IN_NETWORK
    )
    deductible = Benefit(
        "C", "IND", (PLAN,), period=REMAINING, amount=_dollars(design.deductible_cents),
        in_network=IN_NETWORK,
    )  # fmt: skip
    share = Benefit(
        "A", "IND", (PLAN,), percent=Decimal(design.coinsurance) / FULL, in_network=IN_NETWORK
    )
    return plan, copay, deductible, share


def _dollars(cents: int) -> Decimal:
    return Money(cents).to_decimal()
