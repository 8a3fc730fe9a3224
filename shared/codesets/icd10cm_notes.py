"""Reads the code ranges out of ICD-10-CM notes such as `(E08-E13 with .62-)` or `(Z22.-)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_CODE = r"[A-Z](?:[0-9][0-9A-Z]|[A-Z][0-9])(?:\.[0-9A-Z]{1,4})?"
_RANGE = re.compile(
    rf"(?<![A-Z0-9])(?P<first>{_CODE})(?![A-Z0-9])"
    rf"(?:(?:\.?-)?\s*(?:-|to)\s*(?P<last>{_CODE})(?![A-Z0-9]))?(?:\.?-)?"
)
_BRACKETS = re.compile(r"\(([^()]*)\)")
_DECIMALS = re.compile(r"\.(?P<first>\d+)(?:-\.(?P<last>\d+))?")
_FINAL = re.compile(r"final characters -(?P<first>\d+)")
_ORDINALS = {"fifth": 4, "5th": 4, "sixth": 5, "6th": 5, "seventh": 6, "7th": 6}
_ORDINAL = "|".join(_ORDINALS)
_CHARACTER = re.compile(
    rf"(?P<low>{_ORDINAL})(?: (?P<joint>or|to) (?P<high>{_ORDINAL}))?[ -]characters? "
    r"\.?(?P<first>[0-9A-Z]{1,2})\b(?:-(?P<last>[0-9A-Z]))?"
)
_CONDITIONAL = re.compile(r"\bif\s+(applicable|known|present|any|appropriate)\b|\bany associated\b")
PLACEHOLDER = "X"


@dataclass(frozen=True, slots=True)
class Tail:
    """A condition on the characters after the range: text at a place lies in first..last.

    `places` count from 0 without the dot (negative: from the end); of several the last that does
    not hold a placeholder X decides (poisoning intent stands fifth or sixth).
    """

    places: tuple[int, ...]
    first: str
    last: str

    def matches(self, code: str) -> bool:
        """True when the dotted code fulfils the condition."""
        plain = code.replace(".", "")
        starts = [place if place >= 0 else len(plain) + place for place in self.places]
        texts = [plain[start : start + len(self.first)] for start in starts]
        told = [text for text in texts if text and text != PLACEHOLDER]
        return bool(told) and self.first <= told[-1] <= self.last


@dataclass(frozen=True, slots=True)
class CodeRange:
    """Codes from `first` to `last` with all children; `certain` False = words beyond us."""

    first: str
    last: str
    tail: Tail | None = None
    certain: bool = True

    def matches(self, code: str) -> bool:
        """True when the dotted code lies in the range and fulfils the tail condition."""
        inside = self.first <= code and code[: len(self.last)] <= self.last
        return inside and (self.tail is None or self.tail.matches(code))


@dataclass(frozen=True, slots=True)
class Note:
    """One note: who carries it (code, block or chapter name), what kind, its text, its ranges."""

    carrier: str
    kind: str
    text: str
    ranges: tuple[CodeRange, ...]

    @property
    def is_conditional(self) -> bool:
        """True for `if applicable`, `any associated` and alike."""
        return _CONDITIONAL.search(self.text) is not None

    def match(self, code: str) -> CodeRange | None:
        """The first range of the note that holds the code."""
        return next((part for part in self.ranges if part.matches(code)), None)


@cache
def ranges_in(text: str) -> tuple[CodeRange, ...]:
    """The ranges named in brackets, or, where none are, anywhere in the text (may be empty)."""
    chunks = [chunk for chunk in _BRACKETS.findall(text) if _RANGE.search(chunk)] or [text]
    return tuple(part for chunk in chunks for part in _chunk_ranges(chunk))


def _chunk_ranges(chunk: str) -> list[CodeRange]:
    found = list(_RANGE.finditer(chunk))
    if not found:
        return []
    _, _, condition = chunk[found[-1].end() :].partition("with ")
    tail = _tail(condition)
    certain = tail is not None or not condition
    return [
        CodeRange(match["first"], match["last"] or match["first"], tail, certain) for match in found
    ]


def _tail(condition: str) -> Tail | None:
    if final := _FINAL.match(condition):
        return Tail((-len(final["first"]),), final["first"], final["first"])
    if decimals := _DECIMALS.match(condition):
        return Tail((3,), decimals["first"], decimals["last"] or decimals["first"])
    if character := _CHARACTER.match(condition):
        places = [_ORDINALS[character["low"]]]
        if character["joint"] == "or":
            places.append(_ORDINALS[character["high"]])
        return Tail(tuple(places), character["first"], character["last"] or character["first"])
    return None
