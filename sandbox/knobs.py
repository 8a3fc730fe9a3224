"""Fault knobs: what a test may let go wrong at a door, a number of times or until turned back.

slow       answers as usual, after `seconds`
silent     does nothing and says nothing for `seconds`, then 504
vanish     does its work, and the answer is lost: 502
reject     does nothing: 503 with Retry-After
garble     does its work; the bytes of the answer are cut and scrambled
duplicate  every file or entry that comes of it, twice
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Door(StrEnum):
    """What can be disturbed."""

    CLAIMS = "claims"
    ELIGIBILITY = "eligibility"
    STATUS = "status"
    MAILBOX = "mailbox"
    FILE = "file"
    ACK = "ack"
    DEPOSITS = "deposits"


class Fault(StrEnum):
    """How."""

    NONE = "none"
    SLOW = "slow"
    SILENT = "silent"
    VANISH = "vanish"
    REJECT = "reject"
    GARBLE = "garble"
    DUPLICATE = "duplicate"


class Turned(NamedTuple):
    """A knob's setting; times None = until turned back."""

    fault: Fault = Fault.NONE
    times: int | None = None
    seconds: float = 1.0


class Knobs:
    """The knobs of one running sandbox; a restart turns them back."""

    def __init__(self) -> None:
        self._turned: dict[Door, Turned] = {}

    def turn(self, door: Door, setting: Turned) -> None:
        """Set a knob; NONE turns it back."""
        self._turned[door] = setting

    def next_fault(self, door: Door) -> Turned:
        """What happens to the call that comes now; counts it."""
        setting = self._turned.get(door, Turned())
        if setting.times is None:
            return setting
        left = setting.times - 1
        self._turned[door] = setting._replace(times=left) if left > 0 else Turned()
        return setting if setting.times > 0 else Turned()
