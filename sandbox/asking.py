"""Opening a file that asks (270, 276): its values, or the TA1 or 999 that refuses it."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sandbox.acknowledgements import group_answer, interchange_answer
from sandbox.outgoing import Outgoing
from shared.errors import Unreadable
from shared.x12 import Options, Severity, X12Error, read
from shared.x12.acknowledgement_999 import acknowledge_group, acknowledge_interchange


class Asked(NamedTuple):
    """Who asks under which ISA13, and every typed value; with a refusal there are no values."""

    sender: str
    control: int
    values: tuple[Any, ...] = ()
    refusal: bytes = b""


def opened(data: bytes, *, today: date) -> Asked:
    """Read a file of questions; Unreadable without an ISA."""
    try:
        reading = read(data, Options(today=today))
    except X12Error as error:
        raise Unreadable("not_x12", "The body is not an X12 interchange.") from error
    interchange = reading.interchanges[0]
    sender, number = interchange.interchange.sender, interchange.interchange.control
    control = int(number) if number.isascii() and number.isdigit() else 1
    outgoing = Outgoing(sender, control, today)
    ta1 = acknowledge_interchange(interchange)
    if ta1.status == "R":
        return Asked(sender, control, refusal=interchange_answer(ta1, outgoing))
    if any(each.severity is Severity.ERROR for each in reading.findings):
        answer = acknowledge_group(interchange.groups[0]) if interchange.groups else None
        if answer is not None:
            return Asked(sender, control, refusal=group_answer(answer, outgoing))
    return Asked(sender, control, tuple(value for one in reading.sets for value in one.values))
