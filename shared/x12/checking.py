"""The slow half of checking a segment: what is not known to be good, said as findings."""

from collections.abc import Callable, Container, Mapping
from typing import Any, NamedTuple

from shared.x12.dispatch import LoopNode, Node, Spec
from shared.x12.errors import Place
from shared.x12.segments import Delimiters
from shared.x12.states import States
from shared.x12.values import Reader, faults, format_fault, note_fault, plain_fault

Elements = list[str]
Note = Callable[[str, Place, str], object]


class Ready(NamedTuple):
    """A segment's spec with the values found good during this read."""

    spec: Spec
    goods: list[set[str]]
    least: int
    most: int
    more_from: int
    patterns: set[tuple[bool, ...]]
    formats: set[tuple[str, str]]


class ReadyCache(dict[Spec, Ready]):
    """Specs made ready on first use; lives as long as one interchange is read."""

    def __init__(self) -> None:
        super().__init__()
        self._states: dict[LoopNode, States] = {}

    def states_of(self, root: LoopNode) -> States:
        """What walks along this guide have met."""
        return self._states.setdefault(root, States())

    def __missing__(self, spec: Spec) -> Ready:
        goods = [set(start) for start in spec.starts]
        ready = Ready(spec, goods, spec.least, spec.most, spec.more_from, set(), set())
        self[spec] = ready
        return ready


class Checker:
    """Checks values against a spec and remembers, up to a limit, which were right."""

    def __init__(
        self,
        delimiters: Delimiters,
        external: Mapping[str, Container[str]],
        note: Note,
        *,
        cache_limit: int,
    ) -> None:
        self._reader = Reader(delimiters.component, delimiters.repetition, external)
        self._note = note
        self._cache_limit = cache_limit

    def shape(self, node: Node, elements: Elements, ordinal: int) -> None:
        """Too long, too short, or empty at the end."""
        spec = node.spec
        if not elements[-1] and len(elements) > 1:
            self._note("trailing_separators", _place(node, ordinal), "")
        extra = spec.most
        if any(elements[extra:]):
            self._note("elements_too_many", _place(node, ordinal, extra), elements[extra])
        for number in range(len(elements), spec.least):
            if spec.elements[number - 1].usage == "R":
                self._note("element_missing", _place(node, ordinal, number), "")

    def values(self, node: Node, ready: Ready, elements: Elements, *, ordinal: int) -> bool:
        """Elements of which at least one was not seen before; True when all are right."""
        clean = True
        for number, value in enumerate(elements[1 : ready.most], 1):
            good = ready.goods[number]
            if value in good:
                continue
            element = ready.spec.elements[number - 1]
            if (
                value
                and ready.spec.plain[number - 1]
                and not plain_fault(element, value, self._reader)
            ):
                if len(good) < self._cache_limit:
                    good.add(value)
                continue
            found = faults(element, value, self._reader)
            if not found and len(good) < self._cache_limit:
                good.add(value)
            for fault in found:
                clean = False
                place = _place(node, ordinal, number)
                place = place._replace(component=fault.component, repetition=fault.repetition)
                self._note(fault.kind, place, fault.value)
        return clean

    def relations(self, node: Node, ready: Ready, elements: Elements, *, ordinal: int) -> bool:
        """Syntax notes and formats: what one element says about another; True when all hold."""
        spec, size = ready.spec, len(elements)
        clean = True
        for note in spec.pairs:
            first, second = note.elements
            given = size > first and elements[first] != ""
            if given != (size > second and elements[second] != ""):
                clean = self._broken(node, elements, ordinal)
                break
        if spec.notes and clean:
            pattern = tuple(map(bool, elements))
            if pattern not in ready.patterns:
                clean = self._broken(node, elements, ordinal)
                if clean and self._cache_limit:
                    ready.patterns.add(pattern)
        for form, at in spec.formats:
            if at < size and (pair := (elements[form], elements[at])) not in ready.formats:
                kind = format_fault(*pair) if pair[1] else ""
                if kind:
                    clean = False
                    self._note(kind, _place(node, ordinal, at), pair[1])
                elif len(ready.formats) < self._cache_limit:
                    ready.formats.add(pair)
        return clean

    def _broken(self, node: Node, elements: Elements, ordinal: int) -> bool:
        """Say which notes are broken; True when none is."""
        spec = node.spec
        faults_of_notes = (note_fault(note, elements) for note in (*spec.pairs, *spec.notes))
        broken = dict.fromkeys(filter(None, faults_of_notes))
        for kind, number in broken:
            if spec.elements[number - 1].usage != "R":
                self._note(kind, _place(node, ordinal, number), "")
        return not broken


def _place(node: Node, ordinal: int, element: int = 0) -> Place:
    return Place(ordinal, node.segment.id, node.loop.loop.name, element)


def ready_cache(caches: dict[Any, Any]) -> ReadyCache:
    """The cache that the sets of one interchange share."""
    found: ReadyCache = caches.setdefault("ready", ReadyCache())
    return found
