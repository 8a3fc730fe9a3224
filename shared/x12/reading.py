"""Read a file: follow its envelopes, hand each set to what reads it, say what is wrong."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias

from shared.x12 import envelope
from shared.x12.envelope import Group, Interchange, InterchangeAcknowledgement, SetHeader
from shared.x12.errors import Finding, Place, finding
from shared.x12.events import (
    Elements,
    Event,
    GroupEnd,
    InterchangeEnd,
    InterchangeStart,
    Item,
    Opening,
    Options,
    SetEnd,
    SetStart,
)
from shared.x12.guide import Guide
from shared.x12.segments import Block, Delimiters, blocks

REMEMBERED = 100_000  # control numbers kept to notice a repeated one
_CONTROL = frozenset({"", "ISA", "TA1", "GS", "ST", "SE", "GE", "IEA"})


class Consumer(Protocol):
    """Takes the segments of one set and makes items of them.

    Before a segment whose id is in `starts`, `cut` is called; then every segment is appended to
    `held`, and given to `walk` if there is one.
    """

    out: list[Item]
    starts: frozenset[str]

    @property
    def held(self) -> "list[Elements] | deque[Elements]":
        """The segments since the last cut."""

    @property
    def walk(self) -> Callable[[Elements, str], None] | None:
        """Judges each segment as it passes, given apart and as text."""

    @property
    def count(self) -> int:
        """Segments so far, ST counted."""

    def cut(self) -> None:
        """Make items of what is held; `held` is a new list afterwards."""

    def finish(self) -> list[Finding]:
        """The set is over: last items go to `out`, all findings come back."""


Open: TypeAlias = Callable[[Opening], Consumer]


class Opener(NamedTuple):
    """A guide and what reads its sets."""

    guide: Guide
    open: Open


class _Counter:
    """Consumer of segments that nobody reads: those of an unknown set, and strays."""

    starts: frozenset[str] = frozenset()

    def __init__(self, found: list[Finding], astray: Callable[[], None] | None = None) -> None:
        self.out: list[Item] = []
        self.held: deque[Elements] = deque(maxlen=0)
        self.count = 1
        self._found = found
        self._astray = astray

    def walk(self, _elements: Elements, _text: str) -> None:
        """Only counted; outside of a set that is a fault."""
        self.count += 1
        if self._astray:
            self._astray()

    def cut(self) -> None:
        """Nothing is held."""

    def finish(self) -> list[Finding]:
        """Why the set is not read."""
        return self._found


class _File:
    """Where in the envelope a read stands."""

    def __init__(self, options: Options, openers: Mapping[tuple[str, str], Opener]) -> None:
        self.options = options
        self.openers = openers
        self.delimiters = Delimiters()
        self.interchange: Interchange | None = None
        self.group: Group | None = None
        self.header: SetHeader | None = None
        self.kind = ""
        self.count = 0
        self.outside = _Counter([], self._astray)
        self.consumer: Consumer = self.outside
        self.seen_interchanges: set[tuple[str, str]] = set()
        self.skip = False
        self.strayed = False
        self.found: list[Finding] = []
        self.group_found: list[Finding] = []
        self.set_found: list[Finding] = []
        self.caches: dict[Any, Any] = {}

    # each control segment has a method of its name; each yields the events it causes

    def take(self, elements: Elements, delimiters: Delimiters) -> Iterator[Event]:
        match elements[0]:
            case "" if len(elements) == 1:
                return  # between two terminators stands nothing
            case "ISA":
                yield from self._isa(elements, delimiters)
            case "IEA":
                yield from self._iea(elements)
            case _ if self.skip or self.interchange is None:
                self._astray()
            case "TA1":
                self._ta1(elements)
            case "GS":
                yield from self._gs(elements)
            case "ST":
                yield from self._st(elements)
            case "SE":
                yield from self._se(elements)
            case "GE":
                yield from self._ge(elements)

    def _astray(self) -> None:
        if self.interchange is not None and not self.skip and not self.strayed:
            self.strayed = True
            self.found.append(finding("control_structure_invalid", Place(0, "ISA")))

    def _isa(self, elements: Elements, delimiters: Delimiters) -> Iterator[Event]:
        if self.interchange is not None:
            yield from self._end_interchange("premature_end")
        self.delimiters = delimiters
        self.caches = {}
        self.interchange = envelope.read_interchange(elements, delimiters)
        self.found = envelope.interchange_findings(elements, delimiters)
        self.skip = bool(envelope.delimiter_findings(delimiters))
        self.strayed = False
        self.groups = 0
        self.ta1s: list[InterchangeAcknowledgement] = []
        self.seen_groups: set[str] = set()
        key = (self.interchange.sender, self.interchange.control)
        if _repeated(key, self.seen_interchanges):
            self.found.append(
                finding("interchange_duplicate", Place(0, "ISA", "", 13), value=key[1])
            )
        yield InterchangeStart(self.interchange)

    def _ta1(self, elements: Elements) -> None:
        if self.groups or self.group:
            self._astray()
        e = elements + [""] * (6 - len(elements))
        self.ta1s.append(InterchangeAcknowledgement(*e[1:6]))
        self.found += envelope.answer_findings(elements, len(self.ta1s))

    def _gs(self, elements: Elements) -> Iterator[Event]:
        yield from self._end_group(None)
        self.groups += 1
        self.group = envelope.read_group(elements)
        self.group_found = []
        for fault in envelope.group_findings(elements):
            (self.group_found if fault.level == "group" else self.found).append(fault)
        self.group_found += _unsupported(self.group, self.openers)
        self.sets = 0
        self.seen_sets: set[str] = set()
        if _repeated(self.group.control, self.seen_groups):
            place = Place(0, "GS", "", 6)
            self.group_found.append(finding("group_duplicate", place, value=self.group.control))

    def _st(self, elements: Elements) -> Iterator[Event]:
        if self.group is None or self.interchange is None:
            self._astray()
            return
        yield from self._end_set(None)
        e = elements + [""] * (4 - len(elements))
        version = self.group.version
        self.header = SetHeader(e[1], e[2], e[3] or version)
        self.sets += 1
        self.set_found = []
        place = Place(1, "ST", "", 2)
        if not 4 <= len(e[2]) <= 9:
            self.set_found.append(finding("set_control_invalid", place, value=e[2]))
        if _repeated(e[2], self.seen_sets):
            self.set_found.append(finding("set_duplicate", place, value=e[2]))
        self._open(self.group, self.header, e[3])
        yield SetStart(self.interchange, self.group, self.header, self.kind)

    def _open(self, group: Group, header: SetHeader, reference: str) -> None:
        """Find the guide: by ST01 and GS08, else by ST01 and ST03."""
        set_id, version = header.id, group.version
        opener = self.openers.get((set_id, version)) or self.openers.get((set_id, reference))
        if opener is None:
            kind = _unread(set_id, self.openers)
            self.consumer = _Counter([finding(kind, Place(1, "ST", "", 1), value=version)])
            self.kind = ""
            return
        if group.function != opener.guide.group:
            place = Place(1, "ST", "", 1)
            self.set_found.append(finding("set_not_of_group", place, value=group.function))
        needed = set_id != "835" or reference
        if (needed and reference not in opener.guide.versions) or (
            reference and reference != version
        ):
            place = Place(1, "ST", "", 3)
            self.set_found.append(
                finding("implementation_reference_invalid", place, value=reference)
            )
        self.kind = opener.guide.name
        opening = Opening(opener.guide, self.delimiters, self.options, self.caches)
        self.consumer = opener.open(opening)

    def _se(self, elements: Elements) -> Iterator[Event]:
        if self.header is None:
            self._astray()
            return
        yield from self._end_set(elements)

    def _end_set(self, trailer: Elements | None) -> Iterator[Event]:
        """Close the open set, if any; without a trailer that is a finding."""
        if self.header is None:
            return
        self.count = self.consumer.count + (trailer is not None)
        found = self.consumer.finish()
        yield from self.consumer.out
        self.consumer = self.outside
        if trailer is None:
            self.set_found.append(finding("set_trailer_missing", Place(self.count, "SE")))
        else:
            _, stated, control = [*trailer, "", ""][:3]
            if envelope.count_of(stated) != self.count:
                place = Place(self.count, "SE", "", 1)
                self.set_found.append(finding("segment_count_wrong", place, value=stated))
            if control != self.header.control:
                place = Place(self.count, "SE", "", 2)
                self.set_found.append(finding("set_control_mismatch", place, value=control))
        every = tuple(sorted(self.set_found + found, key=lambda f: f.segment))
        yield SetEnd(self.header, self.kind, every, self.count)
        self.header, self.kind = None, ""

    def _ge(self, elements: Elements) -> Iterator[Event]:
        if self.group is None:
            self._astray()
            return
        yield from self._end_group(elements)

    def _end_group(self, trailer: Elements | None) -> Iterator[Event]:
        if self.group is None:
            return
        yield from self._end_set(None)
        stated = -1
        if trailer is None:
            self.group_found.append(finding("group_trailer_missing", Place(0, "GE")))
        else:
            _, count, control = [*trailer, "", ""][:3]
            stated = envelope.count_of(count)
            if stated != self.sets:
                place = Place(0, "GE", "", 1)
                self.group_found.append(finding("set_count_wrong", place, value=count))
            if control != self.group.control:
                place = Place(0, "GE", "", 2)
                self.group_found.append(finding("group_control_mismatch", place, value=control))
        yield GroupEnd(self.group, tuple(self.group_found), stated, self.sets)
        self.group = None

    def _iea(self, elements: Elements) -> Iterator[Event]:
        if self.interchange is None:
            return
        yield from self._end_group(None)
        _, count, control = [*elements, "", ""][:3]
        if not self.skip:
            if envelope.count_of(count) != self.groups:
                place = Place(0, "IEA", "", 1)
                self.found.append(finding("group_count_wrong", place, value=count))
            if control != self.interchange.control:
                place = Place(0, "IEA", "", 2)
                self.found.append(finding("interchange_control_mismatch", place, value=control))
        yield from self._end_interchange("")

    def _end_interchange(self, kind: str) -> Iterator[Event]:
        yield from self._end_group(None)
        if self.interchange is None:
            return
        if kind:
            self.found.append(finding(kind, Place(0, "IEA")))
        yield InterchangeEnd(self.interchange, tuple(self.found), tuple(self.ta1s))
        self.interchange = None

    def end(self) -> Iterator[Event]:
        """The file is over; an interchange still open ends too early."""
        if self.interchange is not None:
            yield from self._end_interchange("premature_end")


def _unsupported(group: Group, openers: Mapping[tuple[str, str], Opener]) -> Iterator[Finding]:
    """A group of a kind, or in a version, that no guide here is for."""
    if all(opener.guide.group != group.function for opener in openers.values()):
        yield finding("group_not_supported", Place(0, "GS", "", 1), value=group.function)
    elif all(version != group.version for _, version in openers):
        yield finding("group_version_not_supported", Place(0, "GS", "", 8), value=group.version)


def _unread(set_id: str, openers: Mapping[tuple[str, str], Opener]) -> str:
    """Why there is no guide for a set."""
    if any(known == set_id for known, _ in openers):
        return "guide_not_supported"
    is_number = len(set_id) == 3 and set_id.isdecimal() and set_id.isascii()
    return "set_not_supported" if is_number else "set_id_invalid"


def _repeated(key: Any, seen: set[Any]) -> bool:
    if key in seen:
        return True
    if len(seen) < REMEMBERED:
        seen.add(key)
    return False


def stream_with(
    chunks: Iterable[bytes],
    options: Options,
    openers: Mapping[tuple[str, str], Opener],
) -> Iterator[Event]:
    """Events of a file in order, each item as soon as it is whole; constant memory."""
    file = _File(options, openers)
    for block in blocks(chunks):
        yield from _block_events(file, block)
    yield from file.end()


def _block_events(file: _File, block: Block) -> Iterator[Event]:
    """Events of one block; the inner loop of every read."""
    delimiters = block.delimiters
    blank, separator = delimiters.blank, delimiters.element
    consumer = file.consumer
    stops, keep, walk = _CONTROL | consumer.starts, consumer.held.append, consumer.walk
    for piece in block.pieces:
        text = piece.strip(blank)
        elements = text.split(separator)
        if elements[0] in stops:
            if elements[0] in _CONTROL:
                yield from file.take(elements, delimiters)
                consumer = file.consumer
                stops, keep, walk = _CONTROL | consumer.starts, consumer.held.append, consumer.walk
                continue
            consumer.cut()
            if consumer.out:
                yield from consumer.out
                consumer.out.clear()
            keep = consumer.held.append
        keep(elements)
        if walk:
            walk(elements, text)
