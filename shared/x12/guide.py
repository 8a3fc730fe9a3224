"""What a guide is made of, as data: rows of elements, segments, loops; and how a row is written.

A row is one word per element: usage, then what narrows the element down.
    R S -            required, situational, not used (what follows the last word is not used)
    R=QC,1P          only these codes             S@carc     a code of the external list `carc`
    R:1-38           length where the guide differs from the standard
    R(R=HC S S)      a composite                  S*99       repeated up to 99 times
Types, lengths and syntax notes come from the standard's own rows (`guides/standard.py`).
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from shared.x12.guides.standard import COMPOSITES, SEGMENTS

Required, Situational, Unused = "R", "S", "-"


@dataclass(frozen=True, slots=True)
class Element:
    """One element or component: kind AN ID R N0 DT TM B, or the name of a composite."""

    usage: str
    kind: str
    least: int
    most: int
    codes: frozenset[str] = frozenset()
    external: str = ""
    repeat: int = 1
    parts: tuple["Element", ...] = ()
    notes: tuple["Note", ...] = ()


class Note(NamedTuple):
    """A syntax note: P all or none, R at least one, E at most one, C and L conditions on the first;
    D: the first element names the format of the second."""

    letter: str
    elements: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as one place of a guide uses it; `most` 0 means without limit.

    `when` tells segments of one id apart: the element (or `element-component`) that holds codes.
    """

    id: str
    usage: str
    most: int
    row: str
    when: str = "1"


@dataclass(frozen=True, slots=True)
class Loop:
    """Segments and inner loops in order; neighbours that start with one id may come in any order.

    `many` is the most repetitions, 0 without limit. `numbered` checks 01 of the first segment: it
    counts from 1 in each parent. `level` marks an HL loop.
    """

    name: str
    usage: str
    many: int
    items: tuple["Segment | Loop", ...]
    numbered: bool = False
    level: bool = False

    @property
    def first(self) -> Segment:
        """The segment that opens this loop."""
        item = self.items[0]
        return item if isinstance(item, Segment) else item.first


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """One transaction set: names it goes by, and the loop from BHT (or BPR, AK1 ...) on.

    There is one of each, so it is itself only: hashing it by value cost more than a short set.
    """

    name: str
    group: str
    set_id: str
    version: str
    tolerated: tuple[str, ...]
    body: Loop
    unverified: tuple[str, ...] = field(default=())

    @property
    def versions(self) -> tuple[str, ...]:
        """Every GS08 this guide is applied to."""
        return (self.version, *self.tolerated)


_WORD = re.compile(
    r"(?P<usage>[RS-])(?P<composite>\()?"
    r"(?:=(?P<codes>[^\s@:*()]+))?(?:@(?P<external>\w+))?"
    r"(?::(?P<least>\d+)-(?P<most>\d+))?(?:\*(?P<repeat>\d+))?$"
)
_TOKEN = re.compile(r"[RS-]\(|\)\S*|[^\s()]+")
_KIND = re.compile(r"(?P<kind>AN|ID|N0|R|DT|TM|C\d\d\d|B)(?P<least>\d+)?(?:-(?P<most>\d+))?$")


def read_elements(segment: Segment) -> tuple[Element, ...]:
    """The elements of a segment's row, element 01 first."""
    return read_row(segment.row, SEGMENTS[segment.id].partition("|")[0])


def read_notes(segment_id: str) -> tuple[Note, ...]:
    """The standard's syntax notes of a segment (or composite)."""
    row = SEGMENTS.get(segment_id) or COMPOSITES[segment_id]
    return _notes(row.partition("|")[2])


@lru_cache(maxsize=4096)
def read_row(row: str, standard: str) -> tuple[Element, ...]:
    """One guide row laid over the standard's row; ValueError where they do not fit."""
    words, kinds = list(_TOKEN.findall(row)), standard.split()
    elements = tuple(_element(words, kind) for kind in kinds)
    if words:
        raise ValueError(f"row {row!r} is longer than the standard's {standard!r}")
    return elements


def _element(words: list[str], kind: str) -> Element:
    """Take one element (a composite takes several words) from the front of `words`."""
    form = _KIND.match(kind)
    if form is None:
        raise ValueError(f"no such kind: {kind!r}")
    name, least = form["kind"], int(form["least"] or 1)
    most = int(form["most"] or least)
    if not words:
        return Element(Unused, name, least, most)
    word = words.pop(0)
    if word.endswith("("):
        return _composite(words, name, word[0])
    found = _WORD.match(word)
    if found is None:
        raise ValueError(f"cannot read {word!r}")
    if name.startswith("C") and found["usage"] != Unused:
        raise ValueError(f"{name} needs its components: {word!r}")
    return Element(
        usage=found["usage"],
        kind=name,
        least=int(found["least"] or least),
        most=int(found["most"] or most),
        codes=frozenset((found["codes"] or "").split(",")) - {""},
        external=found["external"] or "",
        repeat=int(found["repeat"] or 1),
    )


def _composite(words: list[str], name: str, usage: str) -> Element:
    standard, _, notes = COMPOSITES[name].partition("|")
    inner: list[str] = []
    while not words[0].startswith(")"):
        inner.append(words.pop(0))
    repeat = words.pop(0)[1:].removeprefix("*")
    parts = read_row(" ".join(inner), standard)
    return Element(usage, name, 1, 0, repeat=int(repeat or 1), parts=parts, notes=_notes(notes))


def _notes(text: str) -> tuple[Note, ...]:
    return tuple(
        Note(word[0], tuple(int(word[i : i + 2]) for i in range(1, len(word), 2)))
        for word in text.split()
    )
