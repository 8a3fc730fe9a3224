"""What one 837P is made of, and how the sending of it can end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.claims.domain.case import Case
from services.claims.domain.claim import Key
from services.claims.domain.parties import Submitter
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Sending:
    """What one 837P is written from; control: its interchange, group and batch number."""

    id: UUID
    submitter: Submitter
    cases: Sequence[Case]
    control: int
    at: datetime


class BatchStatus(StrEnum):
    """made: committed, not sent; unknown: sent, no answer; the last two: answered."""

    MADE = "made"
    UNKNOWN = "unknown"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"


class Ending(NamedTuple):
    """How a sending of a batch ended; file_id: the clearinghouse's name of it."""

    status: BatchStatus
    at: datetime
    file_id: str = ""
    problem: str = ""


class Unwritable(Refused):
    """Some claims hold what an 837 cannot carry; the others may go without them."""

    def __init__(self, claims: Sequence[Key]) -> None:
        super().__init__("claim_unwritable", "A claim holds something an 837 cannot carry.")
        self.claims = tuple(claims)
