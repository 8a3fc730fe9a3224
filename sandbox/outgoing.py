"""Envelopes of what the clearinghouse sends: from it to a receiver, under the next number."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import NamedTuple

from shared.x12 import (
    Controls,
    InterchangeAcknowledgement,
    Route,
    SetBody,
    write_interchange,
)

CLEARINGHOUSE = "CLAIMSTREAMCH"
NOON = time(12)
"""Every envelope says noon, so that the bytes depend on the business date alone."""


class Outgoing(NamedTuple):
    """One file on its way: to whom, its control number there, its date."""

    receiver: str
    number: int
    day: date

    @property
    def time(self) -> str:
        """HHMM of the envelope."""
        return f"{NOON:%H%M}"

    def wrapped(
        self,
        bodies: Iterable[SetBody] = (),
        acknowledgements: Iterable[InterchangeAcknowledgement] = (),
    ) -> bytes:
        """The file with these TA1s, and behind them these sets."""
        return write_interchange(
            bodies,
            Route(CLEARINGHOUSE, self.receiver, usage="T"),
            Controls(self.number, self.number),
            at=datetime.combine(self.day, NOON),
            acknowledgements=acknowledgements,
        )
