"""Opening a file that asks (270, 276): its values, and the TA1 or 999 that is owed for it."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sandbox.outgoing import Outgoing
from shared.errors import Unreadable
from shared.x12 import InterchangeAcknowledgement, Options, X12Error, read
from shared.x12.acknowledgement_999 import (
    TAKEN,
    acknowledge_group,
    answer_interchange,
    write_acknowledgement,
)


class Asked(NamedTuple):
    """Who asks under which ISA13, and every typed value; with a refusal there are no values.

    owed: the TA1 that stands in front of the answer, where one is owed.
    """

    sender: str
    control: int
    values: tuple[Any, ...] = ()
    refusal: bytes = b""
    owed: tuple[InterchangeAcknowledgement, ...] = ()


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
    ta1 = answer_interchange(interchange)
    owed = (ta1,) if ta1 else ()
    if ta1 and ta1.status not in TAKEN:
        return Asked(sender, control, refusal=outgoing.wrapped(acknowledgements=owed))
    answer = acknowledge_group(interchange.groups[0]) if interchange.groups else None
    if answer and answer.status not in TAKEN:
        body = write_acknowledgement(answer)
        return Asked(sender, control, refusal=outgoing.wrapped([body], owed))
    values = tuple(value for one in reading.sets for value in one.values)
    return Asked(sender, control, values, owed=owed)
