"""Loops of a file as a tree of branches."""

from collections.abc import Iterator
from typing import TypeAlias

Elements: TypeAlias = list[str]


class Branch:
    """One loop of a file: its own segments in order, then the loops inside it."""

    __slots__ = ("loops", "name", "ordinals", "segments")

    def __init__(self, name: str) -> None:
        self.name = name
        self.segments: list[Elements] = []
        self.ordinals: list[int] = []
        self.loops: list[Branch] = []

    def all(self, segment_id: str, *qualifiers: str) -> Iterator[Elements]:
        """Segments of an id, only those with one of these in element 1 if any are named."""
        for elements in self.segments:
            if elements[0] == segment_id and (
                not qualifiers or "".join(elements[1:2]) in qualifiers
            ):
                yield elements

    def first(self, segment_id: str, *qualifiers: str) -> Elements | None:
        """The first such segment."""
        return next(self.all(segment_id, *qualifiers), None)

    def whole(self) -> list[Elements]:
        """Its own segments and those of the loops inside it, as they stood in the file."""
        inside = [elements for loop in self.loops for elements in loop.whole()]
        return self.segments + inside

    def inner(self, *names: str) -> Iterator["Branch"]:
        """The loops directly inside with one of these names."""
        return (loop for loop in self.loops if loop.name in names)


def take_closed(branch: Branch, emit: frozenset[str], *, spare: bool) -> Iterator[Branch]:
    """Take out finished loops; with `spare` the last one of a level may still be open."""
    last = len(branch.loops) - 1
    for number, loop in enumerate(branch.loops):
        still_open = spare and number == last
        if loop.name in emit and not still_open:
            yield loop
        elif loop.name not in emit:
            yield from take_closed(loop, emit, spare=still_open)
    if last > 0 and spare:
        del branch.loops[:last]
