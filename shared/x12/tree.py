"""Walk the segments of one set along its guide: loops out, findings of SNIP 1 and 2 noted."""

from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from shared.x12.dispatch import (
    LoopNode,
    Move,
    Node,
    Plan,
    Spec,
    before_first,
    compile_guide,
    fits,
    opens_with,
    segment_ids,
)
from shared.x12.errors import Finding, Place, finding
from shared.x12.events import CACHE_LIMIT
from shared.x12.guide import Guide
from shared.x12.guides.standard import ELSEWHERE, SEGMENTS
from shared.x12.loops import Branch, Elements, take_closed
from shared.x12.segments import Delimiters
from shared.x12.values import Fault, Reader, faults, format_fault, note_fault

FINDINGS_LIMIT = 5_000  # findings kept per set
NEAR = 8  # segments within which a stray and a missing segment are taken for one fault


class _Ready(NamedTuple):
    """A segment's checks with the values found good during this read."""

    spec: Spec
    goods: list[set[str]]
    patterns: set[tuple[bool, ...]]
    formats: set[tuple[str, str]]


class Walker:
    """Takes the segments between ST and SE one by one; holds findings and, if asked, the tree.

    External lists are handed in by name; a list that is not handed in is not checked.
    """

    def __init__(
        self,
        guide: Guide,
        delimiters: Delimiters,
        *,
        external: Mapping[str, Container[str]] | None = None,
        tree: bool = False,
        cache_limit: int = CACHE_LIMIT,
        caches: "dict[Spec, _Ready] | None" = None,
    ) -> None:
        root = compile_guide(guide)
        self.findings: list[Finding] = []
        self.ordinal = 1
        self.reader = Reader(delimiters.component, delimiters.repetition, external or {})
        self.body = Branch(guide.body.name)
        self._stack = [self.body] if tree else []
        self._cache_limit = cache_limit
        self._ready = {} if caches is None else caches
        self._loops: list[LoopNode] = [root]
        self._masks = [0]
        self._counts: list[dict[int, int] | None] = [None]
        self._lines = [0]
        self._levels: dict[int, str] = {}
        self._level_count = 0
        self._open_level: tuple[str, str, int] | None = None
        self._strays: list[tuple[int, Elements]] = []
        self._missed: list[tuple[int, LoopNode | Node, Finding]] = []
        self._lost = False
        self._node = before_first(root)

    def feed(self, elements: Elements) -> None:
        """The next segment; ordinals count from ST = 1."""
        self.ordinal += 1
        node = self._node
        plan = node.plans.get(elements[0]) or node.plan(elements[0])
        if plan is None:
            self._stray(elements)
            return
        move = plan.fixed or self._qualified(plan, elements)
        if move is None:
            return
        target = move.target
        if move.entry is target and len(self._loops) == move.keep + 1:
            mask = self._masks[-1]
            if move.due & ~mask:
                self._missing(self._loops[-1], move.due & ~mask)
            if mask & target.bit:
                self._again(target)
            self._masks[-1] = mask | move.due | target.bit
        else:
            self._shift(move)
        self._node = target
        self._keep(elements)
        self._check(target, elements)

    def _keep(self, elements: Elements) -> None:
        if self._stack:
            self._stack[-1].segments.append(elements)
            self._stack[-1].ordinals.append(self.ordinal)

    def finish(self) -> None:
        """The set ends here (the ordinal is the trailer's): what is still owed is missing."""
        self.ordinal += 1
        self._close(0)
        self._missing(self._loops[0], self._loops[0].due[-1] & ~self._masks[0])
        self._children("")

    def note(self, kind: str, place: Place, value: str = "") -> Finding | None:
        """Keep a finding, up to the limit."""
        if len(self.findings) >= FINDINGS_LIMIT:
            if len(self.findings) == FINDINGS_LIMIT:
                self.findings.append(finding("findings_cut_off", Place(self.ordinal)))
            return None
        self.findings.append(finding(kind, place, value=value))
        return self.findings[-1]

    # -- where a segment belongs ---------------------------------------------------------------

    def _qualified(self, plan: Plan, elements: Elements) -> Move | None:
        value = elements[plan.element] if plan.element < len(elements) else ""
        if plan.in_composite:
            value = value.split(self.reader.component, 1)[0]
        move = plan.moves.get(value)
        if move is None and self._lost:
            self._keep(elements)
            return None
        return move or self._nearest(plan)

    def _nearest(self, plan: Plan) -> Move:
        """For an unknown qualifier: the innermost use that is still free, required ones first."""
        depth = plan.choices[0].keep
        mask = self._masks[depth]
        near = [m for m in plan.choices if m.keep == depth]
        free = [m for m in near if not mask & m.entry.bit]
        owed = [m for m in free if m.entry.usage == "R"]
        move = (owed or free or near)[0]
        self._lost = self._lost or move.entry is not move.target
        return move

    def _shift(self, move: Move) -> None:
        """A step that closes loops, opens one, or both."""
        self._close(move.keep)
        loop, entry = self._loops[-1], move.entry
        mask = self._masks[-1]
        if move.due & ~mask:
            self._missing(loop, move.due & ~mask)
        if mask & entry.bit:
            self._again(entry)
        self._masks[-1] = mask | move.due | entry.bit
        while isinstance(entry, LoopNode):
            self._loops.append(entry)
            self._masks.append(1)
            self._counts.append(None)
            self._lines.append(0)
            if self._stack:
                branch = Branch(entry.loop.name)
                self._stack[-1].loops.append(branch)
                self._stack.append(branch)
            entry = entry.entries[0]

    def _close(self, depth: int) -> None:
        while len(self._loops) > depth + 1:
            loop = self._loops[-1]
            owed = loop.due[-1] & ~self._masks[-1]
            if owed:
                self._missing(loop, owed)
            for stack in (self._loops, self._masks, self._counts, self._lines):
                stack.pop()
            if self._stack:
                self._stack.pop()

    def _again(self, entry: Node | LoopNode) -> None:
        """A segment or loop is used once more in the same parent."""
        most = entry.most
        if most == 0:
            return
        counts = self._counts[-1]
        if counts is None:
            counts = self._counts[-1] = {}
        used = counts[entry.bit] = counts.get(entry.bit, 1) + 1
        if used == most + 1:
            loop = isinstance(entry, LoopNode)
            place = self._place_of(entry)
            self.note("loop_repeated" if loop else "segment_repeated", place, str(most))

    def _place_of(self, entry: Node | LoopNode) -> Place:
        if isinstance(entry, LoopNode):
            return Place(self.ordinal, entry.opener.segment.id, entry.loop.name)
        return Place(self.ordinal, entry.segment.id, entry.loop.loop.name)

    def _missing(self, loop: LoopNode, bits: int) -> None:
        for bit, entry in loop.names.items():
            if bits & bit and not self._explained(entry):
                kind = "segment_missing" if isinstance(entry, Node) else "loop_missing"
                noted = self.note(kind, self._place_of(entry))
                if noted:
                    self._missed = [m for m in self._missed if self._near(m[0])]
                    self._missed.append((self.ordinal, entry, noted))

    def _explained(self, entry: Node | LoopNode) -> bool:
        """Whether a stray a little earlier was this very segment: then one fault, not two."""
        for stray in self._strays:
            if self._near(stray[0]) and fits(entry, stray[1], self.reader.component):
                self._strays.remove(stray)
                return True
        return False

    def _near(self, ordinal: int) -> bool:
        return self.ordinal - ordinal <= NEAR

    def _stray(self, elements: Elements) -> None:
        """A segment that fits nowhere from here: one finding, the place does not change."""
        segment_id = elements[0]
        self._keep(elements)
        place = Place(self.ordinal, segment_id[:8], self._loops[-1].loop.name)
        if segment_id not in SEGMENTS and segment_id not in ELSEWHERE:
            self.note("segment_unknown", place, segment_id)
            self._strays.append((self.ordinal, [segment_id.upper(), *elements[1:]]))
            self._lost = True
            return
        kind = self._stray_kind(segment_id)
        for missed in self._missed:
            if self._near(missed[0]) and fits(missed[1], elements, self.reader.component):
                self._missed.remove(missed)
                if missed[2] in self.findings:
                    self.findings.remove(missed[2])
                self.note("segment_out_of_order", place)
                return
        if not self._lost:
            self.note(kind, place)
            self._strays = [s for s in self._strays if self._near(s[0])]
            self._strays.append((self.ordinal, elements))
        self._lost = True

    def _stray_kind(self, segment_id: str) -> str:
        for loop in self._loops:
            if any(opens_with(entry, segment_id) for entry in loop.entries):
                return "segment_out_of_order"
        known = segment_id in segment_ids(self._loops[0])
        return "segment_unexpected" if known else "segment_not_in_set"

    # -- what a segment says -------------------------------------------------------------------

    def _check(self, node: Node, elements: Elements) -> None:
        ready = self._ready.get(node.spec) or self._prepare(node.spec)
        spec, goods, patterns, formats = ready
        size = len(elements)
        if size > len(goods) or size < spec.least or (not elements[-1] and size > 1):
            self._shape(node, elements)
        for good, value in zip(goods, elements, strict=False):
            if value not in good:
                self._values(node, ready, elements)
                break
        else:
            self._lost = False
        if spec.notes and (pattern := tuple(map(bool, elements))) not in patterns:
            self._notes(node, elements)
            if len(patterns) < self._cache_limit and all(
                note_fault(n, elements) is None for n in spec.notes
            ):
                patterns.add(pattern)
        for form, at in spec.formats:
            if at < size and (pair := (elements[form], elements[at])) not in formats:
                kind = format_fault(*pair) if pair[1] else ""
                if kind:
                    self.note(kind, self._at(node, at), pair[1])
                elif len(formats) < self._cache_limit:
                    formats.add(pair)
        if node.counts_levels:
            self._level(node, elements)
        elif node.counts_lines:
            self._line(node, elements)

    def _prepare(self, spec: Spec) -> _Ready:
        ready = _Ready(spec, [set(start) for start in spec.starts], set(), set())
        self._ready[spec] = ready
        return ready

    def _at(self, node: Node, element: int, fault: Fault | None = None) -> Place:
        place = Place(self.ordinal, node.segment.id, node.loop.loop.name, element)
        if fault:
            place = place._replace(component=fault.component, repetition=fault.repetition)
        return place

    def _shape(self, node: Node, elements: Elements) -> None:
        if not elements[-1] and len(elements) > 1:
            self.note("trailing_separators", self._at(node, 0))
        if len(elements) > len(node.spec.starts) and any(elements[len(node.spec.starts) :]):
            extra = len(node.spec.starts)
            self.note("elements_too_many", self._at(node, extra), elements[extra])
        for number in range(len(elements), node.spec.least):
            if node.spec.elements[number - 1].usage == "R":
                self.note("element_missing", self._at(node, number))

    def _values(self, node: Node, ready: _Ready, elements: Elements) -> None:
        """The slow path: at least one value was not seen before."""
        clean = True
        for number, value in enumerate(elements[1 : len(ready.goods)], 1):
            good = ready.goods[number]
            if value in good:
                continue
            found = faults(node.spec.elements[number - 1], value, self.reader)
            if not found and len(good) < self._cache_limit:
                good.add(value)
            for fault in found:
                clean = False
                self.note(fault.kind, self._at(node, number, fault), fault.value)
        if clean:
            self._lost = False

    def _notes(self, node: Node, elements: Elements) -> None:
        for note in node.spec.notes:
            broken = note_fault(note, elements)
            if broken and node.spec.elements[broken[1] - 1].usage != "R":
                self.note(broken[0], self._at(node, broken[1]))

    def _level(self, node: Node, elements: Elements) -> None:
        """HL01 counts from 1, HL02 names the level around this one, HL04 says children follow."""
        number, parent, _, has_children = (*elements[1:5], "", "", "", "")[:4]
        self._level_count += 1
        expected = str(self._level_count)
        follows = self._open_level and number == _next(self._open_level[0])
        if number and number != expected and not follows:
            self.note("level_out_of_sequence", self._at(node, 1), number)
        around = node.loop.parent
        while around is not None and not around.loop.level:
            around = around.parent
        if around is not None and parent and parent != self._levels.get(around.depth):
            self.note("level_parent_unknown", self._at(node, 2), parent)
            parent = self._levels.get(around.depth, "")
        self._children(parent)
        self._levels[node.loop.depth] = number
        self._open_level = (number, has_children, self.ordinal)

    def _children(self, parent: str) -> None:
        """Judge HL04 of the level before, now that it is known whether a child follows."""
        if self._open_level is None:
            return
        number, has_children, ordinal = self._open_level
        follows = bool(parent) and parent == number
        if (has_children == "1" and not follows) or (has_children == "0" and follows):
            place = Place(ordinal, "HL", "", 4)
            self.note("level_children_wrong", place, has_children)
        self._open_level = None

    def _line(self, node: Node, elements: Elements) -> None:
        """LX01 counts from 1 in each claim."""
        parent = node.loop.depth - 1
        given = elements[1] if len(elements) > 1 else ""
        self._lines[parent] += 1
        if given.isdecimal() and given.isascii() and int(given[:6]) != self._lines[parent]:
            self.note("line_out_of_sequence", self._at(node, 1), given)
            self._lines[parent] = int(given[:6])


def walk(
    segments: Iterator[Elements], guide: Guide, delimiters: Delimiters, *, emit: frozenset[str]
) -> Iterator[Branch]:
    """Loops of the names in `emit`, each as soon as it is closed; memory of one such loop."""
    walker = Walker(guide, delimiters, tree=True)
    for elements in segments:
        walker.feed(elements)
        yield from take_closed(walker.body, emit, spare=True)
    walker.finish()
    yield from take_closed(walker.body, emit, spare=False)


def _next(number: str) -> str:
    return str(int(number[:12]) + 1) if number.isdecimal() and number.isascii() else ""
