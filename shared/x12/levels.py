"""Rules of hierarchical levels: HL01 counts, HL02 names the parent, HL04 says children follow."""

from collections.abc import Callable

from shared.x12.dispatch import Node
from shared.x12.errors import Place

Note = Callable[[str, Place, str], object]


class LevelRules:
    """Follows the HL segments of one set; keeps only the levels that are open."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._numbers: dict[int, str] = {}  # depth of the loop: HL01 of the level open there
        self._count = 0
        self._open: tuple[str, str, int] | None = None  # HL01, HL04 and place of the last level

    def take(self, node: Node, elements: list[str], ordinal: int) -> None:
        """The next HL."""
        number, parent, _, has_children = (*elements[1:5], "", "", "", "")[:4]
        place = Place(ordinal, "HL", node.loop.loop.name)
        self._count += 1
        follows = self._open is not None and number == _next(self._open[0])
        if number and number != str(self._count) and not follows:
            self._note("level_out_of_sequence", place._replace(element=1), number)
        around = node.loop.parent
        while around is not None and not around.loop.level:
            around = around.parent
        if around is not None and parent and parent != self._numbers.get(around.depth):
            self._note("level_parent_unknown", place._replace(element=2), parent)
            parent = self._numbers.get(around.depth, "")
        self._children(parent)
        self._numbers[node.loop.depth] = number
        self._open = (number, has_children, ordinal)

    def finish(self) -> None:
        """No level follows."""
        self._children("")

    def _children(self, parent: str) -> None:
        """Judge HL04 of the level before, now that it is known whether a child follows."""
        if self._open is None:
            return
        number, has_children, ordinal = self._open
        follows = bool(parent) and parent == number
        if (has_children == "1" and not follows) or (has_children == "0" and follows):
            self._note("level_children_wrong", Place(ordinal, "HL", "", 4), has_children)
        self._open = None


def _next(number: str) -> str:
    return str(int(number[:12]) + 1) if number.isdecimal() and number.isascii() else ""
