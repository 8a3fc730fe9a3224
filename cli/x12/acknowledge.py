"""`rcm x12 ack`: what a receiver owes for a file: a TA1, a 999, and a 277CA for claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from shared.x12 import (
    Controls,
    Event,
    InterchangeReading,
    Item,
    Options,
    Route,
    SetBody,
    SetReading,
    collect,
    stream,
    write_interchange,
)
from shared.x12.acknowledgement_277ca import (
    BatchStatus,
    Status,
    StatusReport,
    answer_claim,
    totals_of,
    with_totals,
    write_batch_status,
)
from shared.x12.acknowledgement_999 import (
    Acknowledgement,
    acknowledge_group,
    answer_interchange,
    write_acknowledgement,
)
from shared.x12.claim_837 import BatchHead, Claim
from shared.x12.parties import ZERO, Name, Party

_RECEIVED = Status("A1", "19", "PR")
_NOT_REFUSED = ("A", "E")


def acknowledge(
    pieces: Iterable[bytes], options: Options, *, claims: bool, control: int, at: datetime
) -> bytes:
    """One interchange of TA1 and 999 for each that came and is owed one, back to its sender.

    With `claims` an interchange of 277CA follows for the claims of sets that were not refused.
    Nothing at all for a file that is an answer itself. Raises X12Error: a file without ISA, or
    ids that cannot be written back.
    """
    events = stream(pieces, options)
    reading = collect(events if claims else _without_items(events))
    written = []
    for interchange in reading.interchanges:
        ta1 = answer_interchange(interchange)
        answers = [] if ta1 and ta1.status == "R" else _group_answers(interchange)
        bodies = [write_acknowledgement(answer) for answer in answers]
        route, told = _back(interchange), [ta1] if ta1 else []
        if bodies or told:
            number = Controls(control, control)
            written.append(write_interchange(bodies, route, number, at=at, acknowledgements=told))
            control += 1
        bodies = list(_claim_answers(interchange, answers, at)) if claims else []
        if bodies:
            written.append(write_interchange(bodies, route, Controls(control, control), at=at))
            control += 1
    return b"".join(written)


def _group_answers(interchange: InterchangeReading) -> list[Acknowledgement]:
    return [a for group in interchange.groups if (a := acknowledge_group(group))]


def _without_items(events: Iterable[Event]) -> Iterator[Event]:
    """A 999 needs no values; without them a file of any size fits."""
    return (event for event in events if not isinstance(event, Item))


def _back(interchange: InterchangeReading) -> Route:
    header = interchange.interchange
    group = interchange.groups[0].group if interchange.groups else None
    return Route(
        header.receiver,
        header.sender,
        header.receiver_qualifier,
        header.sender_qualifier,
        group_sender=group.receiver if group else "",
        group_receiver=group.sender if group else "",
        usage=header.usage if header.usage in ("P", "T") else "P",
    )


def _claim_answers(
    interchange: InterchangeReading, answers: list[Acknowledgement], at: datetime
) -> Iterator[SetBody]:
    accepted = {
        (answer.control, one.header.control)
        for answer in answers
        for one in answer.sets
        if answer.status != "R" and one.status in _NOT_REFUSED
    }
    for group in interchange.groups:
        for one in group.sets:
            batch = _batch_status(one, at)
            if batch and (group.group.control, one.header.control) in accepted:
                yield write_batch_status(batch)


def _batch_status(one: SetReading, at: datetime) -> BatchStatus | None:
    """What became of each claim of an 837; None for any other set."""
    head = next((value for value in one.values if isinstance(value, BatchHead)), None)
    if head is None:
        return None
    day = at.date()
    claims = tuple(
        answer_claim(item.value, item.findings, day)
        for item in one.items
        if isinstance(item.value, Claim)
    )
    _, _, accepted, rejected = totals_of(claims)
    payer, sender = head.receiver.name, head.submitter.name
    total = accepted + rejected or ZERO
    return with_totals(
        BatchStatus(
            reference=head.reference,
            created=day,
            time=f"{at:%H%M}",
            source=Party(Name("PR", "2", payer.last, id_qualifier="PI", id=payer.id)),
            receiver=Party(sender._replace(entity="41")),
            trace=head.reference,
            received=day,
            processed=day,
            batch=head.reference,
            reports=(StatusReport((_RECEIVED,), day, "WQ", total),),
            claims=claims,
        )
    )
