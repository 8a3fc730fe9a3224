"""What a 270 asks and a 271 answers, typed."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from shared.x12.parties import Party, Period, Procedure, Raw, Reference


class Head(NamedTuple):
    """BHT: `reference` is BHT03, echoed in the answer; `purpose` 13 request, 11 response."""

    reference: str
    created: dt.date | None
    time: str
    purpose: str = "13"


class Trace(NamedTuple):
    """TRN: `kind` 1 ours, 2 the other side's; `origin` is 10 characters, its company id."""

    number: str
    origin: str
    kind: str = "1"
    supplement: str = ""


class Question(NamedTuple):
    """EQ, loop 2110: service types asked for (30 is the plan), or a procedure."""

    service_types: tuple[str, ...] = ("30",)
    procedure: Procedure | None = None
    level: str = ""
    dates: tuple[Period, ...] = ()
    rest: tuple[Raw, ...] = ()


class Inquiry(NamedTuple):
    """One patient asked about: the subscriber, or `dependent` where there is one.

    `rest` are INS, HI of the patient's loop as they stand.
    """

    payer: Party
    provider: Party
    subscriber: Party
    dependent: Party | None = None
    traces: tuple[Trace, ...] = ()
    questions: tuple[Question, ...] = (Question(),)
    rest: tuple[Raw, ...] = ()

    @property
    def patient(self) -> Party:
        """Whom the inquiry is about."""
        return self.dependent or self.subscriber


class Rejection(NamedTuple):
    """AAA: the request could not be answered at `loop` (2000A ... 2110D); `valid` is AAA01."""

    loop: str
    reason: str
    follow_up: str = "C"
    valid: str = "N"


class Benefit(NamedTuple):
    """EB, loop 2110: `information` 1 active, 6 inactive, A co-insurance, B co-pay, C deductible.

    `in_network` is EB12, `period` EB06 (29 remaining, 23 calendar year ...).
    """

    information: str
    level: str = ""
    service_types: tuple[str, ...] = ()
    insurance_type: str = ""
    plan: str = ""
    period: str = ""
    amount: Decimal | None = None
    percent: Decimal | None = None
    quantity_qualifier: str = ""
    quantity: Decimal | None = None
    authorization: str = ""
    in_network: str = ""
    procedure: Procedure | None = None
    deliveries: tuple[Raw, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[Period, ...] = ()
    messages: tuple[str, ...] = ()
    entities: tuple[Party, ...] = ()
    rest: tuple[Raw, ...] = ()


class Response(NamedTuple):
    """The answer about one patient; without a subscriber only rejections higher up are given."""

    payer: Party
    provider: Party
    subscriber: Party
    dependent: Party | None = None
    traces: tuple[Trace, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    rest: tuple[Raw, ...] = ()

    @property
    def patient(self) -> Party:
        """Whom the answer is about."""
        return self.dependent or self.subscriber

    @property
    def is_active(self) -> bool:
        """Whether any benefit says active coverage (EB01 1 to 5)."""
        return any(b.information in ("1", "2", "3", "4", "5") for b in self.benefits)

    @property
    def is_inactive(self) -> bool:
        """Whether coverage is said to be inactive (EB01 6 to 8) and nowhere active."""
        said = any(b.information in ("6", "7", "8") for b in self.benefits)
        return said and not self.is_active
