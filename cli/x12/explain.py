"""`rcm x12 explain`: a file segment by segment in words, under the loops of its guide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from rich.text import Text

from cli.answers import out
from cli.x12.glossary import LOOP_WORDS, SEGMENT_WORDS, SET_WORDS, VALUE_WORDS
from cli.x12.masking import MASK, masked
from shared.x12 import GUIDES, Delimiters
from shared.x12.envelope import read_group, read_interchange
from shared.x12.guide import Guide
from shared.x12.loops import Branch
from shared.x12.segments import blocks
from shared.x12.tree import Walker

_GUIDE_OF = {(guide.set_id, version): guide for guide in GUIDES for version in guide.versions}
_AMOUNT = re.compile(r"-?(?=\.?\d)\d*\.?\d*\Z", re.ASCII)
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)\Z", re.ASCII)
_LABEL = re.compile(r"(?P<number>\d\d)(?P<kind>[$@]?) (?P<words>.+)")
_USAGE = {"T": "test", "P": "production"}


class Line(NamedTuple):
    """One line to show: a heading (`position` 0), or a segment with what its elements say."""

    depth: int
    text: str
    position: int = 0
    segment: str = ""
    loop: str = ""
    elements: tuple[dict[str, str], ...] = ()


def explain(pieces: Iterable[bytes], *, show_phi: bool) -> Iterator[Line]:
    """The lines of a file, in order; raises X12Error like `blocks`."""
    held: list[list[str]] = []  # the open set, ST first
    version, under = "", Delimiters()
    for block in blocks(pieces):
        delimiters = block.delimiters
        for piece in block.pieces:
            elements = piece.strip(delimiters.blank).split(delimiters.element)
            segment_id = elements[0]
            if elements == [""]:
                continue
            if held and segment_id not in ("SE", "GE", "IEA", "ISA", "GS", "ST"):
                held.append(elements)
                continue
            yield from _set(held, version, under, show_phi=show_phi)
            held, under = [elements] if segment_id == "ST" else [], delimiters
            if segment_id == "GS":
                version = read_group(elements).version
            if not held:
                yield from _envelope(elements, delimiters)
    yield from _set(held, version, under, show_phi=show_phi)


def _envelope(elements: list[str], delimiters: Delimiters) -> Iterator[Line]:
    """A segment outside of sets, as a heading."""
    match elements[0]:
        case "ISA":
            one = read_interchange(elements, delimiters)
            yield Line(
                0,
                f"Interchange {one.control} from {one.sender} to {one.receiver},"
                f" 20{_day(one.date, short=True)} {one.time[:2]}:{one.time[2:]},"
                f" {_USAGE.get(one.usage, one.usage)}",
            )
        case "GS":
            group = read_group(elements)
            yield Line(1, f"Group {group.control}: {group.function}, version {group.version}")
        case "TA1":
            values = " ".join(elements[1:])
            yield Line(1, f"Answer to an interchange (TA1): {values}")
        case "SE" | "GE" | "IEA":
            return
        case other:
            yield Line(1, f"{other} stands outside of every set")


def _set(
    held: list[list[str]], version: str, delimiters: Delimiters, *, show_phi: bool
) -> Iterator[Line]:
    """A set that has ended: its heading, then its loops and segments."""
    if not held:
        return
    head, *segments = held
    set_id, control, reference = [*head[1:], "", "", ""][:3]
    guide = _GUIDE_OF.get((set_id, version)) or _GUIDE_OF.get((set_id, reference))
    kind = guide.name if guide else set_id
    words = SET_WORDS.get(kind, "no guide for it here")
    yield Line(2, f"Set {control}: {kind}, {words}, {len(held) + 1} segments")
    for depth, loop, opens, position, elements in _placed(segments, guide, delimiters):
        if opens and loop != "HEADER":
            meaning = LOOP_WORDS.get(kind, {}).get(loop, "")
            yield Line(2 + depth, f"{loop} {meaning}".strip(), loop=loop)
        shown = elements if show_phi else masked(elements, kind)
        yield _segment(shown, depth=3 + depth, loop=loop, position=position)


def _placed(
    segments: list[list[str]], guide: Guide | None, delimiters: Delimiters
) -> list[tuple[int, str, bool, int, list[str]]]:
    """Depth, loop, whether it opens here, position, elements; in the order of the file."""
    if guide is None:
        return [(0, "", False, n, elements) for n, elements in enumerate(segments, 2)]
    walker = Walker(guide, delimiters, tree=True)
    for elements in segments:
        walker.feed(elements, delimiters.element.join(elements))
    walker.finish()
    return sorted(_of(walker.body, 0), key=lambda row: row[3])


def _of(branch: Branch, depth: int) -> Iterator[tuple[int, str, bool, int, list[str]]]:
    for number, elements in enumerate(branch.segments):
        yield depth, branch.name, number == 0, branch.ordinals[number], elements
    for loop in branch.loops:
        yield from _of(loop, depth + 1)


def _segment(elements: list[str], *, depth: int, loop: str, position: int) -> Line:
    segment_id = elements[0]
    name, labels = SEGMENT_WORDS.get(segment_id, ("unknown", ""))
    by_number = {
        found["number"]: found for word in labels.split("; ") if (found := _LABEL.match(word))
    }
    told = []
    for number, value in enumerate(elements[1:], 1):
        if value:
            found = by_number.get(f"{number:02d}")
            told.append({
                "element": f"{number:02d}",
                "label": found["words"] if found else "",
                "value": _value(value, found["kind"] if found else ""),
                "meaning": VALUE_WORDS.get((segment_id, number), {}).get(value, ""),
            })  # fmt: skip
    return Line(depth, name, position, segment_id, loop, tuple(told))


def _value(value: str, kind: str) -> str:
    """An amount with its decimals, a date with its strokes; anything else as it stands."""
    if kind == "$" and _AMOUNT.match(value):
        return f"{Decimal(value):,.2f}"
    if kind == "@" and value != MASK:
        return " to ".join(_day(part) for part in value.split("-"))
    return value


def _day(text: str, *, short: bool = False) -> str:
    found = _DAY.match("20" + text if short else text)
    if not found:
        return text
    written = "-".join(found.groups())
    return written[2:] if short else written


def as_json(lines: Iterable[Line]) -> dict[str, Any]:
    """The same for programs; headings have no position."""
    return {"lines": [{**line._asdict(), "elements": list(line.elements)} for line in lines]}


def show(lines: Iterable[Line]) -> None:
    """Print each line as it comes."""
    for line in lines:
        if not line.position:
            out.print(Text("  " * line.depth + line.text, "bold"), soft_wrap=True)
            continue
        told = ", ".join(_told(one) for one in line.elements)
        text = Text("  " * line.depth)
        text.append(f"{line.position} {line.segment} ", "cyan")
        text.append(f"{line.text}: {told}")
        out.print(text, soft_wrap=True)


def _told(one: dict[str, str]) -> str:
    meaning = f" ({one['meaning']})" if one["meaning"] else ""
    return f"{one['label'] or one['element']} {one['value']}{meaning}"
