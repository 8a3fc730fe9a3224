"""Compiled guides: everything can be reached, nothing is ambiguous, the least message is clean."""

from collections.abc import Iterator
from itertools import combinations

import pytest

from shared.x12 import GUIDES, Delimiters, Options
from shared.x12.dispatch import LoopNode, Node, compile_guide, qualifier_codes, spec_of
from shared.x12.guide import Element, Guide, Loop, Required, Segment, read_elements
from shared.x12.printing import guide_table
from shared.x12.tree import Walker, walk
from tests.shared.x12.material import LISTS, STANDARD, body_lines, message

each_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda g: g.name)


def _loops(node: LoopNode) -> Iterator[LoopNode]:
    yield node
    for entry in node.entries:
        if isinstance(entry, LoopNode):
            yield from _loops(entry)


def _opener(entry: Node | LoopNode) -> Segment:
    return (entry if isinstance(entry, Node) else entry.opener).segment


def _rivals(loop: LoopNode) -> Iterator[tuple[Segment, Segment]]:
    """Two uses of one segment id at one place."""
    for one, other in combinations(loop.entries, 2):
        first, second = _opener(one), _opener(other)
        if one.position == other.position and first.id == second.id:
            yield first, second


@each_guide
def test_no_two_uses_at_one_place_take_the_same_segment(guide: Guide) -> None:
    for loop in _loops(compile_guide(guide)):
        for first, second in _rivals(loop):
            codes = qualifier_codes(first), qualifier_codes(second)
            assert all(codes), (loop.loop.name, first.id)
            if first.usage == second.usage or first.id != "HL":
                assert not codes[0] & codes[1], (loop.loop.name, first.id)


@each_guide
def test_every_segment_and_loop_is_reached_by_some_path(guide: Guide) -> None:
    root = compile_guide(guide)
    every = [e for loop in _loops(root) for e in loop.entries if isinstance(e, Node)]
    ids = {node.segment.id for node in every}
    reached: set[int] = set()
    waiting = [Walker(guide, STANDARD)._node]
    while waiting:
        plans = map(waiting.pop().plan, ids)
        targets = {id(m.target): m.target for plan in plans if plan for m in plan.choices}
        waiting += [target for key, target in targets.items() if key not in reached]
        reached |= targets.keys()
    assert reached == {id(node) for node in every}


def _value(element: Element) -> str:
    if element.codes:
        return min(element.codes)
    if element.external in LISTS:
        return min(LISTS[element.external])
    if element.parts:
        return ":".join(_value(p) if p.usage == Required else "" for p in element.parts).rstrip(":")
    plain = {"DT": "20260105", "TM": "0930", "R": "1", "N0": "1"}
    return plain.get(element.kind, "A" * element.least)


FORMATS = {"D8": "20260102", "RD8": "20260102-20260103", "DT": "202601020830", "TM": "0830"}


class Least:
    """Writes the shortest message a guide allows."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = []
        self.levels = 0
        self.parents: list[str] = []

    def loop(self, loop: Loop) -> None:
        number = len(self.lines)
        for item in loop.items:
            if item.usage == Required:
                if isinstance(item, Segment):
                    self.segment(item)
                else:
                    self.loop(item)
        if loop.level:
            self.parents.pop()
            inner = any(isinstance(i, Loop) and i.level and i.usage == Required for i in loop.items)
            hl = self.lines[number]
            if len(hl) > 4:
                hl[4] = "1" if inner else "0"

    def segment(self, segment: Segment) -> None:
        spec = spec_of(segment)
        values = [_value(e) if e.usage == Required else "" for e in read_elements(segment)]
        for form, at in spec.formats:
            if values[form - 1] and values[at - 1]:
                values[at - 1] = FORMATS[values[form - 1]]
        for note in spec.notes:
            if note.letter == "R" and not any(values[i - 1] for i in note.elements):
                values[note.elements[0] - 1] = _value(spec.elements[note.elements[0] - 1])
        if segment.id == "HL":
            self.levels += 1
            values[0] = str(self.levels)
            values[1] = self.parents[-1] if self.parents else ""
            self.parents.append(values[0])
            values[3] = values[3] or ("1" if spec.elements[3].codes else "")
        while values and not values[-1]:
            values.pop()
        self.lines.append([segment.id, *values])


def _only_children_allowed(guide: Guide) -> bool:
    """277: an answer may end at a level whose HL04 must say that levels follow."""
    return guide.name == "277"


@each_guide
def test_the_least_message_of_a_guide_is_clean(guide: Guide) -> None:
    least = Least()
    least.loop(guide.body)
    walker = Walker(guide, STANDARD, options=Options(external=LISTS))
    for elements in least.lines:
        walker.feed(elements)
    walker.finish()
    left = [f for f in walker.findings if not (f.segment_id == "HL" and f.element == 4)]
    assert not left
    if not _only_children_allowed(guide):
        assert not [f for f in walker.findings if f.kind == "level_children_wrong"]


@each_guide
def test_leaving_out_any_required_segment_is_noticed(guide: Guide) -> None:
    least = Least()
    least.loop(guide.body)
    for left_out in range(len(least.lines)):
        walker = Walker(guide, STANDARD, options=Options(external=LISTS))
        for at, elements in enumerate(least.lines):
            if at != left_out:
                walker.feed(elements)
        walker.finish()
        assert walker.findings, least.lines[left_out]


@each_guide
def test_a_guide_prints_as_a_table(guide: Guide) -> None:
    rows = list(guide_table(guide))
    assert {len(row) for row in rows} == {5}
    assert [row[4] for row in rows if row[2] == "unverified"] == list(guide.unverified)
    assert len(rows) > 60


@pytest.mark.parametrize("loop", ["2100", "2110"])
def test_walk_hands_out_loops_as_they_close(loop: str) -> None:
    guide = next(g for g in GUIDES if g.name == "835")
    lines = [line.split("*") for line in body_lines(message("835_full"))[3:-3]]
    starts = [line for line in lines if line[0] == {"2100": "CLP", "2110": "SVC"}[loop]]
    emitted = list(walk(iter(lines), guide, Delimiters(), emit=frozenset({loop})))
    assert [branch.segments[0] for branch in emitted] == starts
