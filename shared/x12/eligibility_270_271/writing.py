"""Typed inquiries and responses to the segments of a 270 or 271."""

from collections.abc import Callable, Iterable, Sequence

from shared.x12.eligibility_270_271.values import (
    Benefit,
    Head,
    Inquiry,
    Question,
    Rejection,
    Response,
    Trace,
)
from shared.x12.envelope import SetBody, written
from shared.x12.guides.eligibility import ELIGIBILITY_270, ELIGIBILITY_271
from shared.x12.parties import Party
from shared.x12.party_writing import (
    write_address,
    write_amount,
    write_contact,
    write_date,
    write_name,
    write_period,
    write_procedure,
    write_raw,
    write_reference,
)
from shared.x12.segments import Delimiters, SegmentWriter

_STANDARD = Delimiters()
_AFTER_DMG = ("INS", "HI")
Patient = Inquiry | Response


def write_inquiries(
    head: Head, inquiries: Sequence[Inquiry], delimiters: Delimiters = _STANDARD
) -> SetBody:
    """One ST of a 270; inquiries that follow one another share equal levels."""
    out = SegmentWriter(delimiters)
    out.add("BHT", "0022", head.purpose, head.reference, write_date(head.created), head.time)
    _Levels(out, _no_rejections).write(inquiries, _inquiry)
    return written(ELIGIBILITY_270, out)


def write_responses(
    head: Head, responses: Sequence[Response], delimiters: Delimiters = _STANDARD
) -> SetBody:
    """One ST of a 271; responses that follow one another share equal levels."""
    out = SegmentWriter(delimiters)
    out.add("BHT", "0022", head.purpose, head.reference, write_date(head.created), head.time)
    _Levels(out, _rejections).write(responses, _response)
    return written(ELIGIBILITY_271, out)


WriteRejections = Callable[[SegmentWriter, Patient, str], None]


def _no_rejections(out: SegmentWriter, patient: Patient, loop: str) -> None:
    """A 270 has none."""


def _rejections(out: SegmentWriter, patient: Patient, loop: str) -> None:
    if isinstance(patient, Response):
        _write_rejections(out, (r for r in patient.rejections if r.loop == loop))


def _write_rejections(out: SegmentWriter, rejections: Iterable[Rejection]) -> None:
    for r in rejections:
        out.add("AAA", r.valid, "", r.reason, r.follow_up)


class _Levels:
    """Numbers the HL levels and opens a new one where a party differs from the one before."""

    def __init__(self, out: SegmentWriter, rejections: WriteRejections) -> None:
        self.out = out
        self.rejections = rejections
        self.number = 0
        self.parents = [0, 0, 0, 0]

    def write(
        self, patients: Sequence[Patient], detail: Callable[[SegmentWriter, Patient], None]
    ) -> None:
        previous: Patient | None = None
        for patient in patients:
            for depth in range(self._shared(previous, patient), 4):
                self._open(depth, patient)
            detail(self.out, patient)
            previous = patient

    def _shared(self, previous: Patient | None, patient: Patient) -> int:
        """How many levels from the top this patient has in common with the one before."""
        if previous is None or _level(previous, 0) != _level(patient, 0):
            return 0
        if _level(previous, 1) != _level(patient, 1):
            return 1
        both = previous.dependent and patient.dependent
        return 3 if both and _level(previous, 2) == _level(patient, 2) else 2

    def _open(self, depth: int, patient: Patient) -> None:
        parties = (patient.payer, patient.provider, patient.subscriber, patient.dependent)
        party = parties[depth]
        if party is None or not party.name.entity:
            return
        self.number += 1
        self.parents[depth] = self.number
        parent = str(self.parents[depth - 1]) if depth else ""
        below = parties[depth + 1] if depth < 3 else None
        children = "1" if below is not None and below.name.entity else "0"
        self.out.add("HL", str(self.number), parent, ("20", "21", "22", "23")[depth], children)
        letter = "ABCD"[depth]
        self.rejections(self.out, patient, f"2000{letter}")
        own = depth == (3 if patient.dependent else 2)
        if own:
            _traces(self.out, patient.traces)
        self._party(party, patient, letter, own=own)

    def _party(self, party: Party, patient: Patient, letter: str, *, own: bool) -> None:
        out = self.out
        write_name(out, party.name)
        for reference in party.references:
            write_reference(out, reference)
        write_address(out, party.address)
        for contact in party.contacts:
            write_contact(out, contact)
        self.rejections(out, patient, f"2100{letter}")
        if party.taxonomy:
            out.add("PRV", "PE", "PXC", party.taxonomy)
        if party.birth_date or party.sex:
            form = "D8" if party.birth_date else ""
            out.add("DMG", form, write_date(party.birth_date), party.sex)
        rest = patient.rest if own else ()
        for segment_id in _AFTER_DMG:
            for raw in rest:
                if raw[0] == segment_id:
                    write_raw(out, raw)
        for period in party.dates:
            write_period(out, period)
        for raw in rest:
            if raw[0] not in _AFTER_DMG:
                write_raw(out, raw)


def _level(patient: Patient, depth: int) -> tuple[Party, list[Rejection]]:
    """Who stands at a level, and what was refused there: others may share it if both are equal."""
    party = (patient.payer, patient.provider, patient.subscriber)[depth]
    loops = (f"2000{'ABC'[depth]}", f"2100{'ABC'[depth]}")
    rejections = patient.rejections if isinstance(patient, Response) else ()
    return party, [r for r in rejections if r.loop in loops]


def _traces(out: SegmentWriter, traces: Iterable[Trace]) -> None:
    for trace in traces:
        out.add("TRN", trace.kind, trace.number, trace.origin, trace.supplement)


def _inquiry(out: SegmentWriter, patient: Patient) -> None:
    if isinstance(patient, Inquiry):
        for question in patient.questions:
            _question(out, question)


def _question(out: SegmentWriter, question: Question) -> None:
    procedure = write_procedure(out, question.procedure) if question.procedure else ""
    out.add("EQ", out.repeated(*question.service_types), procedure, question.level)
    for raw in question.rest:
        write_raw(out, raw)
    for period in question.dates:
        write_period(out, period)


def _response(out: SegmentWriter, patient: Patient) -> None:
    if not isinstance(patient, Response):
        return
    loop = "2110D" if patient.dependent else "2110C"
    rejected = [r for r in patient.rejections if r.loop == loop]
    for benefit in patient.benefits:
        _benefit(out, benefit, rejected)
        rejected = []


def _benefit(out: SegmentWriter, benefit: Benefit, rejections: list[Rejection]) -> None:
    b = benefit
    out.add(
        "EB", b.information, b.level, out.repeated(*b.service_types), b.insurance_type, b.plan,
        b.period, write_amount(b.amount), write_amount(b.percent), b.quantity_qualifier,
        write_amount(b.quantity), b.authorization, b.in_network,
        write_procedure(out, b.procedure) if b.procedure else "",
    )  # fmt: skip
    for raw in b.deliveries:
        write_raw(out, raw)
    for reference in b.references:
        write_reference(out, reference)
    for period in b.dates:
        write_period(out, period)
    _write_rejections(out, rejections)
    for message in b.messages:
        out.add("MSG", message)
    for raw in b.rest:
        write_raw(out, raw)
    if b.entities:
        out.add("LS", "2120")
        for entity in b.entities:
            _entity(out, entity)
        out.add("LE", "2120")


def _entity(out: SegmentWriter, entity: Party) -> None:
    write_name(out, entity.name)
    write_address(out, entity.address)
    for contact in entity.contacts:
        write_contact(out, contact)
    if entity.taxonomy:
        out.add("PRV", "PE", "PXC", entity.taxonomy)
