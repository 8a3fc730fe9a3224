"""`rcm x12 diff`: what two files say differently; delimiters and line ends say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, NamedTuple

from rich.text import Text

from cli.answers import out
from cli.x12.masking import MASK, masked
from shared.x12.segments import Delimiters, blocks

_COLOURS = {"missing": "red", "added": "green", "changed": "yellow"}
_SIGNS = {"missing": "-", "added": "+", "changed": "~"}


class Line(NamedTuple):
    """One segment, written with standard delimiters; `position` counts from ST, 0 outside."""

    text: str
    control: str
    position: int


class Difference(NamedTuple):
    """A segment only one file has (`missing` in the second, `added`), or one that `changed`."""

    what: str
    left: Line | None
    right: Line | None


def lines_of(pieces: Iterable[bytes]) -> list[Line]:
    """A file as segments, empty elements at the end left off; raises X12Error like `blocks`."""
    found: list[Line] = []
    control, position = "", 0
    for block in blocks(pieces):
        delimiters = block.delimiters
        for piece in block.pieces:
            elements = piece.strip(delimiters.blank).split(delimiters.element)
            if elements[0] == "ST":
                control, position = "".join(elements[2:3]), 1
            elif position:
                position += 1
            if elements != [""]:
                found.append(Line(_standard(elements, delimiters), control, position))
            if elements[0] == "SE":
                control, position = "", 0
    return found


def _standard(elements: list[str], delimiters: Delimiters) -> str:
    """The segment as one text; what separates is a control character, so no value holds it."""
    if elements[0] == "ISA":
        elements = [value for n, value in enumerate(elements) if n not in (11, 16)]
    while len(elements) > 1 and not elements[-1]:
        elements = elements[:-1]
    text = "\x1d".join(elements).replace(delimiters.component, "\x1f")
    return text.replace(delimiters.repetition, "\x1e") if delimiters.repetition else text


def differences(left: list[Line], right: list[Line]) -> Iterator[Difference]:
    """Every segment that is not the same in both, in order."""
    matcher = SequenceMatcher(None, [a.text for a in left], [b.text for b in right])
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag != "equal":
            yield from _block(left[start:end], right[other_start:other_end])


def _block(left: list[Line], right: list[Line]) -> Iterator[Difference]:
    """Segments of one name stand against each other, the rest is missing or added."""
    ids, other_ids = ([line.text.partition("\x1d")[0] for line in side] for side in (left, right))
    matcher = SequenceMatcher(None, ids, other_ids)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag == "equal":
            for a, b in zip(left[start:end], right[other_start:other_end], strict=True):
                yield Difference("changed", a, b)
            continue
        yield from (Difference("missing", line, None) for line in left[start:end])
        yield from (Difference("added", None, line) for line in right[other_start:other_end])


def row_of(difference: Difference, *, show_phi: bool) -> dict[str, Any]:
    """One difference; values that may tell who a patient is are hidden unless asked for."""
    sides = [_elements(line) for line in (difference.left, difference.right)]
    kept = difference.left or difference.right
    shown = sides if show_phi else [masked(side, "") if side else [] for side in sides]
    changed = [
        {"element": f"{number:02d}", "left": shown[0][number:][:1], "right": shown[1][number:][:1]}
        for number, (a, b) in enumerate(zip_longest(*sides, fillvalue=""))
        if a != b and number
    ]
    for one in changed:
        one["left"], one["right"] = "".join(one["left"]), "".join(one["right"])
    return {
        "what": difference.what,
        "set": kept.control if kept else "",
        "position_left": difference.left.position if difference.left else None,
        "position_right": difference.right.position if difference.right else None,
        "segment": (sides[0] or sides[1])[0],
        "elements": changed,
    }


def _elements(line: Line | None) -> list[str]:
    if line is None:
        return []
    return line.text.replace("\x1f", ":").replace("\x1e", "^").split("\x1d")


def show(rows: Iterable[dict[str, Any]]) -> None:
    """Print differences for a person."""
    for row in rows:
        places = [p for p in (row["position_left"], row["position_right"]) if p is not None]
        place = " / ".join(map(str, dict.fromkeys(places)))
        where = f"set {row['set']} segment {place}" if row["set"] else "envelope"
        text = Text(f"{_SIGNS[row['what']]} {row['segment']} ", _COLOURS[row["what"]])
        text.append(f"({where}) ")
        text.append(", ".join(_told(row, one) for one in row["elements"]))
        out.print(text, soft_wrap=True)


def _told(row: dict[str, Any], one: dict[str, str]) -> str:
    if row["what"] != "changed":
        return f"{one['element']} {one['left'] or one['right']}"
    hidden = " (hidden)" if MASK in (one["left"], one["right"]) else ""
    return f"{one['element']} {one['left'] or 'nothing'} -> {one['right'] or 'nothing'}{hidden}"
