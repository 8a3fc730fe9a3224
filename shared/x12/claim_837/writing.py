"""Typed claims to the segments of an 837, with levels numbered and shared where they can be."""

from collections.abc import Iterable, Iterator, Sequence

from shared.x12.claim_837.values import BatchHead, Claim, Diagnosis, OtherPayer
from shared.x12.claim_837.writing_line import LineWriter
from shared.x12.envelope import SetBody, written
from shared.x12.guide import Guide
from shared.x12.parties import Party
from shared.x12.party_writing import (
    write_adjustments,
    write_amount,
    write_date,
    write_party,
    write_period,
    write_raw,
    write_reference,
    write_rest,
)
from shared.x12.segments import Delimiters, SegmentWriter

_STANDARD = Delimiters()
_DIAGNOSES_PER_SEGMENT = 12
_BEFORE_AMOUNTS = ("CL1", "DN1", "DN2", "PWK", "CN1")
_BEFORE_NOTES = ("K3",)
_BEFORE_CODES = ("CR1", "CR2", "CRC")


def write_claims(
    head: BatchHead, claims: Iterable[Claim], guide: Guide, *, delimiters: Delimiters = _STANDARD
) -> SetBody:
    """One ST of an 837 of the guide's kind.

    Claims that follow one another share billing provider, subscriber and patient levels where
    these are equal. Raises UnwritableError for a value that holds a delimiter.
    """
    out = SegmentWriter(delimiters)
    _head(out, head)
    writer = _ClaimWriter(out, guide.name[-1])
    last: Claim | None = None
    for same in _by_subscriber(claims):
        if last is None or not _same_billing(same[0], last):
            writer.billing_level(same[0])
        writer.subscriber_level(same)
        last = same[0]
    return written(guide, out)


class _ClaimWriter:
    """Levels and claims of one set; parties and diagnoses that come again are written once."""

    def __init__(self, out: SegmentWriter, kind: str) -> None:
        self._out = out
        self._kind = kind
        self._lines = LineWriter(out, kind)
        self._parties = out.known(write_party)
        self._providers = out.known(_parties)
        self._diagnoses = out.known(_principal_first if kind == "I" else _diagnoses)
        self._place = "A" if kind == "I" else "B"
        self._number = 0  # of the last level
        self._billing = ""

    def billing_level(self, claim: Claim) -> None:
        """A billing provider."""
        self._number += 1
        self._billing = str(self._number)
        self._out.add("HL", self._billing, "", "20", "1")
        _billing(self._out, claim)

    def subscriber_level(self, claims: list[Claim]) -> None:
        """A subscriber, his own claims, then his patients and theirs."""
        out, claim = self._out, claims[0]
        self._number = subscriber = self._number + 1
        child = "0" if claims[-1].patient is None else "1"
        if claim.filing:
            e = out.element
            out.extend((
                f"HL{e}{subscriber}{e}{self._billing}{e}22{e}{child}", e.join(_coverage(claim)),
            ), 13)  # fmt: skip
        else:
            out.add("HL", f"{subscriber}", self._billing, "22", child)
            out.add(*_coverage(claim))
        if claim.subscriber_condition:
            out.add("PAT", "", "", "", "", *claim.subscriber_condition)
        write_party(out, claim.subscriber)
        out.put(self._parties.of(claim.payer))
        last: Claim | None = None
        for claim in claims:
            if claim.patient and (last is None or not _same_patient(claim, last)):
                self._number += 1
                out.add("HL", f"{self._number}", f"{subscriber}", "23", "0")
                _patient(out, claim, claim.patient)
            self._claim(claim)
            last = claim

    def _claim(self, claim: Claim) -> None:
        out, put, more = self._out, self._out.put, _has_more(claim)
        if more or not (claim.frequency and claim.release):
            _whole_clm(out, claim, self._place)
        else:
            e, c = out.element, out.component
            place = f"{claim.facility}{c}{self._place}{c}{claim.frequency}"
            out.extend((e.join((
                "CLM", claim.claim_id, write_amount(claim.charge), "", "", place,
                claim.provider_signature, claim.assignment, claim.benefits_assigned, claim.release,
            )),), 11)  # fmt: skip
        if more:
            _before_references(out, claim)
        for reference in claim.references:
            write_reference(out, reference)
        if more:
            _before_diagnoses(out, claim)
        if claim.diagnoses:
            put(self._diagnoses.of(claim.diagnoses))
        if more:
            _before_providers(out, claim)
        if claim.providers:
            put(self._providers.of(claim.providers))
        for payer in claim.other_payers:
            _other_payer(out, payer)
        self._lines.write(claim.lines)
        out.fold()


def _by_subscriber(claims: Iterable[Claim]) -> Iterator[list[Claim]]:
    """Claims in order, those together that can share a subscriber level.

    A claim of the subscriber's own after one of a patient opens a new one.
    """
    same: list[Claim] = []
    for claim in claims:
        if same and not (_same_subscriber(claim, same[-1]) and _same_billing(claim, same[-1])):
            yield same
            same = []
        same.append(claim)
    if same:
        yield same


def _same_billing(a: Claim, b: Claim) -> bool:
    return (
        a.billing == b.billing
        and a.pay_to == b.pay_to
        and a.pay_to_plan == b.pay_to_plan
        and a.currency == b.currency
    )


def _same_subscriber(a: Claim, b: Claim) -> bool:
    return (
        a.subscriber == b.subscriber
        and a.payer == b.payer
        and _coverage(a) == _coverage(b)
        and a.subscriber_condition == b.subscriber_condition
        and not (a.patient is None and b.patient is not None)
    )


def _same_patient(a: Claim, b: Claim) -> bool:
    return (
        a.patient == b.patient
        and a.patient_relationship == b.patient_relationship
        and a.patient_condition == b.patient_condition
    )


def _head(out: SegmentWriter, head: BatchHead) -> None:
    out.add(
        "BHT", "0019", head.purpose, head.reference, write_date(head.created), head.time, head.kind
    )
    write_party(out, head.submitter)
    write_party(out, head.receiver)


def _billing(out: SegmentWriter, claim: Claim) -> None:
    if claim.billing.taxonomy:
        out.add("PRV", "BI", "PXC", claim.billing.taxonomy)
    if claim.currency:
        out.add("CUR", *claim.currency)
    write_party(out, claim.billing)
    for party in (claim.pay_to, claim.pay_to_plan):
        if party:
            write_party(out, party)


def _coverage(claim: Claim) -> tuple[str, ...]:
    """SBR."""
    return (
        "SBR", claim.rank, claim.relationship, claim.group_number, claim.group_name,
        claim.insurance_type, "", "", "", claim.filing,
    )  # fmt: skip


def _parties(out: SegmentWriter, parties: Iterable[Party]) -> None:
    for party in parties:
        write_party(out, party)


def _patient(out: SegmentWriter, claim: Claim, patient: Party) -> None:
    out.add("PAT", claim.patient_relationship, "", "", "", *claim.patient_condition)
    write_party(out, patient)


def _has_more(claim: Claim) -> bool:
    """Anything that most claims do without."""
    return bool(
        claim.patient_signature or claim.accident or claim.special_program
        or claim.predetermination or claim.delay_reason or claim.dates or claim.amounts
        or claim.notes or claim.codes or claim.rest
    )  # fmt: skip


def _before_references(out: SegmentWriter, claim: Claim) -> None:
    for period in claim.dates:
        write_period(out, period)
    write_rest(out, claim.rest, _BEFORE_AMOUNTS)
    for amount in claim.amounts:
        out.add("AMT", amount.qualifier, write_amount(amount.value))


def _before_diagnoses(out: SegmentWriter, claim: Claim) -> None:
    write_rest(out, claim.rest, _BEFORE_NOTES)
    for code, text in claim.notes:
        out.add("NTE", code, text)
    write_rest(out, claim.rest, _BEFORE_CODES)


def _before_providers(out: SegmentWriter, claim: Claim) -> None:
    for composites in claim.codes:
        out.add("HI", *(out.composite(*c) for c in composites))
    write_rest(out, claim.rest, ("HCP",))


def _whole_clm(out: SegmentWriter, claim: Claim, place: str) -> None:
    """CLM up to CLM20; most claims end at CLM09."""
    out.add(
        "CLM", claim.claim_id, write_amount(claim.charge), "", "",
        out.composite(claim.facility, place, claim.frequency), claim.provider_signature,
        claim.assignment, claim.benefits_assigned, claim.release, claim.patient_signature,
        out.composite(*claim.accident), claim.special_program,
        "", "", "", "", "", "", claim.predetermination, claim.delay_reason,
    )  # fmt: skip


def _diagnoses(out: SegmentWriter, diagnoses: Sequence[Diagnosis]) -> None:
    """Professional and dental: all in one HI."""
    for start in range(0, len(diagnoses), _DIAGNOSES_PER_SEGMENT):
        run = diagnoses[start : start + _DIAGNOSES_PER_SEGMENT]
        out.add("HI", *(_diagnosis(out, d) for d in run))


def _principal_first(out: SegmentWriter, diagnoses: Sequence[Diagnosis]) -> None:
    """Institutional: the principal one by itself."""
    _diagnoses(out, diagnoses[:1])
    _diagnoses(out, diagnoses[1:])


def _diagnosis(out: SegmentWriter, diagnosis: Diagnosis) -> str:
    qualifier, code, present = diagnosis
    if present:
        return out.composite(qualifier, code, "", "", "", "", "", "", present)
    return out.composite(qualifier, code)


def _other_payer(out: SegmentWriter, other: OtherPayer) -> None:
    out.add(
        "SBR", other.rank, other.relationship, other.group_number, other.group_name,
        other.insurance_type, "", "", "", other.filing,
    )  # fmt: skip
    write_adjustments(out, other.adjustments)
    for amount in other.amounts:
        out.add("AMT", amount.qualifier, write_amount(amount.value))
    out.add("OI", "", "", other.benefits_assigned, other.patient_signature, "", other.release)
    for raw in other.rest:
        write_raw(out, raw)
    write_party(out, other.insured)
    write_party(out, other.payer)
    for provider in other.providers:
        write_party(out, provider)
