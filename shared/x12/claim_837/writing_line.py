"""One service line of an 837 to its segments, loop 2400 with 2410 to 2440."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shared.x12.claim_837.values import Drug, LineAdjudication, ServiceLine
from shared.x12.parties import Period, Raw
from shared.x12.party_writing import (
    elements_of,
    write_adjustments,
    write_amount,
    write_party,
    write_period,
    write_procedure,
    write_raw,
    write_reference,
    write_rest,
)
from shared.x12.segments import KNOWN_LIMIT, Same, Segments, SegmentWriter

_BEFORE_DATES = ("SV5", "TOO", "PWK", "CR1", "CR3", "CRC")
_BEFORE_REFERENCES = ("QTY", "MEA", "CN1")
_LAST = ("LQ", "FRM")
Write = Callable[[SegmentWriter, ServiceLine], None]


class LineWriter:
    """Writes the lines of claims of one kind: P, I or D says which SV.

    Services and days come again all the time: each is written once and taken over as text. So is
    a line that is nothing but a service on a day, when it is the same object again.
    """

    def __init__(self, out: SegmentWriter, kind: str) -> None:
        self._out = out
        self._services = out.known(_FIELDS[kind])
        self._days = out.known(_days)
        self._same: list[Same] = []  # by place in a claim
        self._kept = 0

    def write(self, lines: Sequence[ServiceLine]) -> None:
        """Each line's LX and all that belongs to it, numbered from 1."""
        put, same = self._out.put, self._same
        while len(same) < len(lines):
            same.append(Same())
        for place, line in enumerate(lines):
            put(same[place].get(id(line)) or self._line(place, line))

    def _line(self, place: int, line: ServiceLine) -> Segments:
        """A line that is met first at this place."""
        start = f"LX{self._out.element}{place + 1}"
        if line.dates and line[_REFERENCES:] == _NOTHING_MORE:
            segments = start, *self._services[line[:_DATES]], *self._days[line.dates]
            if self._kept < KNOWN_LIMIT:  # at all places together
                self._kept += 1
                self._same[place].keep(line, segments)
            return segments
        self._out.put((start,))
        self._whole(line)
        return ()

    def _whole(self, line: ServiceLine) -> None:
        """A line with references, amounts, drugs, payers or providers of its own."""
        out, rest = self._out, line.rest
        out.put(self._services[line[:_DATES]])
        write_rest(out, rest, _BEFORE_DATES)
        _days(out, line.dates)
        write_rest(out, rest, _BEFORE_REFERENCES)
        for reference in line.references:
            write_reference(out, reference)
        _more(out, line)


_DATES, _REFERENCES = map(ServiceLine._fields.index, ("dates", "references"))
_NOTHING_MORE = ((),) * (len(ServiceLine._fields) - _REFERENCES)


def _days(out: SegmentWriter, dates: Iterable[Period]) -> None:
    for period in dates:
        write_period(out, period)


def _more(out: SegmentWriter, line: ServiceLine) -> None:
    """What most lines do not have."""
    for amount in line.amounts:
        out.add("AMT", amount.qualifier, write_amount(amount.value))
    write_rest(out, line.rest, ("K3",))
    for code, text in line.notes:
        out.add("NTE", code, text)
    write_rest(out, line.rest, ("PS1", "HCP"))
    for drug in line.drugs:
        _drug(out, drug)
    for provider in line.providers:
        write_party(out, provider)
    for decision in line.adjudications:
        _adjudication(out, decision)
    _forms(out, line.rest)


def _drug(out: SegmentWriter, drug: Drug) -> None:
    out.add("LIN", "", drug.qualifier, drug.code)
    if drug.quantity is not None:
        out.add("CTP", "", "", "", write_amount(drug.quantity), drug.unit)
    for reference in drug.references:
        write_reference(out, reference)


def _sv1(out: SegmentWriter, line: ServiceLine) -> None:
    pointers = out.composite(*map(str, line.pointers)) if line.pointers else ""
    out.add(
        "SV1", write_procedure(out, line.procedure) if line.procedure else "",
        write_amount(line.charge), line.unit, write_amount(line.units), line.facility, "",
        pointers, *(elements_of(out, line.details) if line.details else ()),
    )  # fmt: skip


def _sv2(out: SegmentWriter, line: ServiceLine) -> None:
    out.add(
        "SV2", line.revenue_code, write_procedure(out, line.procedure) if line.procedure else "",
        write_amount(line.charge), line.unit, write_amount(line.units),
        *elements_of(out, line.details),
    )  # fmt: skip


def _sv3(out: SegmentWriter, line: ServiceLine) -> None:
    details = elements_of(out, line.details)
    details += [""] * (6 - len(details))
    pointers = out.composite(*map(str, line.pointers)) if line.pointers else ""
    out.add(
        "SV3", write_procedure(out, line.procedure) if line.procedure else "",
        write_amount(line.charge), line.facility, details[0], details[1],
        write_amount(line.units), *details[2:], pointers,
    )  # fmt: skip


_SERVICE: dict[str, Write] = {"P": _sv1, "I": _sv2, "D": _sv3}


def _fields(service: Write) -> Callable[[SegmentWriter, tuple[Any, ...]], None]:
    """The same for the fields of a line up to its dates."""
    return lambda out, fields: service(out, ServiceLine(*fields))


_FIELDS = {kind: _fields(service) for kind, service in _SERVICE.items()}


def _forms(out: SegmentWriter, rest: Sequence[Raw]) -> None:
    """LQ with the FRM that follow it, in the order given."""
    for raw in rest:
        if raw[0] in _LAST:
            write_raw(out, raw)


def _adjudication(out: SegmentWriter, decision: LineAdjudication) -> None:
    out.add(
        "SVD", decision.payer_id, write_amount(decision.paid),
        write_procedure(out, decision.procedure) if decision.procedure else "",
        decision.revenue_code, write_amount(decision.units), decision.bundled_line,
    )  # fmt: skip
    write_adjustments(out, decision.adjustments)
    for period in decision.dates:
        write_period(out, period)
    for amount in decision.amounts:
        out.add("AMT", amount.qualifier, write_amount(amount.value))
