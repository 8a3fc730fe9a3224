"""Check one element's value against its guide: type, length, codes, components, repetitions."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from shared.x12.guide import Element, Note, Required, Unused

_DECIMAL = re.compile(r"-?(?=\.?\d)(\d*)\.?(\d*)\Z", re.ASCII)
_WHOLE = re.compile(r"-?\d+\Z", re.ASCII)
_DIGITS = re.compile(r"\d+\Z", re.ASCII)


class Fault(NamedTuple):
    """What is wrong with a value, and in which component and repetition of its element."""

    kind: str
    value: str
    component: int = 0
    repetition: int = 0


class Reader(NamedTuple):
    """What checking a value depends on besides the guide."""

    component: str
    repetition: str
    external: Mapping[str, Container[str]]


def faults(element: Element, value: str, reader: Reader) -> list[Fault]:
    """All faults of an element that is present or empty; an empty list when it is right."""
    if not value:
        return [Fault("element_missing", "")] if element.usage == Required else []
    if element.usage == Unused:
        return [Fault("element_not_used", value)]
    if not reader.repetition or reader.repetition not in value:
        return list(_one(element, value, reader, repetition=0))
    repetitions = value.split(reader.repetition)
    found = [
        fault
        for number, part in enumerate(repetitions, 1)
        for fault in _one(element, part, reader, repetition=number)
    ]
    if len(repetitions) > element.repeat:
        found.append(Fault("repetitions_too_many", value, 0, element.repeat + 1))
    return found


def _one(element: Element, value: str, reader: Reader, *, repetition: int) -> Iterator[Fault]:
    if not element.parts:
        kind = plain_fault(element, value, reader)
        if kind:
            yield Fault(kind, value, 0, repetition)
        return
    values = value.split(reader.component)
    if len(values) > len(element.parts):
        yield Fault("components_too_many", value, len(element.parts) + 1, repetition)
    for number, part in enumerate(element.parts, 1):
        given = values[number - 1] if number <= len(values) else ""
        if given and part.usage == Unused:
            yield Fault("element_not_used", given, number, repetition)
        elif given:
            kind = plain_fault(part, given, reader)
            if kind:
                yield Fault(kind, given, number, repetition)
        elif part.usage == Required:
            yield Fault("element_missing", "", number, repetition)
    for note in element.notes:
        broken = note_fault(note, ["", *values])
        if broken:
            yield Fault(broken[0], value, broken[1], repetition)


def plain_fault(element: Element, value: str, reader: Reader) -> str:
    """The kind of fault of a value without components and repetitions, or nothing."""
    kind = element.kind
    if kind in ("AN", "ID"):
        if not value.isprintable() or reader.component in value:
            return "character_invalid"
        if kind == "ID" and not value.isascii():
            return "character_invalid"
        if reader.repetition and reader.repetition in value:
            return "repetitions_too_many"
        length = len(value)
    elif kind == "R":
        number = _DECIMAL.match(value)
        if number is None:
            return "not_a_number"
        length = len(number[1]) + len(number[2])
    elif kind == "N0":
        if not _WHOLE.match(value):
            return "not_a_number"
        length = len(value.lstrip("-"))
    elif kind == "DT":
        return "" if is_date(value) else "date_invalid"
    else:
        return "" if is_time(value) else "time_invalid"
    return _text_fault(element, value, reader, length=length)


def _text_fault(element: Element, value: str, reader: Reader, *, length: int) -> str:
    """What is wrong with a value of the right type, or nothing."""
    if element.codes:
        return "" if value in element.codes else "code_invalid"
    if not element.least <= length <= element.most:
        return "too_long" if length > element.most else "too_short"
    if value != value.strip(" "):
        return "blank_at_the_edge"
    known = reader.external.get(element.external) if element.external else None
    if known is None or value in known:
        return ""
    return "place_of_service_unknown" if element.external == "pos" else "external_code_unknown"


def is_date(value: str) -> bool:
    """CCYYMMDD that is a day of the calendar."""
    if len(value) != 8 or not _DIGITS.match(value):
        return False
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True


def is_time(value: str) -> bool:
    """HHMM, HHMMSS, HHMMSSD or HHMMSSDD."""
    if not 4 <= len(value) <= 8 or len(value) == 5 or not _DIGITS.match(value):
        return False
    return value[:2] < "24" and value[2:4] < "60" and value[4:6] < "60"


def format_fault(code: str, value: str) -> str:
    """The kind of fault of a date or time whose form another element names, or nothing."""
    match code:
        case "D8":
            right = is_date(value)
        case "RD8":
            first, _, last = value.partition("-")
            right = is_date(first) and is_date(last)
        case "DT":
            right = is_date(value[:8]) and is_time(value[8:])
        case "D6":
            right = len(value) == 6 and is_date("20" + value)
        case "TM":
            return "" if is_time(value) else "time_invalid"
        case _:
            return ""
    return "" if right else "date_invalid"


def note_fault(note: Note, values: Sequence[str]) -> tuple[str, int] | None:
    """The kind of fault and the element where a syntax note is broken, or None.

    `values` counts from 1 like the note does; what is beyond its end is empty.
    """
    have = [i < len(values) and bool(values[i]) for i in note.elements]
    letter, first = note.letter, have[0]
    if letter == "D":
        if not (first and have[1]):
            return None
        kind = format_fault(values[note.elements[0]], values[note.elements[1]])
        return (kind, note.elements[1]) if kind else None
    if letter == "E":
        return ("exclusion_violated", note.elements[1]) if sum(have) > 1 else None
    broken = (
        (letter == "P" and any(have) and not all(have))
        or (letter == "R" and not any(have))
        or (letter == "C" and first and not all(have))
        or (letter == "L" and first and not any(have[1:]))
    )
    return ("conditional_missing", note.elements[have.index(False)]) if broken else None
