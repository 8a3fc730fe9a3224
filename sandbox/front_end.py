"""The clearinghouse's desk for 837 files: what it refuses, what it hands on, and the answers.

A broken envelope gets a TA1, a broken set a 999, a claim that breaks a rule a 277CA; the codec's
findings decide. Pure: bytes in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sandbox.payers import PAYERS
from sandbox.scenarios import SCENARIOS
from shared.errors import Unreadable
from shared.x12 import (
    Finding,
    InterchangeAcknowledgement,
    Item,
    Options,
    Reading,
    SetReading,
    X12Error,
    read,
)
from shared.x12.acknowledgement_999 import (
    TAKEN,
    Acknowledgement,
    acknowledge_group,
    answer_interchange,
)
from shared.x12.claim_837 import BatchHead, Claim
from shared.x12.errors import Level, Place, finding

PROFESSIONAL = "837P"


class Received(NamedTuple):
    """A claim that passed the 999; rejection: STC01 where a rule of claims refuses it."""

    claim: Claim
    rejection: str = ""


class Batch(NamedTuple):
    """One ST of claims that the clearinghouse took, as its 277CA will answer it."""

    head: BatchHead
    claims: tuple[Received, ...]


class Desk(NamedTuple):
    """What one file comes to."""

    interchange_answers: tuple[InterchangeAcknowledgement, ...]
    group_answers: tuple[Acknowledgement, ...]
    batches: tuple[Batch, ...]


_REFUSED_FIRST = tuple(
    member for member, scenario in SCENARIOS.items() if scenario.refuse_first_file
)


def members_refused_first(data: bytes) -> frozenset[str]:
    """Members named in a file whose first file is to be refused by a 999."""
    return frozenset(member for member in _REFUSED_FIRST if member.encode() in data)


def read_file(data: bytes, *, today: date) -> Reading:
    """Read a file of claims; Unreadable without an ISA."""
    try:
        return read(data, Options(today=today))
    except X12Error as error:
        raise Unreadable("not_x12", "The body is not an X12 interchange.") from error


def sender_of(reading: Reading) -> str:
    """ISA06: whose mailbox the answers go to."""
    return reading.interchanges[0].interchange.sender


def receive(reading: Reading, *, refused: frozenset[str] = frozenset()) -> Desk:
    """Decide about a file on every level.

    refused: members whose sets get a 999 with R although nothing is wrong with them.
    """
    interchange_answers: list[InterchangeAcknowledgement] = []
    group_answers: list[Acknowledgement] = []
    batches: list[Batch] = []
    for interchange in reading.interchanges:
        ta1 = answer_interchange(interchange)
        if ta1:
            interchange_answers.append(ta1)
        if ta1 and ta1.status == "R":
            continue
        for group in interchange.groups:
            judged = group._replace(sets=tuple(_judged(one, refused) for one in group.sets))
            answer = acknowledge_group(judged)
            if answer is None:
                continue
            group_answers.append(answer)
            if answer.status != "R":
                batches += _batches(judged.sets, answer)
    return Desk(tuple(interchange_answers), tuple(group_answers), tuple(batches))


def _judged(one: SetReading, refused: frozenset[str]) -> SetReading:
    """A set as it is, or with an invented fault when the scenario wants it refused."""
    members = {value.subscriber.name.id for value in one.values if isinstance(value, Claim)}
    if not members & refused:
        return one
    fault = finding("segment_unexpected", Place(3, "ZZZ", "HEADER"))
    return one._replace(findings=(*one.findings, fault))


def _batches(sets: Iterable[SetReading], answer: Acknowledgement) -> list[Batch]:
    return [
        _batch(one)
        for one, verdict in zip(sets, answer.sets, strict=True)
        if verdict.status in TAKEN and one.kind == PROFESSIONAL
    ]


def _batch(one: SetReading) -> Batch:
    head = next(value for value in one.values if isinstance(value, BatchHead))
    claims = tuple(_received(item) for item in one.items if isinstance(item.value, Claim))
    return Batch(head, claims)


def _received(item: Item) -> Received:
    claim: Claim = item.value
    broken = [each for each in item.findings if each.level == Level.CLAIM]
    if broken:
        return Received(claim, _stc(broken[0]))
    if claim.payer.name.id not in PAYERS:
        return Received(claim, "A3:116")
    return Received(claim)


def _stc(fault: Finding) -> str:
    return fault.code
