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
    for is_new, runs in _subscribers(claims):
        if is_new:
            writer.billing_level(runs[0][0])
        writer.subscriber_level(runs)
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

    def subscriber_level(self, runs: "list[Run]") -> None:
        """A subscriber, his own claims, then his patients and theirs."""
        out, claim = self._out, runs[0][0]
        self._number += 1
        subscriber = str(self._number)
        child = "0" if runs[-1][0].patient is None else "1"
        if claim.filing:
            out.fill(_SUBSCRIBER, (subscriber, self._billing, child, *_coverage(claim)))
        else:
            out.add("HL", subscriber, self._billing, "22", child)
            out.add("SBR", *_coverage(claim))
        if claim.subscriber_condition:
            out.add("PAT", "", "", "", "", *claim.subscriber_condition)
        write_party(out, claim.subscriber)
        out.put(self._parties.text(claim.payer))
        for run in runs:
            if run[0].patient:
                self._number += 1
                out.add("HL", str(self._number), subscriber, "23", "0")
                _patient(out, run[0], run[0].patient)
            for claim in run:
                self._claim(claim)

    def _claim(self, claim: Claim) -> None:
        out, more = self._out, _has_more(claim)
        plain = (
            claim.claim_id, write_amount(claim.charge), claim.facility, self._place,
            claim.frequency, claim.provider_signature, claim.assignment, claim.benefits_assigned,
            claim.release,
        )  # fmt: skip
        if more or not (claim.frequency and claim.release):
            _whole_clm(out, claim, plain)
        else:
            out.fill(_CLAIM, plain)
        if more:
            _before_references(out, claim)
        for reference in claim.references:
            write_reference(out, reference)
        if more:
            _before_diagnoses(out, claim)
        if claim.diagnoses:
            out.put(self._diagnoses.text(claim.diagnoses))
        if more:
            _before_providers(out, claim)
        if claim.providers:
            out.put(self._providers.text(claim.providers))
        for payer in claim.other_payers:
            _other_payer(out, payer)
        self._lines.write(claim.lines)


Run = list[Claim]


def _subscribers(claims: Iterable[Claim]) -> Iterator[tuple[bool, list[Run]]]:
    """Claims in order, grouped by subscriber, in these by patient; True where the
    billing provider is new.

    A claim of the subscriber's own after one of a patient opens a new subscriber level.
    """
    runs: list[Run] = []
    is_new = True
    last: Claim | None = None
    for claim in claims:
        same_billing = last is not None and _same_billing(claim, last)
        if last is None or not (same_billing and _same_subscriber(claim, last)):
            if runs:
                yield is_new, runs
            is_new, runs = not same_billing, [[claim]]
        elif _same_patient(claim, last):
            runs[-1].append(claim)
        else:
            runs.append([claim])
        last = claim
    if runs:
        yield is_new, runs


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


_SUBSCRIBER = "HL*%s*%s*22*%s~SBR*%s*%s*%s*%s*%s*%s*%s*%s*%s"
_CLAIM = "CLM*%s*%s***%s:%s:%s*%s*%s*%s*%s"


def _coverage(claim: Claim) -> tuple[str, ...]:
    """SBR01 to SBR09."""
    return (
        claim.rank, claim.relationship, claim.group_number, claim.group_name, claim.insurance_type,
        "", "", "", claim.filing,
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


def _whole_clm(out: SegmentWriter, claim: Claim, plain: tuple[str, ...]) -> None:
    """CLM up to CLM20; most claims end at CLM09."""
    number, charge, facility, place, frequency, *statements = plain
    out.add(
        "CLM", number, charge, "", "", out.composite(facility, place, frequency), *statements,
        claim.patient_signature, out.composite(*claim.accident), claim.special_program,
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
