"""Segments that all sets share, to values: names, addresses, dates, amounts, adjustments."""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from shared.x12.errors import NotANumberError
from shared.x12.parties import (
    Address,
    Adjustment,
    Amount,
    Contact,
    Name,
    Party,
    Period,
    Procedure,
    Raw,
    Reference,
)

Elements = list[str]
T = TypeVar("T")
_AMOUNT = re.compile(r"-?(?=\.?\d)\d*\.?\d*\Z", re.ASCII)
_KEPT = 4_096  # texts remembered per read


class Amounts(dict[str, Decimal]):
    """Decimals of a read by their text; NotANumberError for what is no X12 number."""

    def __missing__(self, text: str) -> Decimal:
        if len(text) > 32 or not _AMOUNT.match(text):
            raise NotANumberError
        amount = Decimal(text)
        if len(self) < _KEPT:
            self[text] = amount
        return amount

    def optional(self, text: str) -> Decimal | None:
        """A number that nothing rests on: None where it is absent or unreadable."""
        try:
            return self[text] if text else None
        except NotANumberError:
            return None


class Dates(dict[str, date | None]):
    """Dates of a read by their text CCYYMMDD; None for what is no day."""

    def __missing__(self, text: str) -> date | None:
        day = read_date(text)
        if len(self) < _KEPT:
            self[text] = day
        return day


class Recurring(dict[Any, Any]):
    """Values of a read that come again, by the segments they were read from: one object each."""

    def value(self, key: Hashable, read: Callable[[], T]) -> T:
        """What was read from these segments before, else what `read` makes of them."""
        found: T | None = self.get(key)
        if found is None:
            found = read()
            if len(self) < _KEPT:
                self[key] = found
        return found


def read_date(text: str) -> date | None:
    """CCYYMMDD, or None."""
    if len(text) != 8 or not (text.isdecimal() and text.isascii()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def padded(elements: Elements, size: int) -> Elements:
    """At least `size` elements, the id counted in."""
    return elements if len(elements) >= size else elements + [""] * (size - len(elements))


def cut_at(
    held: Sequence[Elements], ids: Container[str]
) -> tuple[list[Elements], list[list[Elements]]]:
    """What stands before the first segment with one of these ids, then a run from each such."""
    starts = [i for i, e in enumerate(held) if e[0] in ids]
    if not starts:
        return list(held), []
    ends = [*starts[1:], len(held)]
    runs = [list(held[start:end]) for start, end in zip(starts, ends, strict=True)]
    return list(held[: starts[0]]), runs


def read_raw(elements: Sequence[str], component: str) -> Raw:
    """Elements as they stand, composites taken apart so that no delimiter stays in them."""
    return tuple(_raw(components(e, component)) if component in e else e for e in elements)


def _raw(parts: list[str]) -> str | tuple[str, ...]:
    return tuple(parts) if len(parts) > 1 else parts[0]


def components(text: str, component: str) -> list[str]:
    """The components of a composite; empty ones at the end say nothing and are left out."""
    return text.rstrip(component).split(component)


def trimmed(raw: Raw) -> Raw:
    """Without empty elements at the end."""
    while raw and not raw[-1]:
        raw = raw[:-1]
    return raw


def read_name(elements: Elements) -> Name:
    """NM1."""
    return Name(*padded(elements, 10)[1:10])


def read_reference(elements: Elements, component: str) -> Reference:
    """REF."""
    _, qualifier, value, description, other = padded(elements, 5)[:5]
    return Reference(qualifier, value, description, other.partition(component)[2])


def read_contact(elements: Elements) -> Contact:
    """PER."""
    e = padded(elements, 9)
    numbers = tuple((e[i], e[i + 1]) for i in (3, 5, 7) if e[i] or e[i + 1])
    return Contact(e[1], e[2], numbers)


def read_period(elements: Elements, dates: Dates) -> Period:
    """DTP (its format in element 2)."""
    _, qualifier, form, text = padded(elements, 4)[:4]
    if form == "RD8":
        first, _, last = text.partition("-")
        return Period(qualifier, dates[first], dates[last])
    if form == "D8":
        return Period(qualifier, dates[text])
    return (
        Period(qualifier, dates[text[:8]], None, text[8:])
        if form == "DT"
        else Period(qualifier, None, None, text)
    )


def read_procedure(text: str, component: str) -> Procedure:
    """A C003 composite."""
    parts = text.split(component)
    if len(parts) == 2:
        return Procedure(parts[0], parts[1])
    parts += [""] * (7 - len(parts))
    return Procedure(parts[0], parts[1], tuple(filter(None, parts[2:6])), parts[6])


def read_adjustments(elements: Elements, amounts: Amounts) -> list[Adjustment]:
    """CAS: up to six reasons under one group."""
    group = elements[1] if len(elements) > 1 else ""
    if len(elements) == 4:
        return [Adjustment(group, elements[2], amounts[elements[3]])]
    found = []
    for at in range(2, len(elements) - 1, 3):
        if elements[at] or elements[at + 1]:
            quantity = elements[at + 2] if at + 2 < len(elements) else ""
            found.append(
                Adjustment(
                    group, elements[at], amounts[elements[at + 1]],
                    amounts.optional(quantity),
                )
            )  # fmt: skip
    return found


def read_amounts(segments: Iterable[Elements], amounts: Amounts) -> tuple[Amount, ...]:
    """AMT or QTY; those that are no numbers stay in the segments only."""
    found = ((e[1], amounts.optional(padded(e, 3)[2])) for e in segments if len(e) > 1)
    return tuple(Amount(qualifier, value) for qualifier, value in found if value is not None)


class Numbers(NamedTuple):
    """What turning elements into values depends on."""

    component: str
    amounts: Amounts
    dates: Dates


def sort_out(segments: Iterable[Elements]) -> dict[str, list[Elements]]:
    """Segments by their id, each kind in order."""
    by_id: dict[str, list[Elements]] = defaultdict(list)
    for elements in segments:
        by_id[elements[0]].append(elements)
    return by_id


def read_all_adjustments(segments: Iterable[Elements], amounts: Amounts) -> tuple[Adjustment, ...]:
    """All reasons of some CAS."""
    return tuple(a for e in segments for a in read_adjustments(e, amounts))


class PartyReader:
    """Gathers the segments that follow a name into a Party."""

    __slots__ = ("_component", "_dates", "held")

    def __init__(self, name: Elements, component: str, dates: Dates) -> None:
        self.held: list[Elements] = [name]
        self._component = component
        self._dates = dates

    def add(self, elements: Elements) -> None:
        """A segment of this party's loop."""
        self.held.append(elements)

    def party(self) -> Party:
        """All of it."""
        name, *rest = self.held
        if not rest:
            return Party(read_name(name))
        street: Elements = []
        city: Elements = []
        references: list[Reference] = []
        contacts: list[Contact] = []
        periods: list[Period] = []
        taxonomy, birth, sex = "", None, ""
        for elements in rest:
            match elements[0]:
                case "N3":
                    street = elements
                case "N4":
                    city = elements
                case "REF":
                    references.append(read_reference(elements, self._component))
                case "PER":
                    contacts.append(read_contact(elements))
                case "DTP":
                    periods.append(read_period(elements, self._dates))
                case "PRV":
                    taxonomy = padded(elements, 4)[3]
                case "DMG":
                    _, _, born, sex = padded(elements, 4)[:4]
                    birth = self._dates[born]
        return Party(
            read_name(name), read_address(street, city), tuple(references), tuple(contacts),
            taxonomy, birth, sex, tuple(periods),
        )  # fmt: skip


def read_address(street: Elements, city: Elements) -> Address | None:
    """N3 and N4; None without either."""
    if not street and not city:
        return None
    _, line, line2 = padded(street, 3)[:3]
    _, town, state, postal_code, country, _, _, subdivision = padded(city, 8)[:8]
    return Address(line, town, state, postal_code, line2, country, subdivision)
