"""The 999 and the TA1: built from what a read found, written, and read back into findings."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.x12.envelope import Group, InterchangeAcknowledgement, SetBody, SetHeader, written
from shared.x12.errors import KINDS, Finding, Level, Place, Severity, finding
from shared.x12.events import GroupReading, InterchangeReading, Item, Opening
from shared.x12.guides.acknowledgement_999 import ACKNOWLEDGEMENT_999
from shared.x12.loops import Branch
from shared.x12.party_reading import padded
from shared.x12.segments import Delimiters, SegmentWriter
from shared.x12.tree_reading import Context, TreeReader

TAKEN = ("A", "E")  # states of a set, a group or an interchange that goes on to be worked
_STANDARD = Delimiters()
_MOST_CODES = 5
_TRIGGER = "SITUATIONAL TRIGGER"
_STRUCTURAL = (Level.SET, Level.SEGMENT, Level.ELEMENT)
_REJECTED_BY = frozenset(["001", "004", "017", "018", "022", "023", "025", "026", "027"])
_GROUP_GOES_ON = frozenset({"5"})  # a wrong count alone does not refuse the sets


class SetAcknowledgement(NamedTuple):
    """AK2 to IK5: `status` A, E accepted with errors or R rejected; `codes` are IK502-506."""

    header: SetHeader
    status: str
    codes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class Acknowledgement(NamedTuple):
    """One 999: the answer to one GS. `status` also P, some sets refused; `codes` are AK905-909."""

    function: str
    control: str
    version: str
    status: str
    stated: int
    received: int
    accepted: int
    codes: tuple[str, ...] = ()
    sets: tuple[SetAcknowledgement, ...] = ()


# -- building --------------------------------------------------------------------------------------


def acknowledge_group(reading: GroupReading) -> Acknowledgement | None:
    """The 999 for a group that was read; None for a group of 999s, which is never answered."""
    group = reading.group
    if group.function == "FA":
        return None
    sets = tuple(_acknowledge_set(s.header, s.findings) for s in reading.sets)
    accepted = sum(s.status in TAKEN for s in sets)
    codes = _unique(f.code for f in reading.findings if f.level == Level.GROUP)
    if set(codes) - _GROUP_GOES_ON or (sets and not accepted):
        status = "R"
    elif accepted < len(sets):
        status = "P"
    else:
        status = "E" if codes or any(s.status == "E" for s in sets) else "A"
    return Acknowledgement(
        group.function, group.control, group.version, status,
        reading.stated if reading.stated >= 0 else len(sets), len(sets),
        0 if status == "R" else accepted, codes, sets,
    )  # fmt: skip


def _acknowledge_set(header: SetHeader, findings: Iterable[Finding]) -> SetAcknowledgement:
    found = tuple(f for f in findings if f.level in _STRUCTURAL and f.severity != Severity.NOTE)
    own = [f.code for f in found if f.level == Level.SET]
    below = [f for f in found if f.level != Level.SET]
    if any(not f.code.startswith("I") for f in below):
        own.append("5")
    if any(f.code.startswith("I") for f in below):
        own.append("I5")
    refused = any(f.severity == Severity.ERROR for f in found)
    status = "R" if refused else "E" if found else "A"
    return SetAcknowledgement(header, status, _unique(own), found)


def _unique(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))[:_MOST_CODES]


def acknowledge_interchange(reading: InterchangeReading) -> InterchangeAcknowledgement:
    """The TA1 for an interchange that was read: its most serious fault, or that there is none."""
    header = reading.interchange
    codes = [f.code for f in reading.findings if f.level == Level.INTERCHANGE]
    serious = [code for code in codes if code in _REJECTED_BY]
    status = "R" if serious else "E" if codes else "A"
    code = (serious or codes or ["000"])[0]
    return InterchangeAcknowledgement(header.control, header.date, header.time, status, code)


def answer_interchange(reading: InterchangeReading) -> InterchangeAcknowledgement | None:
    """The TA1 that is owed: where one was asked for (ISA14) or something is wrong.

    None otherwise, and for an interchange of TA1 only, which is never answered.
    """
    if reading.acknowledgements and not reading.groups:
        return None
    answer = acknowledge_interchange(reading)
    asked = reading.interchange.acknowledgement_requested
    return answer if asked or answer.status != "A" else None


# -- writing ---------------------------------------------------------------------------------------


def write_acknowledgement(
    acknowledgement: Acknowledgement, delimiters: Delimiters = _STANDARD
) -> SetBody:
    """One ST of a 999."""
    a = acknowledgement
    out = SegmentWriter(delimiters)
    out.add("AK1", a.function, a.control, a.version)
    for answer in a.sets:
        out.add("AK2", answer.header.id, answer.header.control, answer.header.version)
        _findings(out, [f for f in answer.findings if f.level != Level.SET])
        out.add("IK5", answer.status, *answer.codes)
    out.add("AK9", a.status, str(a.stated), str(a.received), str(a.accepted), *a.codes)
    return written(ACKNOWLEDGEMENT_999, out)


def _findings(out: SegmentWriter, findings: list[Finding]) -> None:
    """A segment has one IK3 per code of its own, and one for its elements with their IK4."""
    by_segment: dict[tuple[int, str, str], list[Finding]] = {}
    for found in findings:
        key = (found.segment, _segment_id(found.segment_id, out.delimiters), found.loop)
        by_segment.setdefault(key, []).append(found)
    for (ordinal, segment_id, loop), group in by_segment.items():
        _segment(out, ("IK3", segment_id, str(ordinal), _loop_id(loop)), group)


def _segment(out: SegmentWriter, start: tuple[str, ...], group: list[Finding]) -> None:
    """What is wrong with one segment; `start` is its IK3 up to the code."""
    elements = [f for f in group if f.level == Level.ELEMENT]
    codes = dict.fromkeys(f.code for f in group if f.level == Level.SEGMENT)
    for code in codes:
        out.add(*start, code)
        for found in group:
            if found.level == Level.SEGMENT and found.code == code:
                _context(out, found)
    if elements:
        out.add(*start, "8")
        for found in elements:
            _element(out, found)


def _element(out: SegmentWriter, found: Finding) -> None:
    component = str(found.component) if found.component else ""
    repetition = str(found.repetition) if found.repetition else ""
    place = out.composite(str(found.element), component, repetition)
    out.add("IK4", place, "", found.code, _copy(found.value, out.delimiters))
    _context(out, found)


def _context(out: SegmentWriter, found: Finding) -> None:
    if len(found.trigger) == 4:
        segment_id, ordinal, element, component = found.trigger
        place = out.composite(element, component) if element else ""
        out.add("CTX", _TRIGGER, segment_id, ordinal, "", place)


def _segment_id(text: str, delimiters: Delimiters) -> str:
    """IK301, of what can be shown of a bad one."""
    kept = "".join(c for c in text.upper() if "!" <= c <= "~" and c not in delimiters)[:3]
    return kept if len(kept) >= 2 else "ZZZ"


def _loop_id(loop: str) -> str:
    return "" if loop == "HEADER" else loop


def _copy(value: str, delimiters: Delimiters) -> str:
    """IK404, where the bad value can be shown without breaking the 999 itself."""
    unfit = any(c in value for c in delimiters if c) or not value.isprintable()
    return "" if unfit or not value.strip() else value[:99].strip()


# -- reading ---------------------------------------------------------------------------------------


class AcknowledgementReader(TreeReader):
    """Reads a 999; its one item is an Acknowledgement."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening, values=_values)


def _values(body: Branch, context: Context) -> Iterator[Item]:
    """Counts that do not agree with the sets are found here."""
    value = _read(body, context.delimiters)
    yield Item(value, body.segments, 2, tuple(_count_findings(value, body)))


def _read(body: Branch, delimiters: Delimiters) -> Acknowledgement:
    _, function, control, version = padded(body.first("AK1") or ["AK1"], 4)[:4]
    ak9 = padded(body.first("AK9") or ["AK9"], 10)
    stated, received, accepted = (_count(text) for text in ak9[2:5])
    return Acknowledgement(
        function, control, version, ak9[1], stated, received, accepted,
        tuple(filter(None, ak9[5:10])), tuple(_read_set(b, delimiters) for b in body.inner("2000")),
    )  # fmt: skip


def _count(text: str) -> int:
    return int(text[:9]) if text.isdecimal() and text.isascii() else 0


def _read_set(branch: Branch, delimiters: Delimiters) -> SetAcknowledgement:
    _, set_id, control, version = padded(branch.first("AK2") or ["AK2"], 4)[:4]
    ik5 = padded(branch.first("IK5") or ["IK5"], 7)
    codes = tuple(filter(None, ik5[2:7]))
    found = [
        finding(_KIND_OF[Level.SET, code], Place(1, "ST"))
        for code in codes
        if (Level.SET, code) in _KIND_OF and code not in ("5", "I5")
    ]
    for segment in branch.inner("2100"):
        found += _read_segment(segment, delimiters)
    return SetAcknowledgement(SetHeader(set_id, control, version), ik5[1], codes, tuple(found))


def _read_segment(branch: Branch, delimiters: Delimiters) -> list[Finding]:
    _, segment_id, ordinal, loop, code = padded(branch.first("IK3") or ["IK3"], 5)[:5]
    place = Place(_count(ordinal), segment_id, loop)
    elements = [_read_element(e, place, delimiters) for e in branch.inner("2110")]
    if code == "8" and elements:
        return elements
    kind = _KIND_OF.get((Level.SEGMENT, code), "segment_unexpected")
    return [finding(kind, place, code=code, trigger=_trigger(branch, delimiters)), *elements]


def _read_element(branch: Branch, place: Place, delimiters: Delimiters) -> Finding:
    _, where, _, code, value = padded(branch.first("IK4") or ["IK4"], 5)[:5]
    numbers = [_count(n) for n in padded(where.split(delimiters.component), 3)[:3]]
    place = place._replace(element=numbers[0], component=numbers[1], repetition=numbers[2])
    kind = _KIND_OF.get((Level.ELEMENT, code), "code_invalid")
    trigger = _trigger(branch, delimiters)
    return finding(kind, place, value=value, code=code, trigger=trigger)


def _trigger(branch: Branch, delimiters: Delimiters) -> tuple[str, ...]:
    ctx = branch.first("CTX", _TRIGGER)
    if ctx is None:
        return ()
    _, _, segment_id, ordinal, _, place = padded(ctx, 6)[:6]
    element, _, component = place.partition(delimiters.component)
    return (segment_id, ordinal, element, component.partition(delimiters.component)[0])


def _count_findings(value: Acknowledgement, body: Branch) -> Iterable[Finding]:
    """AK903 and AK904 must agree with the IK5 the 999 carries."""
    accepted = sum(s.status in TAKEN for s in value.sets)
    lies = value.sets and (
        value.received != len(value.sets)
        or (value.accepted != accepted and not (value.status == "R" and not value.accepted))
    )
    if lies:
        ordinal = next(
            (o for o, e in zip(body.ordinals, body.segments, strict=True) if e[0] == "AK9"), 0
        )
        text = f"{value.received}/{value.accepted} <> {len(value.sets)}/{accepted}"
        yield finding("acknowledgement_counts_differ", Place(ordinal, "AK9", "HEADER"), value=text)


def interchange_findings(ta1: InterchangeAcknowledgement) -> tuple[Finding, ...]:
    """What a TA1 says went wrong; nothing for code 000."""
    kind = _KIND_OF.get((Level.INTERCHANGE, ta1.code))
    if ta1.code == "000":
        return ()
    return (finding(kind or "control_structure_invalid", Place(0, "ISA"), code=ta1.code),)


def group_findings(acknowledgement: Acknowledgement) -> tuple[Finding, ...]:
    """What AK905-909 say went wrong with the group."""
    return tuple(
        finding(_KIND_OF.get((Level.GROUP, code), "group_not_supported"), Place(0, "GS"), code=code)
        for code in acknowledgement.codes
    )


_KIND_OF: dict[tuple[Level, str], str] = {}
for _kind, _row in KINDS.items():
    _KIND_OF.setdefault((_row.level, _row.code), _kind)

__all__ = [
    "TAKEN",
    "Acknowledgement",
    "AcknowledgementReader",
    "Group",
    "SetAcknowledgement",
    "acknowledge_group",
    "acknowledge_interchange",
    "answer_interchange",
    "group_findings",
    "interchange_findings",
    "write_acknowledgement",
]
