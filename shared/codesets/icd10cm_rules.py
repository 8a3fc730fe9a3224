"""Rules between the diagnoses of one encounter: Excludes1 pairs, cause before manifestation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from shared.codesets.icd10cm import Icd10cm, normalise
from shared.codesets.icd10cm_notes import Note

_MANIFESTATION = re.compile(r"\bin\b.*\bclassified elsewhere")
_OPEN_LIST = re.compile(r"\bsuch as\b", re.IGNORECASE)


class Level(StrEnum):
    """`ERROR` blocks the encounter; `WARN` may be confirmed with a reason."""

    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Excludes1:
    """Two codes that a note forbids together; `certain` False = the note's words need a person."""

    code: str
    other: str
    note: Note
    certain: bool

    @property
    def level(self) -> Level:
        """A certain conflict blocks until the coder confirms that the conditions are unrelated."""
        return Level.ERROR if self.certain else Level.WARN


@dataclass(frozen=True, slots=True)
class CauseMissing:
    """A code whose `code first` note is not met by any code before it."""

    code: str
    level: Level
    notes: tuple[Note, ...]


def excludes1_conflicts(icd: Icd10cm, codes: Sequence[str]) -> tuple[Excludes1, ...]:
    """Every pair of the list that an own or inherited Excludes1 note forbids, each pair once.

    Rule: Official Guidelines I.A.12.a. Codes dotted or not; unknown codes conflict with nothing.
    """
    pairs = combinations(dict.fromkeys(normalise(code) for code in codes), 2)
    found = (_conflict(icd, one, two) or _conflict(icd, two, one) for one, two in pairs)
    return tuple(conflict for conflict in found if conflict is not None)


def _conflict(icd: Icd10cm, code: str, other: str) -> Excludes1 | None:
    hits = [
        Excludes1(code, other, note, hit.certain)
        for note in icd.notes(code, "excludes1")
        if (hit := note.match(other)) is not None and note.match(code) is None
    ]
    return max(hits, key=lambda hit: hit.certain, default=None)


def is_manifestation(icd: Icd10cm, code: str) -> bool:
    """True when the title says `in … classified elsewhere` and a code-first note applies."""
    code = normalise(code)
    named = _MANIFESTATION.search(icd.title(code)) is not None
    return named and bool(icd.notes(code, "codeFirst"))


def causes_missing(icd: Icd10cm, codes: Sequence[str]) -> tuple[CauseMissing, ...]:
    """Codes (in claim order) that stand before, or without, the cause their notes ask for.

    A manifestation is an error; any other unconditional code-first note is a warning.
    Rule: Official Guidelines I.A.13 and I.A.17.
    """
    return tuple(_causes_missing(icd, [normalise(code) for code in codes]))


def _causes_missing(icd: Icd10cm, codes: list[str]) -> Iterator[CauseMissing]:
    for place, code in enumerate(codes):
        notes = icd.notes(code, "codeFirst")
        manifestation = is_manifestation(icd, code)
        asked = notes if manifestation else _unconditional(notes)
        if asked and not _met(asked, codes[:place]):
            yield CauseMissing(code, Level.ERROR if manifestation else Level.WARN, asked)


def _unconditional(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """Without conditional notes, and without those listed under a conditional heading."""
    headed = {note.carrier for note in notes if note.is_conditional and not note.ranges}
    return tuple(n for n in notes if not n.is_conditional and n.carrier not in headed)


def _met(notes: tuple[Note, ...], earlier: list[str]) -> bool:
    """True when a named cause stands earlier; an open list takes any earlier code."""
    named = [note for note in notes if note.ranges]
    is_open = not named or any(_OPEN_LIST.search(note.text) for note in notes)
    if is_open:
        return bool(earlier)
    return any(note.match(code) for note in named for code in earlier)
