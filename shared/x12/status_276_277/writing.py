"""Typed status inquiries and responses to the segments of a 276 or 277."""

from collections.abc import Sequence
from itertools import islice

from shared.x12.envelope import SetBody, written
from shared.x12.guides.claim_status import STATUS_276, STATUS_277
from shared.x12.parties import Party
from shared.x12.party_writing import (
    write_amount,
    write_contact,
    write_date,
    write_name,
    write_period,
    write_procedure,
    write_reference,
)
from shared.x12.segments import Delimiters, SegmentWriter
from shared.x12.status import LineStatus, write_details, write_line
from shared.x12.status_276_277.values import Head, StatusInquiry, StatusResponse

_STANDARD = Delimiters()
_LEVELS = ("20", "21", "19", "22", "23")
Claim = StatusInquiry | StatusResponse


def write_status_inquiries(
    head: Head, inquiries: Sequence[StatusInquiry], delimiters: Delimiters = _STANDARD
) -> SetBody:
    """One ST of a 276; inquiries that follow one another share equal levels."""
    out = SegmentWriter(delimiters)
    out.add("BHT", "0010", head.purpose, head.reference, write_date(head.created), head.time)
    _write(out, inquiries, with_sex=True)
    return written(STATUS_276, out)


def write_status_responses(
    head: Head, responses: Sequence[StatusResponse], delimiters: Delimiters = _STANDARD
) -> SetBody:
    """One ST of a 277; responses that follow one another share equal levels."""
    out = SegmentWriter(delimiters)
    day = write_date(head.created)
    out.add("BHT", "0010", head.purpose, head.reference, day, head.time, "DG")
    _write(out, responses, with_sex=False)
    return written(STATUS_277, out)


def _parties(claim: Claim) -> list[Party]:
    """The levels of a claim from the payer down, as deep as there is somebody."""
    every = (claim.payer, claim.receiver, claim.provider, claim.subscriber, claim.dependent)
    return [party for party in every if party and party.name.entity]


def _write(out: SegmentWriter, claims: Sequence[Claim], *, with_sex: bool) -> None:
    number = 0
    numbers = [0] * len(_LEVELS)
    for at, claim in enumerate(claims):
        parties = _parties(claim)
        before = _parties(claims[at - 1]) if at else []
        same = _alike(before, parties)
        for depth in range(same, len(parties)):
            number += 1
            numbers[depth] = number
            below = depth + 1 < len(parties) or _continues(claims, at, depth + 1)
            parent = str(numbers[depth - 1]) if depth else ""
            children = "1" if below else "" if _LEVELS[depth] == "23" else "0"
            out.add("HL", str(number), parent, _LEVELS[depth], children)
            _party(out, parties[depth], with_sex=with_sex and depth >= 3)
        _claim(out, claim)


def _alike(before: list[Party], parties: list[Party]) -> int:
    """How many levels are already open; a claim never reopens a level above its own."""
    same = 0
    while same < min(len(before), len(parties)) and before[same] == parties[same]:
        same += 1
    if same == len(parties) < len(before):
        return max(same - 1, 0)
    return same


def _continues(claims: Sequence[Claim], at: int, depth: int) -> bool:
    """Whether a later claim goes deeper under the same level, while that is open."""
    above = _parties(claims[at])[:depth]
    for claim in islice(claims, at + 1, None):
        parties = _parties(claim)
        if parties[:depth] != above:
            return False
        if len(parties) > depth:
            return True
    return False


def _party(out: SegmentWriter, party: Party, *, with_sex: bool) -> None:
    if with_sex and (party.birth_date or party.sex):
        out.add("DMG", "D8", write_date(party.birth_date), party.sex)
    write_name(out, party.name)
    for contact in party.contacts:
        write_contact(out, contact)


def _claim(out: SegmentWriter, claim: Claim) -> None:
    if isinstance(claim, StatusInquiry):
        out.add("TRN", "1", claim.trace)
        for reference in claim.references:
            write_reference(out, reference)
        if claim.charge is not None:
            out.add("AMT", "T3", write_amount(claim.charge))
        for period in claim.dates:
            write_period(out, period)
        for line in claim.lines:
            _line_asked(out, line)
        return
    provider_level = claim.provider.name.entity and not claim.subscriber.name.entity
    out.add("TRN", "1" if provider_level else "2", claim.trace)
    write_details(out, claim.reports, references=claim.references, dates=claim.dates)
    for line in claim.lines:
        write_line(out, line)


def _line_asked(out: SegmentWriter, line: LineStatus) -> None:
    out.add(
        "SVC", write_procedure(out, line.procedure), write_amount(line.charge), "",
        line.revenue_code, "", "", write_amount(line.units),
    )  # fmt: skip
    for reference in line.references:
        write_reference(out, reference)
    for period in line.dates:
        write_period(out, period)
