"""Loops of a 276 or 277 to typed values, one per claim asked about."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.x12.events import Item, Opening
from shared.x12.loops import Branch
from shared.x12.parties import Party
from shared.x12.party_reading import padded, read_period, read_reference
from shared.x12.status import LineStatus, StatusReport, read_line, read_report
from shared.x12.status_276_277.values import Head, StatusInquiry, StatusResponse
from shared.x12.tree_reading import NOBODY, Context, TreeReader, first


class StatusInquiryReader(TreeReader):
    """Reads a 276; items are Head, then a StatusInquiry per claim."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening, values=_inquiries)


class StatusResponseReader(TreeReader):
    """Reads a 277; items are Head, then a StatusResponse per trace answered."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening, values=_responses)


class _Above(NamedTuple):
    """The parties above a claim."""

    payer: Party
    receiver: Party = NOBODY
    provider: Party = NOBODY
    subscriber: Party = NOBODY
    dependent: Party | None = None


def _head(body: Branch, context: Context) -> Item:
    bht = padded(body.first("BHT") or ["BHT"], 6)
    return Item(Head(bht[3], context.dates[bht[4]], bht[5], bht[2]), body.segments[:1], 2)


Found = Iterator[tuple[Branch, _Above]]


def _inquiries(body: Branch, context: Context) -> Iterator[Item]:
    yield _head(body, context)
    for branch, above in _claims(body, context):
        yield _item(_inquiry(branch, above, context), branch)


def _responses(body: Branch, context: Context) -> Iterator[Item]:
    yield _head(body, context)
    for branch, above in _claims(body, context):
        yield _item(_response(branch, above, context), branch)


def _item(value: StatusInquiry | StatusResponse, branch: Branch) -> Item:
    return Item(value, branch.whole(), branch.ordinals[0])


def _claims(body: Branch, context: Context) -> Found:
    """Every loop 2200 with the parties above it, in the order of the file."""
    for source in body.inner("2000A"):
        payer = _Above(context.party(first(source, "2100A")))
        for receiver in source.inner("2000B"):
            at = payer._replace(receiver=context.party(first(receiver, "2100B")))
            yield from ((branch, at) for branch in receiver.inner("2200B"))
            yield from _of_providers(receiver, at, context)


def _of_providers(receiver: Branch, at: _Above, context: Context) -> Found:
    for provider in receiver.inner("2000C"):
        below = at._replace(provider=context.party(first(provider, "2100C")))
        yield from ((branch, below) for branch in provider.inner("2200C"))
        for subscriber in provider.inner("2000D"):
            yield from _of_people(subscriber, below, context)


def _of_people(subscriber: Branch, at: _Above, context: Context) -> Found:
    own = at._replace(subscriber=_person(subscriber, "2100D", context))
    yield from ((branch, own) for branch in subscriber.inner("2200D"))
    for dependent in subscriber.inner("2000E"):
        below = own._replace(dependent=_person(dependent, "2100E", context))
        yield from ((branch, below) for branch in dependent.inner("2200E"))


def _person(level: Branch, name: str, context: Context) -> Party:
    """The party of a level, with the DMG that stands before its name."""
    party = context.party(first(level, name))
    dmg = padded(level.first("DMG") or [], 4)
    return party._replace(birth_date=context.dates[dmg[2]], sex=dmg[3])


def _trace(branch: Branch) -> str:
    return padded(branch.first("TRN") or [], 3)[2]


def _lines(branch: Branch, context: Context) -> tuple[LineStatus, ...]:
    return tuple(_line(b, context) for b in branch.inner("2210D", "2210E", "2220D", "2220E"))


def _line(branch: Branch, context: Context) -> LineStatus:
    line = read_line(branch.segments[0], context.numbers)
    return line._replace(
        reports=_reports(branch, context),
        references=tuple(read_reference(e, context.component) for e in branch.all("REF")),
        dates=tuple(read_period(e, context.dates) for e in branch.all("DTP")),
    )


def _reports(branch: Branch, context: Context) -> tuple[StatusReport, ...]:
    return tuple(read_report(e, context.numbers) for e in branch.all("STC"))


def _inquiry(branch: Branch, at: _Above, context: Context) -> StatusInquiry:
    amount = branch.first("AMT", "T3")
    return StatusInquiry(
        at.payer, at.receiver, at.provider, at.subscriber, _trace(branch), at.dependent,
        tuple(read_reference(e, context.component) for e in branch.all("REF")),
        context.amounts[padded(amount, 3)[2]] if amount else None,
        tuple(read_period(e, context.dates) for e in branch.all("DTP")),
        _lines(branch, context),
    )  # fmt: skip


def _response(branch: Branch, at: _Above, context: Context) -> StatusResponse:
    return StatusResponse(
        at.payer, at.receiver, at.provider, at.subscriber, _trace(branch),
        _reports(branch, context), at.dependent,
        tuple(read_reference(e, context.component) for e in branch.all("REF")),
        tuple(read_period(e, context.dates) for e in branch.all("DTP")),
        _lines(branch, context),
    )  # fmt: skip
