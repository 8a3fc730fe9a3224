"""The one shape in which every dated code list answers: valid, not valid, or list not loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Standing(StrEnum):
    """Three answers that must never be mixed: `NOT_LOADED` is never a reason to refuse a code."""

    VALID = "valid"
    NOT_VALID = "not_valid"
    NOT_LOADED = "not_loaded"


class Reason(StrEnum):
    """Why an answer is not plain `VALID`."""

    NONE = ""
    SHAPE = "shape"
    UNKNOWN = "unknown"
    HEADER = "header"
    SEVENTH_CHARACTER = "seventh_character"
    ENDED = "ended"
    NOT_YET_VALID = "not_yet_valid"
    SET_NOT_LOADED = "set_not_loaded"


SENTENCES: dict[Reason, str] = {
    Reason.NONE: "The code is valid on this date.",
    Reason.SHAPE: "This is not the shape of such a code.",
    Reason.UNKNOWN: "The loaded list does not know this code.",
    Reason.HEADER: "This is a category; choose one of the more exact codes below it.",
    Reason.SEVENTH_CHARACTER: "The seventh character is missing or not one this code allows.",
    Reason.ENDED: "The code ended before this date.",
    Reason.NOT_YET_VALID: "The code begins after this date.",
    Reason.SET_NOT_LOADED: "No list is loaded that can answer for this code and date.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a code list says about one code on one calendar date (dates inclusive)."""

    code: str
    standing: Standing
    reason: Reason = Reason.NONE
    title: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    version: str = ""

    @property
    def is_valid(self) -> bool:
        """True only for a code known to be reportable on the date."""
        return self.standing is Standing.VALID

    @property
    def sentence(self) -> str:
        """The reason as a sentence a biller understands."""
        return SENTENCES[self.reason]


def not_loaded(code: str) -> Answer:
    """The answer when no list covers the code and date (docs/domain, Codes: never 'invalid')."""
    return Answer(code, Standing.NOT_LOADED, Reason.SET_NOT_LOADED)


def not_valid(code: str, reason: Reason, *, title: str = "", version: str = "") -> Answer:
    """The answer of a loaded list that refuses the code."""
    return Answer(code, Standing.NOT_VALID, reason, title=title, version=version)


def within(on: date, *, start: date | None, end: date | None) -> bool:
    """True when the date lies in the inclusive span; None is open."""
    return (start is None or start <= on) and (end is None or on <= end)
