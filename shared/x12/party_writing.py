"""Values that all sets share, to segments: names, addresses, dates, amounts, adjustments."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from shared.x12.parties import (
    Address,
    Adjustment,
    Contact,
    Name,
    Party,
    Period,
    Procedure,
    Raw,
    Reference,
)
from shared.x12.segments import SegmentWriter


@lru_cache(maxsize=8192)
def write_date(day: date | None) -> str:
    """CCYYMMDD, or nothing."""
    return day.isoformat().replace("-", "") if day else ""


@lru_cache(maxsize=8192)
def write_amount(amount: Decimal | None) -> str:
    """The shortest X12 decimal: no exponent, no zeros behind the point, no plus sign."""
    if amount is None:
        return ""
    text = str(amount)
    if "E" in text:
        text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text[0] == "0" and len(text) > 1:
        return text[1:]
    return "0" if text == "-0" else text.replace("-0.", "-.", 1)


def write_raw(out: SegmentWriter, raw: Raw) -> None:
    """A segment as it stood."""
    out.add(*elements_of(out, raw))


def write_rest(out: SegmentWriter, rest: Sequence[Raw], ids: Sequence[str]) -> None:
    """Those segments of `rest` that have one of these ids, in the order of the ids."""
    if not rest:
        return
    for segment_id in ids:
        for raw in rest:
            if raw[0] == segment_id:
                write_raw(out, raw)


def elements_of(out: SegmentWriter, raw: Raw) -> list[str]:
    """Raw elements as text, composites put together again."""
    return [e if isinstance(e, str) else out.composite(*e) for e in raw]


def write_name(out: SegmentWriter, name: Name) -> None:
    """NM1."""
    out.add("NM1", *name)


def write_address(out: SegmentWriter, address: Address | None) -> None:
    """N3 and N4, each only where there is something to say."""
    if address is None:
        return
    line, city, state, postal_code, line2, country, subdivision = address
    if line or line2:
        out.add("N3", line, line2)
    if subdivision:
        out.add("N4", city, state, postal_code, country, "", "", subdivision)
    elif city or state or postal_code or country:
        out.add("N4", city, state, postal_code, country)


def write_reference(out: SegmentWriter, reference: Reference) -> None:
    """REF."""
    qualifier, value, description, payer = reference
    if not (description or payer):
        out.add("REF", qualifier, value)
        return
    other = out.composite("2U", payer) if payer else ""
    out.add("REF", qualifier, value, description, other)


def write_contact(out: SegmentWriter, contact: Contact) -> None:
    """PER."""
    out.add("PER", contact.function, contact.name, *(x for pair in contact.numbers for x in pair))


def write_period(out: SegmentWriter, period: Period) -> None:
    """DTP."""
    if period.last:
        text = f"{write_date(period.first)}-{write_date(period.last)}"
        out.add("DTP", period.qualifier, "RD8", text)
    elif period.first and period.time:
        out.add("DTP", period.qualifier, "DT", write_date(period.first) + period.time)
    elif period.first:
        out.add("DTP", period.qualifier, "D8", write_date(period.first))
    elif period.time:
        out.add("DTP", period.qualifier, "TM", period.time)


def write_procedure(out: SegmentWriter, procedure: Procedure) -> str:
    """The C003 composite."""
    qualifier, code, modifiers, description = procedure
    if not modifiers and not description:
        return out.composite(qualifier, code)
    blank = ("",) * (4 - len(modifiers))
    return out.composite(qualifier, code, *modifiers, *blank, description)


def write_adjustments(out: SegmentWriter, adjustments: Iterable[Adjustment]) -> None:
    """CAS segments: neighbours of one group share a segment, six reasons at most."""
    row: list[str] = []
    for adjustment in adjustments:
        if row and (row[0] != adjustment.group or len(row) >= 19):
            out.add("CAS", *row)
            row = []
        row = row or [adjustment.group]
        row += [
            adjustment.reason, write_amount(adjustment.amount), write_amount(adjustment.quantity),
        ]  # fmt: skip
    if row:
        out.add("CAS", *row)


def write_party(out: SegmentWriter, party: Party) -> None:
    """A name and all that follows it, in the order every 837 loop has."""
    name, address, references, contacts, taxonomy, birth_date, sex, dates = party
    line, city, state, postal_code, line2, country, subdivision = address or _NOWHERE
    ends_full = line and postal_code and sex and name[-1]
    if ends_full and not (taxonomy or line2 or country or subdivision):
        e = out.element
        out.extend((
            f"NM1{e}{e.join(name)}",
            f"N3{e}{line}",
            f"N4{e}{city}{e}{state}{e}{postal_code}",
            f"DMG{e}D8{e}{write_date(birth_date)}{e}{sex}",
        ), 16)  # fmt: skip
    else:
        _write_identity(out, party)
    for period in dates:
        write_period(out, period)
    for reference in references:
        write_reference(out, reference)
    for contact in contacts:
        write_contact(out, contact)


def _write_identity(out: SegmentWriter, party: Party) -> None:
    name, taxonomy = party.name, party.taxonomy
    out.add("NM1", *name)
    if taxonomy and name.entity != "85":
        out.add("PRV", _TAXONOMY_ROLE.get(name.entity, "PE"), "PXC", taxonomy)
    write_address(out, party.address)
    if party.birth_date or party.sex:
        out.add("DMG", "D8", write_date(party.birth_date), party.sex)


_NOWHERE = Address("", "")
# attending, assistant surgeon, referring; everybody else performs
_TAXONOMY_ROLE = {"71": "AT", "DD": "AS", "DN": "RF", "P3": "RF"}
