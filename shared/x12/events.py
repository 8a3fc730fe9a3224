"""What reading a file gives: events in order, or the whole file as one value."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from shared.x12.envelope import Group, Interchange, InterchangeAcknowledgement, SetHeader
from shared.x12.errors import Finding
from shared.x12.guide import Guide
from shared.x12.segments import Delimiters

Elements: TypeAlias = list[str]
CACHE_LIMIT = 4_096  # values remembered as good, per element and read


@dataclass(frozen=True, slots=True)
class Options:
    """What a read depends on besides the bytes.

    `external`: code lists by name; a list that is not given is not checked. `today`: without it
    no date is called future. `check=False` makes values only: no guide, no SNIP 1-7 findings
    inside sets (the envelope is always checked).
    """

    external: Mapping[str, Container[str]] = field(default_factory=dict)
    today: date | None = None
    check: bool = True
    cache_limit: int = CACHE_LIMIT


class Opening(NamedTuple):
    """What a set is read with; `caches` live as long as the interchange is read."""

    guide: Guide
    delimiters: Delimiters
    options: Options
    caches: dict[Any, Any]


class Item(NamedTuple):
    """One typed value with the segments it was read from; `value` is None when it cannot be read
    (then there is a finding). `segments` are consecutive, the first is number `ordinal` of its set.
    """

    value: Any
    segments: list[Elements]
    ordinal: int
    findings: tuple[Finding, ...] = ()


class SetStart(NamedTuple):
    """A set opens; `kind` is the guide's name (837P ...), empty when none is known."""

    interchange: Interchange
    group: Group
    header: SetHeader
    kind: str


class SetEnd(NamedTuple):
    """A set is over; `findings` are all of it, those of its items included."""

    header: SetHeader
    kind: str
    findings: tuple[Finding, ...]
    segments: int


class GroupEnd(NamedTuple):
    """A group is over; `stated` is GE01 (-1 when absent), `received` the sets counted."""

    group: Group
    findings: tuple[Finding, ...]
    stated: int
    received: int


class InterchangeStart(NamedTuple):
    """An interchange opens."""

    interchange: Interchange


class InterchangeEnd(NamedTuple):
    """An interchange is over."""

    interchange: Interchange
    findings: tuple[Finding, ...]
    acknowledgements: tuple[InterchangeAcknowledgement, ...]


Event: TypeAlias = InterchangeStart | SetStart | Item | SetEnd | GroupEnd | InterchangeEnd


class SetReading(NamedTuple):
    """One set of a file that was read whole."""

    interchange: Interchange
    group: Group
    header: SetHeader
    kind: str
    items: tuple[Item, ...]
    findings: tuple[Finding, ...]
    segments: int

    @property
    def values(self) -> tuple[Any, ...]:
        """The typed values, those that could not be read left out."""
        return tuple(item.value for item in self.items if item.value is not None)


class GroupReading(NamedTuple):
    """One group: what a 999 answers."""

    group: Group
    sets: tuple[SetReading, ...]
    findings: tuple[Finding, ...]
    stated: int


class InterchangeReading(NamedTuple):
    """One interchange: what a TA1 answers."""

    interchange: Interchange
    groups: tuple[GroupReading, ...]
    findings: tuple[Finding, ...]
    acknowledgements: tuple[InterchangeAcknowledgement, ...]


class Reading(NamedTuple):
    """A whole file."""

    interchanges: tuple[InterchangeReading, ...]

    @property
    def sets(self) -> tuple[SetReading, ...]:
        """All sets in order."""
        return tuple(s for i in self.interchanges for g in i.groups for s in g.sets)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, of envelopes and sets."""
        found: list[Finding] = []
        for interchange in self.interchanges:
            found += interchange.findings
            for group in interchange.groups:
                found += group.findings
                for one in group.sets:
                    found += one.findings
        return tuple(found)


def collect(events: Iterable[Event]) -> Reading:
    """Events of a file as one value; for files that fit in memory."""
    interchanges: list[InterchangeReading] = []
    groups: list[GroupReading] = []
    sets: list[SetReading] = []
    items: list[Item] = []
    start: SetStart | None = None
    for event in events:
        match event:
            case Item():
                items.append(event)
            case SetStart():
                start, items = event, []
            case SetEnd() if start is not None:
                sets.append(SetReading(
                    start.interchange, start.group, event.header, event.kind, tuple(items),
                    event.findings, event.segments,
                ))  # fmt: skip
            case GroupEnd():
                groups.append(GroupReading(event.group, tuple(sets), event.findings, event.stated))
                sets = []
            case InterchangeEnd():
                interchanges.append(InterchangeReading(
                    event.interchange, tuple(groups), event.findings, event.acknowledgements
                ))  # fmt: skip
                groups = []
    return Reading(tuple(interchanges))
