"""One service line of an 837 to its segments, loop 2400 with 2410 to 2440."""

from collections.abc import Sequence

from shared.x12.claim_837.values import Drug, LineAdjudication, ServiceLine
from shared.x12.parties import Procedure, Raw
from shared.x12.party_writing import (
    elements_of,
    write_adjustments,
    write_amount,
    write_date,
    write_party,
    write_period,
    write_procedure,
    write_raw,
    write_reference,
    write_rest,
)
from shared.x12.segments import SegmentWriter

_BEFORE_DATES = ("SV5", "TOO", "PWK", "CR1", "CR3", "CRC")
_BEFORE_REFERENCES = ("QTY", "MEA", "CN1")
_LAST = ("LQ", "FRM")


def write_line(out: SegmentWriter, line: ServiceLine, number: int, *, kind: str) -> None:
    """LX and all that belongs to it; `kind` P, I or D says which SV."""
    procedure, period = line.procedure, line.dates[0] if line.dates else None
    if (
        kind == "P" and procedure and period and period.first and line.pointers
        and not procedure.description and line[_AFTER_DATES:] == _NOTHING_MORE
        and not (line.details or period.last or period.time or line.dates[1:])
    ):  # fmt: skip
        _plain(out, line, procedure, number=number)
        return
    out.add("LX", str(number))
    _SERVICE[kind](out, line)
    rest = line.rest
    if rest:
        write_rest(out, rest, _BEFORE_DATES)
    for period in line.dates:
        write_period(out, period)
    if rest:
        write_rest(out, rest, _BEFORE_REFERENCES)
    for reference in line.references:
        write_reference(out, reference)
    if line[_AFTER_DATES:] != _NOTHING_MORE:
        _more(out, line)


_AFTER_DATES = ServiceLine._fields.index("references")
_NOTHING_MORE = ((),) * (len(ServiceLine._fields) - _AFTER_DATES)


def _plain(out: SegmentWriter, line: ServiceLine, procedure: Procedure, *, number: int) -> None:
    """The line most claims have - LX, SV1, one day - in one go."""
    e, c, _, t = out.delimiters
    end = t if t == "\n" else t + "\n"
    code = c.join((procedure.qualifier, procedure.code, *procedure.modifiers))
    pointers = c.join(map(str, line.pointers))
    day = line.dates[0]
    out.put(
        f"LX{e}{number}{end}SV1{e}{code}{e}{write_amount(line.charge)}{e}{line.unit}{e}"
        f"{write_amount(line.units)}{e}{line.facility}{e}{e}{pointers}{end}"
        f"DTP{e}{day.qualifier}{e}D8{e}{write_date(day.first)}",
        segments=3, separators=11, components=len(procedure.modifiers) + len(line.pointers),
    )  # fmt: skip


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


_SERVICE = {"P": _sv1, "I": _sv2, "D": _sv3}


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
