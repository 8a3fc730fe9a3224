"""`rcm x12 parse`: the typed values of a file, as JSON or as one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from cli.answers import out
from cli.x12.files import acknowledgement_named, set_named
from cli.x12.glossary import SET_WORDS
from cli.x12.masking import plain
from cli.x12.telling import lines_of
from shared.x12 import InterchangeEnd, Item, Options, SetEnd, SetStart, stream


def parse(pieces: Iterable[bytes], options: Options, *, show_phi: bool) -> Iterator[dict[str, Any]]:
    """One object per set and TA1, as soon as it is whole; raises X12Error like `stream`."""
    values: list[dict[str, Any]] = []
    start: SetStart | None = None
    for event in stream(pieces, options):
        match event:
            case SetStart():
                start, values = event, []
            case Item():
                values.append(_value(event, show_phi=show_phi))
            case SetEnd() if start is not None:
                yield {
                    **set_named(start, event),
                    "findings": len(event.findings),
                    "values": values,
                }
            case InterchangeEnd():
                for one in event.acknowledgements:
                    value = _value(Item(one, [[]], 0), show_phi=show_phi)
                    named = acknowledgement_named(event.interchange, one)
                    yield {**named, "findings": 0, "values": [value]}


def _value(item: Item, *, show_phi: bool) -> dict[str, Any]:
    """The value under the name of its type; null when it could not be read."""
    kind = type(item.value).__name__ if item.value is not None else "unreadable"
    return {
        "type": kind,
        "position": item.ordinal,
        "segments": len(item.segments),
        "value": plain(item.value, show=show_phi),
    }


def show(sets: Iterable[dict[str, Any]]) -> None:
    """A heading per set and a line per value."""
    for one in sets:
        words = SET_WORDS.get(one["set"], "no guide for it here")
        heading = f"Set {one['control']}: {one['set']}, {words}, {one['segments']} segments"
        out.print(Text(heading.replace(" 1 segments", " 1 segment"), "bold"), soft_wrap=True)
        for value in one["values"]:
            if value["value"] is None:
                out.print(f"  what begins at segment {value['position']} cannot be read")
            for line in lines_of(value["value"], value["type"]) if value["value"] else ():
                out.print(Text(f"  {line}"), soft_wrap=True)
