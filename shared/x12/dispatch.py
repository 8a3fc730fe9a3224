"""A guide made ready for walking: for every place, which segments may follow and what that means.

Loops do not recurse, so a place in a guide (`Node`) fixes the whole chain of open loops, and the
step to the next segment (`Move`) can be worked out once and looked up afterwards.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from shared.x12.guide import (
    Element,
    Guide,
    Loop,
    Note,
    Required,
    Segment,
    Unused,
    read_elements,
    read_notes,
)


class Spec:
    """What is checked in a segment, wherever in the guide it stands."""

    __slots__ = (
        "elements", "formats", "least", "more_from", "most", "notes", "pairs",
        "plain", "segment", "starts",
    )  # fmt: skip

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.elements: tuple[Element, ...] = read_elements(segment)
        required = [i for i, e in enumerate(self.elements, 1) if e.usage == Required]
        self.least = max(required, default=0) + 1
        notes = [n for n in read_notes(segment.id) if not _holds_always(n, self.elements)]
        self.formats = tuple(n.elements for n in notes if n.letter == "D")
        self.pairs = tuple(n for n in notes if n.letter == "P" and len(n.elements) == 2)
        self.notes: tuple[Note, ...] = tuple(
            n for n in notes if n.letter != "D" and n not in self.pairs
        )
        self.more_from = min(map(_matters_from, notes), default=999)
        self.most = len(self.elements) + 1
        self.plain = tuple(
            not e.parts and e.repeat == 1 and e.usage != Unused for e in self.elements
        )
        self.starts = tuple(
            frozenset({segment.id}) if i == 0 else _known_good(self.elements[i - 1])
            for i in range(len(self.elements) + 1)
        )


def _known_good(element: Element) -> frozenset[str]:
    """Values that need no look: all codes of a list, and nothing where nothing is demanded."""
    simple = element.codes and not element.parts and element.repeat == 1
    return (element.codes if simple else frozenset()) | (
        frozenset() if element.usage == Required else frozenset({""})
    )


def _matters_from(note: Note) -> int:
    """A segment must be longer than this for the note to be broken."""
    match note.letter:
        case "R":
            return 0
        case "E":
            return note.elements[1]
        case "D":
            return note.elements[1]
        case _:
            return min(note.elements) if note.letter == "P" else note.elements[0]


def _holds_always(note: Note, elements: tuple[Element, ...]) -> bool:
    """A note that the guide's own usages already decide."""
    if note.letter == "D":
        return False
    usages = [elements[i - 1].usage if i <= len(elements) else "-" for i in note.elements]
    first, rest = usages[0], usages[1:]
    match note.letter:
        case "P":
            return len(set(usages)) == 1 and first != "S"
        case "R":
            return Required in usages
        case "E":
            return sum(u != "-" for u in usages) <= 1
        case "C":
            return first == "-" or all(u == Required for u in rest)
        case _:
            return first == "-" or Required in rest


@lru_cache(maxsize=2048)
def spec_of(segment: Segment) -> Spec:
    """Specs are shared: loop 2300 stands twice in an 837 and is read once."""
    return Spec(segment)


class LoopNode:
    """A loop at its place; `due[p]` are the bits of what is required before position `p`."""

    __slots__ = ("bit", "depth", "due", "entries", "loop", "names", "parent", "position")

    def __init__(self, loop: Loop, parent: "LoopNode | None", *, position: int, bit: int) -> None:
        self.loop, self.parent, self.position, self.bit = loop, parent, position, bit
        self.depth: int = parent.depth + 1 if parent else 0
        self.entries: list[Node | LoopNode] = []
        place, previous = -1, ""
        for number, item in enumerate(loop.items):
            first = item if isinstance(item, Segment) else item.first
            place += first.id != previous
            previous = first.id
            entry: Node | LoopNode = (
                Node(item, self, position=place, bit=1 << number)
                if isinstance(item, Segment)
                else LoopNode(item, self, position=place, bit=1 << number)
            )
            self.entries.append(entry)
        self.names = {e.bit: e for e in self.entries}
        self.due = [
            sum(e.bit for e in self.entries if e.usage == Required and e.position < p)
            for p in range(place + 2)
        ]

    @property
    def usage(self) -> str:
        return self.loop.usage

    @property
    def most(self) -> int:
        return self.loop.many

    @property
    def opener(self) -> "Node":
        """The first segment of this loop."""
        entry = self.entries[0]
        return entry if isinstance(entry, Node) else entry.opener


class Node:
    """A segment at its place in a loop; `plans` holds the moves worked out so far."""

    __slots__ = (
        "bit",
        "counts",
        "loop",
        "plans",
        "position",
        "restarts",
        "segment",
        "spec",
    )

    def __init__(self, segment: Segment, loop: LoopNode, *, position: int, bit: int) -> None:
        self.segment, self.loop, self.position, self.bit = segment, loop, position, bit
        self.spec = spec_of(segment)
        self.plans: dict[str, Plan | None] = {}
        self.counts = ""
        if bit == 1:
            self.counts = "level" if loop.loop.level else "line" if loop.loop.numbered else ""
        self.restarts = tuple(_numbering(self))

    @property
    def usage(self) -> str:
        return self.segment.usage

    @property
    def most(self) -> int:
        return self.segment.most

    @property
    def listed(self) -> int:
        """How many elements take only listed codes."""
        return sum(bool(element.codes) for element in read_elements(self.segment))

    def plan(self, segment_id: str) -> "Plan | None":
        """What to do with a segment of this id that comes next; None when it fits nowhere."""
        if segment_id not in self.plans:
            if len(self.plans) > 256:  # ids come from outside: never grow without bound
                return None
            self.plans[segment_id] = _plan(self, segment_id)
        return self.plans[segment_id]


def _numbering(node: Node) -> Iterator[int]:
    """Depths of the loops that this segment opens and in which lines are numbered."""
    loop, is_first = node.loop, node.bit == 1
    while is_first and loop.parent:
        if any(isinstance(item, Loop) and item.numbered for item in loop.loop.items):
            yield loop.depth
        loop, is_first = loop.parent, loop.bit == 1


class Move(NamedTuple):
    """A step to `target`: loops deeper than `keep` close; `entry` (a segment or loop of the loop
    at depth `keep`) is used once more; `due` must have been seen there before; `opens` are the
    loops it opens."""

    target: Node
    keep: int
    entry: Node | LoopNode
    due: int
    opens: tuple[LoopNode, ...]


class Plan(NamedTuple):
    """All moves for one segment id at one place: one for all (`fixed`), or by qualifier."""

    fixed: Move | None
    element: int
    in_composite: bool
    moves: dict[str, Move]
    choices: tuple[Move, ...]

    def qualifier(self, elements: list[str], component: str) -> str:
        """What tells the moves apart in this segment."""
        value = elements[self.element] if self.element < len(elements) else ""
        return value.split(component, 1)[0] if self.in_composite else value


def _plan(node: Node, segment_id: str) -> Plan | None:
    choices = _choices(node, segment_id)
    if not choices:
        return None
    if len(choices) == 1:
        return Plan(choices[0], 0, False, {}, tuple(choices))
    element, in_composite = qualifier_place(choices[0].target.segment)
    moves: dict[str, Move] = {}
    open_to_all: Move | None = None
    for move in choices:
        codes = qualifier_codes(move.target.segment)
        if not codes:
            open_to_all = open_to_all or move
            if not moves:
                return Plan(move, 0, False, {}, tuple(choices))
            continue
        for code in codes:
            moves.setdefault(code, move)
    return Plan(None, element, in_composite, moves, tuple(choices))


def qualifier_place(segment: Segment) -> tuple[int, bool]:
    """The element that tells segments of one id apart, and whether its first component does."""
    element = read_elements(segment)[int(segment.when) - 1]
    return int(segment.when), bool(element.parts)


def qualifier_codes(segment: Segment) -> frozenset[str]:
    """The qualifiers this use of a segment answers to; empty means any."""
    element = read_elements(segment)[int(segment.when) - 1]
    return element.parts[0].codes if element.parts else element.codes


def _choices(node: Node, segment_id: str) -> list[Move]:
    """Where a segment id may go from here: this loop at or after this place, then its parents."""
    found: list[Move] = []
    loop: LoopNode | None = node.loop
    position = node.position
    while loop is not None:
        for entry in loop.entries:
            target = entry if isinstance(entry, Node) else entry.opener
            if entry.position < position or target.segment.id != segment_id:
                continue
            if target is loop.entries[0] and loop.parent:
                continue  # a loop's first segment opens a new loop, it is not used twice in one
            opens = _chain(entry)
            due = loop.due[entry.position]
            found.append(Move(target, loop.depth, entry, due, opens))
        position = loop.position
        loop = loop.parent
    return found


def _chain(entry: Node | LoopNode) -> tuple[LoopNode, ...]:
    """The loops that using an entry opens, outermost first."""
    if isinstance(entry, Node):
        return ()
    return (entry, *_chain(entry.entries[0]))


@lru_cache(maxsize=64)
def compile_guide(guide: Guide) -> LoopNode:
    """The tables of a guide; made once and kept, they hold nothing of any file."""
    return LoopNode(guide.body, None, position=0, bit=0)


@lru_cache(maxsize=64)
def before_first(root: LoopNode) -> Node:
    """The place before the first segment of a set."""
    return Node(Segment(root.opener.segment.id, "S", 1, "-"), root, position=0, bit=0)


def opens_with(entry: Node | LoopNode, segment_id: str) -> bool:
    first = entry.segment if isinstance(entry, Node) else entry.opener.segment
    return first.id == segment_id


def fits(entry: Node | LoopNode, elements: list[str], component: str) -> bool:
    """Whether these elements would have been this use of the segment."""
    segment = entry.segment if isinstance(entry, Node) else entry.opener.segment
    codes = qualifier_codes(segment)
    if segment.id != elements[0] or not codes:
        return segment.id == elements[0]
    at, in_composite = qualifier_place(segment)
    value = elements[at] if at < len(elements) else ""
    return (value.split(component, 1)[0] if in_composite else value) in codes


@lru_cache(maxsize=1024)
def segment_ids(loop: LoopNode) -> frozenset[str]:
    """Every segment id a guide knows."""
    found: set[str] = set()
    for entry in loop.entries:
        found |= segment_ids(entry) if isinstance(entry, LoopNode) else {entry.segment.id}
    return frozenset(found)
