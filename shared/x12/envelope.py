"""The envelope around sets - ISA, GS, ST ... SE, GE, IEA - read with its faults, and written."""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from shared.x12.errors import Finding, Place, UnwritableError, finding
from shared.x12.guide import Guide
from shared.x12.segments import Delimiters, SegmentWriter
from shared.x12.values import is_date, is_time

Elements = list[str]
_QUALIFIERS = frozenset(["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"])
_ANSWERS = ("A", "E", "R")
_NOTES = frozenset(f"{number:03d}" for number in range(32))  # 032 and on came in later versions


class Interchange(NamedTuple):
    """What an ISA says, blanks around values taken off; date YYMMDD, time HHMM."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    date: str
    time: str
    version: str
    control: str
    acknowledgement_requested: bool
    usage: str
    delimiters: Delimiters


class Group(NamedTuple):
    """What a GS says: `function` is GS01, `version` GS08."""

    function: str
    sender: str
    receiver: str
    date: str
    time: str
    control: str
    version: str


class SetHeader(NamedTuple):
    """What an ST says; `version` is ST03, or GS08 where ST03 is not used."""

    id: str
    control: str
    version: str


class InterchangeAcknowledgement(NamedTuple):
    """TA1: `status` A accepted, E with errors noted, R rejected; `code` is TA105."""

    control: str
    date: str
    time: str
    status: str
    code: str


class Route(NamedTuple):
    """From whom to whom a file goes; group ids are the same unless given; usage P or T.

    `acknowledgement_requested` asks the receiver for a TA1.
    """

    sender: str
    receiver: str
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    group_sender: str = ""
    group_receiver: str = ""
    usage: str = "P"
    acknowledgement_requested: bool = False


class Controls(NamedTuple):
    """Control numbers of a file: ISA13, GS06, and ST02 of the first set (the next count on)."""

    interchange: int
    group: int = 1
    first_set: int = 1


class SetBody(NamedTuple):
    """A set written but for its ST and SE: text of `segments` whole segments, in parts."""

    guide: Guide
    texts: tuple[str, ...]
    segments: int
    delimiters: Delimiters

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.texts)


def written(guide: Guide, out: SegmentWriter) -> SetBody:
    """What a writer has collected, as a set; raises UnwritableError."""
    return SetBody(guide, *out.texts(), out.delimiters)


def read_interchange(elements: Elements, delimiters: Delimiters) -> Interchange:
    """An ISA; what is missing is empty."""
    e = [x.strip(" ") for x in elements] + [""] * (17 - len(elements))
    return Interchange(
        e[5], e[6], e[7], e[8], e[9], e[10], e[12], e[13], e[14] == "1", e[15], delimiters
    )


def interchange_findings(elements: Elements, delimiters: Delimiters) -> list[Finding]:
    """Faults of the ISA itself, each with its TA105."""
    e = elements + [""] * (17 - len(elements))
    checks = (
        (1, "authorisation_qualifier_invalid", e[1] in ("00", "03")),
        (2, "authorisation_invalid", len(e[2]) == 10),
        (3, "security_qualifier_invalid", e[3] in ("00", "01")),
        (4, "security_invalid", len(e[4]) == 10),
        (5, "sender_qualifier_invalid", e[5] in _QUALIFIERS),
        (6, "sender_invalid", len(e[6]) == 15 and bool(e[6].strip())),
        (7, "receiver_qualifier_invalid", e[7] in _QUALIFIERS),
        (8, "receiver_invalid", len(e[8]) == 15 and bool(e[8].strip())),
        (9, "interchange_date_invalid", len(e[9]) == 6 and is_date("20" + e[9])),
        (10, "interchange_time_invalid", len(e[10]) == 4 and is_time(e[10])),
        (12, "interchange_version_invalid", e[12] in ("00501", "00401")),
        (13, "interchange_control_invalid", len(e[13]) == 9 and _is_number(e[13])),
        (14, "acknowledgement_request_invalid", e[14] in ("0", "1")),
        (15, "usage_indicator_invalid", e[15] in ("P", "T")),
        (16, "component_separator_invalid", len(e[16]) == 1),
    )
    found = [
        finding(kind, Place(0, "ISA", "", at), value=e[at])
        for at, kind, right in checks
        if not right
    ]
    return found + delimiter_findings(delimiters)


def delimiter_findings(delimiters: Delimiters) -> list[Finding]:
    """Delimiters must differ and be neither letters, digits nor blanks; CR and LF may end."""
    element, component, repetition, terminator = delimiters
    faulty = {
        "element_separator_invalid": _unfit(element) or element in (component, terminator),
        "component_separator_invalid": _unfit(component) or component == terminator,
        "segment_terminator_invalid": terminator.isalnum() or terminator == " ",
        "repetition_separator_invalid": bool(repetition)
        and repetition in (element, component, terminator),
    }
    return [finding(kind, Place(0, "ISA")) for kind, wrong in faulty.items() if wrong]


def _unfit(character: str) -> bool:
    return character.isalnum() or character in " \r\n\t"


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii()


def read_group(elements: Elements) -> Group:
    """A GS; what is missing is empty."""
    e = elements + [""] * (9 - len(elements))
    return Group(e[1], e[2], e[3], e[4], e[5], e[6], e[8])


def group_findings(elements: Elements) -> list[Finding]:
    """Faults of the GS itself."""
    e = elements + [""] * (9 - len(elements))
    found = []
    if not (_is_number(e[6]) and len(e[6]) <= 9):
        found.append(finding("group_control_invalid", Place(0, "GS", "", 6), value=e[6]))
    checks = (
        (2, 2 <= len(e[2].strip()) <= 15),
        (3, 2 <= len(e[3].strip()) <= 15),
        (4, is_date(e[4]) or (len(e[4]) == 6 and is_date("20" + e[4]))),
        (5, is_time(e[5])),
        (7, e[7] == "X"),
    )
    return found + [
        finding("group_invalid", Place(0, "GS", "", at), value=e[at])
        for at, right in checks
        if not right
    ]


def answer_findings(elements: Elements, number: int) -> list[Finding]:
    """Faults of a TA1, the `number`th of its interchange.

    TA101 to TA103 repeat an ISA, with its faults: they are right where it was taken without any.
    """
    e = elements + [""] * (6 - len(elements))
    taken = e[4] == "A"
    agree = e[4] not in _ANSWERS or taken == (e[5] == "000")
    checks = (
        (1, "not_a_number", not taken or (len(e[1]) == 9 and _is_number(e[1]))),
        (2, "date_invalid", not taken or (len(e[2]) == 6 and is_date("20" + e[2]))),
        (3, "time_invalid", not taken or (len(e[3]) == 4 and is_time(e[3]))),
        (4, "code_invalid", e[4] in _ANSWERS),
        (5, "code_invalid", e[5] in _NOTES and agree),
        (6, "elements_too_many", len(e) == 6),
    )
    return [
        finding(kind if e[at] else "element_missing", Place(number, "TA1", "", at), value=e[at])
        for at, kind, right in checks
        if not right
    ]


def count_of(text: str) -> int:
    """A count in a trailer; -1 for what is no number."""
    return int(text[:12]) if _is_number(text) else -1


def write_interchange(
    sets: Iterable[SetBody],
    route: Route,
    controls: Controls,
    *,
    at: datetime,
    acknowledgements: Iterable[InterchangeAcknowledgement] = (),
) -> bytes:
    """One interchange with one group around sets of one guide, or of TA1 only.

    Raises UnwritableError for sets of different guides or delimiters, or an id that does not fit.
    """
    bodies = list(sets)
    delimiters = bodies[0].delimiters if bodies else Delimiters()
    if any(b.guide.version != bodies[0].guide.version for b in bodies):
        raise UnwritableError("one group holds sets of one guide")
    if any(b.delimiters != delimiters for b in bodies):
        raise UnwritableError("one interchange has one set of delimiters")
    end = delimiters.terminator + "\n"
    lines = [_isa(route, controls, at=at, delimiters=delimiters)]
    lines += [delimiters.element.join(("TA1", *ta1)) + end for ta1 in acknowledgements]
    if bodies:
        lines += _group(bodies, route, controls, at=at)
    count = "1" if bodies else "0"
    lines.append(delimiters.element.join(("IEA", count, f"{controls.interchange:09d}")) + end)
    file = io.BytesIO()
    for line in lines:
        file.write(line.encode("utf-8"))
    return file.getvalue()


def _isa(route: Route, controls: Controls, *, at: datetime, delimiters: Delimiters) -> str:
    element, component, repetition, terminator = delimiters
    fields = (
        "ISA", "00", " " * 10, "00", " " * 10, route.sender_qualifier, f"{route.sender:<15}",
        route.receiver_qualifier, f"{route.receiver:<15}", f"{at:%y%m%d}", f"{at:%H%M}",
        repetition or "U", "00501", f"{controls.interchange:09d}",
        "1" if route.acknowledgement_requested else "0", route.usage, component,
    )  # fmt: skip
    text = element.join(fields).upper() + terminator + "\n"
    if len(text) != 107 or text.count(element) != 16 or not text[:-2].isprintable():
        raise UnwritableError("an id or control number does not fit the ISA")
    return text


def _group(bodies: list[SetBody], route: Route, controls: Controls, *, at: datetime) -> list[str]:
    guide, delimiters = bodies[0].guide, bodies[0].delimiters
    element, end = delimiters.element, delimiters.terminator + "\n"
    sender = (route.group_sender or route.sender).upper()
    receiver = (route.group_receiver or route.receiver).upper()
    if (
        any(c in sender + receiver for c in delimiters if c)
        or not (sender + receiver).isprintable()
    ):
        raise UnwritableError("a group id holds a delimiter")
    head = (
        "GS", guide.group, sender, receiver, f"{at:%Y%m%d}", f"{at:%H%M}", str(controls.group),
        "X", guide.version,
    )  # fmt: skip
    lines = [element.join(head) + end]
    for number, body in enumerate(bodies, controls.first_set):
        control = f"{number:04d}"
        start = ("ST", guide.set_id, control) + (() if guide.set_id == "835" else (guide.version,))
        lines.append(element.join(start) + end)
        lines += body.texts
        lines.append(element.join(("SE", str(body.segments + 2), control)) + end)
    lines.append(element.join(("GE", str(len(bodies)), str(controls.group))) + end)
    return lines
