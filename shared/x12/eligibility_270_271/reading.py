"""Loops of a 270 or 271 to typed values, one per patient."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.x12.eligibility_270_271.values import (
    Benefit,
    Head,
    Inquiry,
    Question,
    Rejection,
    Response,
    Trace,
)
from shared.x12.errors import Finding, Place, finding
from shared.x12.events import Item, Opening
from shared.x12.loops import Branch
from shared.x12.parties import Party, Period, Raw
from shared.x12.party_reading import padded, read_period, read_procedure, read_raw, read_reference
from shared.x12.tree_reading import NOBODY, Context, TreeReader, first, ordinal_of

_IN_PARTY = frozenset({"NM1", "N3", "N4", "REF", "PER", "PRV", "DMG", "DTP", "AAA"})


class InquiryReader(TreeReader):
    """Reads a 270; items are Head, then an Inquiry per patient."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening, values=_inquiries)


class ResponseReader(TreeReader):
    """Reads a 271; items are Head, then a Response per patient."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening, values=_responses)


class _Patient(NamedTuple):
    """The loops that belong to one patient, from the payer down."""

    source: Branch
    receiver: Branch | None = None
    subscriber: Branch | None = None
    dependent: Branch | None = None

    @property
    def own(self) -> Branch:
        """The innermost level."""
        return self.dependent or self.subscriber or self.receiver or self.source

    @property
    def person(self) -> Branch | None:
        """Loop 2100 of the patient."""
        return first(self.subscriber and self.own, "2100C", "2100D")


def _patients(body: Branch) -> Iterator[_Patient]:
    """A level that has no level of its kind inside stands for itself."""
    for source in body.inner("2000A"):
        receivers = list(source.inner("2000B"))
        if not receivers:
            yield _Patient(source)
        for receiver in receivers:
            yield from _patients_of(_Patient(source, receiver), receiver)


def _patients_of(above: _Patient, receiver: Branch) -> Iterator[_Patient]:
    subscribers = list(receiver.inner("2000C"))
    if not subscribers:
        yield above
    for subscriber in subscribers:
        own = above._replace(subscriber=subscriber)
        dependents = list(subscriber.inner("2000D"))
        if not dependents or first(subscriber, "2110C"):
            yield own
        for dependent in dependents:
            yield own._replace(dependent=dependent)


def _head(body: Branch, context: Context) -> Item:
    bht = padded(body.first("BHT") or ["BHT"], 6)
    return Item(Head(bht[3], context.dates[bht[4]], bht[5], bht[2]), body.segments[:1], 2)


def _inquiries(body: Branch, context: Context) -> Iterator[Item]:
    yield _head(body, context)
    for patient in _patients(body):
        value = Inquiry(
            payer=context.party(first(patient.source, "2100A")),
            provider=context.party(first(patient.receiver, "2100B")),
            subscriber=context.party(first(patient.subscriber, "2100C")),
            dependent=_dependent(patient, context),
            traces=_traces(patient.own),
            questions=tuple(_question(b, context) for b in patient.own.inner("2110C", "2110D")),
            rest=_rest(patient.person, context),
        )
        yield _item(value, patient, ())


def _responses(body: Branch, context: Context) -> Iterator[Item]:
    yield _head(body, context)
    for patient in _patients(body):
        benefits = list(patient.own.inner("2110C", "2110D"))
        value = Response(
            payer=context.party(first(patient.source, "2100A")),
            provider=context.party(first(patient.receiver, "2100B")),
            subscriber=context.party(first(patient.subscriber, "2100C")),
            dependent=_dependent(patient, context),
            traces=_traces(patient.own),
            rejections=tuple(_rejections(patient, benefits)),
            benefits=tuple(_benefit(b, context) for b in benefits),
            rest=_rest(patient.person, context),
        )
        yield _item(value, patient, _rejection_findings(patient, benefits))


def _item(value: Inquiry | Response, patient: _Patient, found: Iterable[Finding]) -> Item:
    own = patient.own
    return Item(value, own.whole(), own.ordinals[0], tuple(found))


def _dependent(patient: _Patient, context: Context) -> Party | None:
    return context.party(first(patient.dependent, "2100D")) if patient.dependent else None


def _traces(branch: Branch) -> tuple[Trace, ...]:
    found = (padded(e, 5) for e in branch.all("TRN"))
    return tuple(Trace(e[2], e[3], e[1], e[4]) for e in found)


def _rest(person: Branch | None, context: Context) -> tuple[Raw, ...]:
    if person is None:
        return ()
    return tuple(read_raw(e, context.component) for e in person.segments if e[0] not in _IN_PARTY)


def _periods(branch: Branch, context: Context) -> tuple[Period, ...]:
    return tuple(read_period(e, context.dates) for e in branch.all("DTP"))


def _repeated(text: str, context: Context) -> tuple[str, ...]:
    """A repeated element; without a declared repetition separator there is one value."""
    if not text:
        return ()
    separator = context.delimiters.repetition
    return tuple(text.split(separator)) if separator else (text,)


def _question(branch: Branch, context: Context) -> Question:
    eq = padded(branch.segments[0], 6)
    procedure = read_procedure(eq[2], context.component) if eq[2] else None
    rest = tuple(read_raw(e, context.component) for e in branch.segments[1:] if e[0] != "DTP")
    return Question(_repeated(eq[1], context), procedure, eq[3], _periods(branch, context), rest)


def _benefit(branch: Branch, context: Context) -> Benefit:
    eb = padded(branch.segments[0], 15)
    amounts = context.amounts
    named = ("EB", "HSD", "REF", "DTP", "MSG", "AAA", "LS", "LE")
    inner = [*branch.inner("2115C", "2115D")]
    rest = [e for e in branch.segments if e[0] not in named]
    rest += [e for loop in inner for e in loop.segments]
    return Benefit(
        eb[1], eb[2], _repeated(eb[3], context), eb[4], eb[5], eb[6],
        amounts[eb[7]] if eb[7] else None, amounts[eb[8]] if eb[8] else None, eb[9],
        amounts[eb[10]] if eb[10] else None, eb[11], eb[12],
        read_procedure(eb[13], context.component) if eb[13] else None,
        tuple(read_raw(e, context.component) for e in branch.all("HSD")),
        tuple(read_reference(e, context.component) for e in branch.all("REF")),
        _periods(branch, context), tuple(padded(e, 2)[1] for e in branch.all("MSG")),
        tuple(context.party(b) for b in branch.inner("2120C", "2120D")),
        tuple(read_raw(e, context.component) for e in rest),
    )  # fmt: skip


def _places(patient: _Patient, benefits: list[Branch]) -> Iterator[Branch]:
    """Every loop of a patient in which an AAA may stand."""
    levels = (
        (patient.source, "2100A"), (patient.receiver, "2100B"),
        (patient.subscriber, "2100C"), (patient.dependent, "2100D"),
    )  # fmt: skip
    for level, name in levels:
        if level:
            yield level
            yield from level.inner(name)
    yield from benefits


def _rejections(patient: _Patient, benefits: list[Branch]) -> Iterator[Rejection]:
    for branch in _places(patient, benefits):
        for elements in branch.all("AAA"):
            _, valid, _, reason, follow_up = padded(elements, 5)[:5]
            yield Rejection(branch.name, reason, follow_up, valid)


def _rejection_findings(patient: _Patient, benefits: list[Branch]) -> Iterator[Finding]:
    """AAA03 must say why."""
    for branch in _places(patient, benefits):
        for elements in branch.all("AAA"):
            if not padded(elements, 4)[3]:
                place = Place(ordinal_of(branch, "AAA"), "AAA", branch.name, 3)
                yield finding("rejection_without_reason", place)


__all__ = ["NOBODY", "InquiryReader", "ResponseReader"]
