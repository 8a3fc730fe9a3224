"""Walk the segments of one set along its guide: loops out, findings of SNIP 1 and 2 noted."""

from collections.abc import Iterator

from shared.x12.checking import Checker, ReadyCache, ready_cache
from shared.x12.dispatch import (
    LoopNode,
    Move,
    Node,
    Plan,
    before_first,
    compile_guide,
    fits,
    opens_with,
    segment_ids,
)
from shared.x12.errors import Finding, Place, finding
from shared.x12.events import Opening, Options
from shared.x12.guide import Guide
from shared.x12.guides.standard import ELSEWHERE, SEGMENTS
from shared.x12.levels import LevelRules
from shared.x12.loops import Branch, Elements, take_closed
from shared.x12.segments import Delimiters
from shared.x12.sieve import Sieves
from shared.x12.states import State

FINDINGS_LIMIT = 5_000  # findings kept per set
NEAR = 8  # segments within which a stray and a missing segment are taken for one fault
_DEFAULT = Options()


class _Frame:
    """An open loop: which of its entries were used (bits), and how often those that came again."""

    __slots__ = ("counts", "loop", "mask")

    def __init__(self, loop: LoopNode) -> None:
        self.loop = loop
        self.mask = 0
        self.counts: dict[int, int] | None = None


class Walker:
    """Takes the segments between ST and SE one by one; holds findings and, if asked, the tree.

    `options` say which external lists are checked. `caches` are shared by the sets of one
    interchange: values that were found good.
    """

    def __init__(
        self,
        guide: Guide,
        delimiters: Delimiters,
        *,
        options: Options = _DEFAULT,
        tree: bool = False,
        caches: ReadyCache | None = None,
    ) -> None:
        root = compile_guide(guide)
        self.findings: list[Finding] = []
        self.ordinal = 1
        self.body = Branch(guide.body.name)
        self._stack = [self.body] if tree else []
        self._component = delimiters.component
        self._ready = ReadyCache() if caches is None else caches
        self._checker = Checker(
            delimiters, options.external, self.note, cache_limit=options.cache_limit
        )
        self._levels = LevelRules(self.note)
        self._frames = [_Frame(root)]
        self._depth = 0
        self._strays: list[tuple[int, Elements]] = []
        self._missed: list[tuple[int, LoopNode | Node, Finding]] = []
        self._lost = False
        self._orderly = True  # nothing missing and nothing too often at this step
        self._lines: dict[int, int] = {}  # depth of a loop: the last number counted in it
        self._node = before_first(root)
        self._sieves = Sieves(delimiters, options.external)
        self._states = self._ready.states_of(root)
        self._remembers = not tree and options.cache_limit > 0
        self._state: State | None = None  # while set, frames and node are behind
        self._settle()

    def feed(self, elements: Elements, text: str = "") -> None:
        """The next segment; ordinals count from ST = 1.

        `text` is the segment as it stands: what was clean at this place is so again.
        """
        self.ordinal += 1
        state = self._state
        if state is not None:
            following = state.known.get(text) or self._follow(state, elements, text)
            if following is not None:
                self._state = following
                if following.counts:
                    self._count(following.node, elements)
                return
            self._resume(state)
        self._orderly = True
        target = self._step(elements)
        if target is None:
            return
        self._keep(elements)
        self._check(target, elements)
        self._count(target, elements)
        following = self._settle()
        if state is not None and following is not None and self._orderly:
            state.after[target] = following

    def _follow(self, state: State, elements: Elements, text: str) -> State | None:
        """The state after a segment that is right at first sight; None for the closer look."""
        plan = state.node.plans.get(elements[0])
        if plan is None:
            return None
        move = plan.fixed or plan.moves.get(plan.qualifier(elements, self._component))
        following = state.after.get(move.target) if move else None
        if following is None or not self._sieves[following.node.spec](text):
            return None
        self._states.remember(state, text, following)
        return following

    def _step(self, elements: Elements) -> Node | None:
        """Move on to where this segment belongs; None for a stray."""
        move = self._find(elements)
        if move is None:
            return None
        target, keep, entry, due, opens = move
        if self._depth > keep:
            self._close(keep)
        frame = self._frames[keep]
        mask, bit = frame.mask, entry.bit
        if due & ~mask or mask & bit:
            self._unusual(frame, move)
        frame.mask = mask | due | bit
        for loop in opens:
            self._open(loop)
        self._node = target
        return target

    def _settle(self) -> State | None:
        """The state reached, if all is in order there."""
        if self._lost or not self._remembers:
            self._state = None
        else:
            self._state = self._states.of(self._node, tuple(
                (frame.mask, tuple(frame.counts.items()) if frame.counts else ())
                for frame in self._frames[: self._depth + 1]
            ))  # fmt: skip
        return self._state

    def _resume(self, state: State) -> None:
        """Bring frames and node up to a state."""
        self._state, self._node, self._depth = None, state.node, len(state.frames) - 1
        loop: LoopNode | None = state.node.loop
        while len(self._frames) < len(state.frames):
            self._frames.append(_Frame(state.node.loop))
        for depth in range(self._depth, -1, -1):
            frame = self._frames[depth]
            frame.mask, counts = state.frames[depth]
            frame.counts = dict(counts)
            if loop:
                frame.loop, loop = loop, loop.parent

    def _check(self, node: Node, elements: Elements) -> None:
        """Everything but the place."""
        ready = self._ready[node.spec]
        _, goods, least, most, more_from, _, _ = ready
        size = len(elements)
        if size < least or size > most or not elements[-1]:
            self._checker.shape(node, elements, self.ordinal)
            self._checker.values(node, ready, elements, ordinal=self.ordinal)
            return
        for good, value in zip(goods, elements, strict=False):
            if value not in good:
                if self._checker.values(node, ready, elements, ordinal=self.ordinal):
                    self._lost = False
                elif node.bit == 1 and not fits(node, elements, self._component):
                    self._lost = True  # it opened a loop it does not belong to
                break
        else:
            self._lost = False
        if size > more_from:
            self._checker.relations(node, ready, elements, ordinal=self.ordinal)

    def _find(self, elements: Elements) -> Move | None:
        """Where this segment belongs; None when it was found to be a stray."""
        node = self._node
        plan = node.plans.get(elements[0]) or node.plan(elements[0])
        if plan is None:
            self._stray(elements)
            return None
        if plan.fixed:
            if self._lost and not fits(plan.fixed.target, elements, self._component):
                self._keep(elements)
                return None
            return plan.fixed
        move = plan.moves.get(plan.qualifier(elements, self._component))
        if move is None and self._lost:
            self._keep(elements)
            return None
        return move or self._nearest(plan)

    def _keep(self, elements: Elements) -> None:
        if self._stack:
            self._stack[-1].segments.append(elements)
            self._stack[-1].ordinals.append(self.ordinal)

    def finish(self) -> None:
        """The set ends here (the ordinal is the trailer's): what is still owed is missing."""
        self.ordinal += 1
        if self._state is not None:
            self._resume(self._state)
        self._close(0)
        root = self._frames[0]
        self._missing(root.loop, root.loop.due[-1] & ~root.mask)
        self._levels.finish()

    def note(self, kind: str, place: Place, value: str = "") -> Finding | None:
        """Keep a finding, up to the limit."""
        if len(self.findings) >= FINDINGS_LIMIT:
            if len(self.findings) == FINDINGS_LIMIT:
                self.findings.append(finding("findings_cut_off", Place(self.ordinal)))
            return None
        self.findings.append(finding(kind, place, value=value))
        return self.findings[-1]

    def _nearest(self, plan: Plan) -> Move:
        """For an unknown qualifier: the innermost use that is still free, required ones first,
        and of those the one that says least of the other elements."""
        depth = plan.choices[0].keep
        mask = self._frames[depth].mask
        near = sorted((m for m in plan.choices if m.keep == depth), key=lambda m: m.target.listed)
        free = [m for m in near if not mask & m.entry.bit]
        owed = [m for m in free if m.entry.usage == "R"]
        move = (owed or free or near)[0]
        self._lost = self._lost or bool(move.opens)
        return move

    def _unusual(self, frame: _Frame, move: Move) -> None:
        """Something due was not seen, or the same is used once more."""
        owed = move.due & ~frame.mask
        if owed:
            self._missing(frame.loop, owed)
        if frame.mask & move.entry.bit:
            self._again(move.entry)

    def _open(self, loop: LoopNode) -> None:
        self._depth = depth = self._depth + 1
        if depth == len(self._frames):
            self._frames.append(_Frame(loop))
        frame = self._frames[depth]
        frame.loop, frame.mask, frame.counts = loop, 1, None
        if self._stack:
            branch = Branch(loop.loop.name)
            self._stack[-1].loops.append(branch)
            self._stack.append(branch)

    def _close(self, depth: int) -> None:
        """Close the loops deeper than `depth`; what they still owe is missing."""
        for frame in self._frames[self._depth : depth : -1]:
            owed = frame.loop.due[-1] & ~frame.mask
            if owed:
                self._missing(frame.loop, owed)
        self._depth = depth
        if self._stack:
            del self._stack[depth + 1 :]

    def _again(self, entry: Node | LoopNode) -> None:
        """A segment or loop is used once more in the same parent."""
        most = entry.most
        if most == 0:
            return
        frame = self._frames[self._depth]
        counts = frame.counts
        if counts is None:
            counts = frame.counts = {}
        used = counts[entry.bit] = counts.get(entry.bit, 1) + 1
        if used == most + 1:
            self._orderly = False
            loop = isinstance(entry, LoopNode)
            place = self._place_of(entry)
            self.note("loop_repeated" if loop else "segment_repeated", place, str(most))

    def _count(self, node: Node, elements: Elements) -> None:
        """HL and LX carry numbers of their own; those of LX start anew in each parent."""
        if node.counts == "level":
            self._levels.take(node, elements, self.ordinal)
        elif node.counts == "line":
            depth = node.loop.depth - 1
            number = self._lines[depth] = self._lines.get(depth, 0) + 1
            given = elements[1] if len(elements) > 1 else ""
            if given.isdecimal() and given.isascii() and int(given[:6]) != number:
                place = Place(self.ordinal, node.segment.id, node.loop.loop.name, 1)
                self.note("line_out_of_sequence", place, given)
                self._lines[depth] = int(given[:6])
        for depth in node.restarts:
            self._lines[depth] = 0

    def _place_of(self, entry: Node | LoopNode) -> Place:
        if isinstance(entry, LoopNode):
            return Place(self.ordinal, entry.opener.segment.id, entry.loop.name)
        return Place(self.ordinal, entry.segment.id, entry.loop.loop.name)

    def _missing(self, loop: LoopNode, bits: int) -> None:
        self._orderly = False
        if self._lost:
            return  # what follows from the first fault is not reported again
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
            if self._near(stray[0]) and fits(entry, stray[1], self._component):
                self._strays.remove(stray)
                return True
        return False

    def _near(self, ordinal: int) -> bool:
        return self.ordinal - ordinal <= NEAR

    def _remember(self, elements: Elements) -> None:
        self._strays = [s for s in self._strays if self._near(s[0])]
        self._strays.append((self.ordinal, elements))
        self._lost = True

    def _stray(self, elements: Elements) -> None:
        """A segment that fits nowhere from here: one finding, the place does not change."""
        segment_id = elements[0]
        self._keep(elements)
        place = Place(self.ordinal, segment_id[:8], self._frames[self._depth].loop.loop.name)
        if segment_id not in SEGMENTS and segment_id not in ELSEWHERE:
            self.note("segment_unknown", place, segment_id)
            self._remember([segment_id.upper(), *elements[1:]])
            return
        for missed in self._missed:
            if self._near(missed[0]) and fits(missed[1], elements, self._component):
                self._missed.remove(missed)
                if missed[2] in self.findings:
                    self.findings.remove(missed[2])
                self.note("segment_out_of_order", place)
                return
        if not self._lost:
            self.note(self._stray_kind(segment_id), place)
            self._remember(elements)

    def _stray_kind(self, segment_id: str) -> str:
        for frame in self._frames[: self._depth + 1]:
            if any(opens_with(entry, segment_id) for entry in frame.loop.entries):
                return "segment_out_of_order"
        known = segment_id in segment_ids(self._frames[0].loop)
        return "segment_unexpected" if known else "segment_not_in_set"


def walker_for(opening: Opening) -> Walker | None:
    """The walker that a read asks for; none when it does not check."""
    guide, delimiters, options, caches = opening
    if not options.check:
        return None
    return Walker(guide, delimiters, options=options, caches=ready_cache(caches))


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
