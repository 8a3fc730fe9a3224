"""What a 276 asks and a 277 answers, typed."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from shared.x12.parties import Party, Period, Reference, find_reference
from shared.x12.status import LineStatus, StatusReport


class Head(NamedTuple):
    """BHT: `reference` is BHT03; `purpose` 13 request, 08 status."""

    reference: str
    created: dt.date | None
    time: str
    purpose: str = "13"


class StatusInquiry(NamedTuple):
    """One claim asked about; `trace` is our TRN02, which the answer carries.

    A dependent stands in his own party, with entity QC. `lines` ask about single lines.
    """

    payer: Party
    receiver: Party
    provider: Party
    subscriber: Party
    trace: str
    dependent: Party | None = None
    references: tuple[Reference, ...] = ()
    charge: Decimal | None = None
    dates: tuple[Period, ...] = ()
    lines: tuple[LineStatus, ...] = ()


class StatusResponse(NamedTuple):
    """The answer to one trace; without a subscriber the receiver or provider level was answered."""

    payer: Party
    receiver: Party
    provider: Party
    subscriber: Party
    trace: str
    reports: tuple[StatusReport, ...]
    dependent: Party | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[Period, ...] = ()
    lines: tuple[LineStatus, ...] = ()

    @property
    def payer_control_number(self) -> str:
        """REF*1K."""
        return find_reference(self.references, "1K")
