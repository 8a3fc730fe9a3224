"""Typed claims to the segments of an 837, with levels numbered and shared where they can be."""

from collections.abc import Iterable

from shared.x12.claim_837.values import BatchHead, Claim, Diagnosis, OtherPayer
from shared.x12.claim_837.writing_line import write_line
from shared.x12.envelope import SetBody
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
    number = 0
    for billing, subscribers in _tree(list(claims)):
        number += 1
        billing_number = number
        out.add("HL", str(number), "", "20", "1")
        _billing(out, billing)
        for runs in subscribers:
            number = _subscriber_level(out, runs, number=number + 1, parent=billing_number)
    return SetBody(guide, out.text(), out.count, delimiters)


def _subscriber_level(out: SegmentWriter, runs: "list[Run]", *, number: int, parent: int) -> int:
    """A subscriber, his patients and their claims; the number of the last level comes back."""
    subscriber = runs[0][0]
    has_patients = any(run[0].patient for run in runs)
    out.add("HL", str(number), str(parent), "22", "1" if has_patients else "0")
    _subscriber(out, subscriber)
    last = number
    for run in runs:
        if run[0].patient:
            last += 1
            out.add("HL", str(last), str(number), "23", "0")
            _patient(out, run[0], run[0].patient)
        for claim in run:
            _claim(out, claim)
    return last


Run = list[Claim]


def _tree(claims: list[Claim]) -> list[tuple[Claim, list[list[Run]]]]:
    """Claims in order, grouped by billing provider, then subscriber, then patient.

    A claim of the subscriber's own after one of a patient opens a new subscriber level.
    """
    tree: list[tuple[Claim, list[list[Run]]]] = []
    previous: Claim | None = None
    for claim in claims:
        if previous is None or _billing_key(claim) != _billing_key(previous):
            tree.append((claim, [[[claim]]]))
        elif _subscriber_key(claim) != _subscriber_key(previous) or (
            claim.patient is None and previous.patient is not None
        ):
            tree[-1][1].append([[claim]])
        elif _patient_key(claim) != _patient_key(previous):
            tree[-1][1][-1].append([claim])
        else:
            tree[-1][1][-1][-1].append(claim)
        previous = claim
    return tree


def _billing_key(claim: Claim) -> tuple[object, ...]:
    return (claim.billing, claim.pay_to, claim.pay_to_plan, claim.currency)


def _subscriber_key(claim: Claim) -> tuple[object, ...]:
    return (
        claim.subscriber, claim.payer, claim.rank, claim.relationship, claim.filing,
        claim.group_number, claim.group_name, claim.insurance_type, claim.subscriber_condition,
    )  # fmt: skip


def _patient_key(claim: Claim) -> tuple[object, ...]:
    return (claim.patient, claim.patient_relationship, claim.patient_condition)


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


def _subscriber(out: SegmentWriter, claim: Claim) -> None:
    out.add(
        "SBR", claim.rank, claim.relationship, claim.group_number, claim.group_name,
        claim.insurance_type, "", "", "", claim.filing,
    )  # fmt: skip
    if claim.subscriber_condition:
        out.add("PAT", "", "", "", "", *claim.subscriber_condition)
    write_party(out, claim.subscriber)
    write_party(out, claim.payer)


def _patient(out: SegmentWriter, claim: Claim, patient: Party) -> None:
    out.add("PAT", claim.patient_relationship, "", "", "", *claim.patient_condition)
    write_party(out, patient)


def _claim(out: SegmentWriter, claim: Claim) -> None:
    qualifier = "A" if claim.kind == "I" else "B"
    out.add(
        "CLM", claim.claim_id, write_amount(claim.charge), "", "",
        out.composite(claim.facility, qualifier, claim.frequency), claim.provider_signature,
        claim.assignment, claim.benefits_assigned, claim.release, claim.patient_signature,
        *_closing(out, claim),
    )  # fmt: skip
    for period in claim.dates:
        write_period(out, period)
    write_rest(out, claim.rest, _BEFORE_AMOUNTS)
    for amount in claim.amounts:
        out.add("AMT", amount.qualifier, write_amount(amount.value))
    for reference in claim.references:
        write_reference(out, reference)
    write_rest(out, claim.rest, _BEFORE_NOTES)
    for code, text in claim.notes:
        out.add("NTE", code, text)
    write_rest(out, claim.rest, _BEFORE_CODES)
    _diagnoses(out, claim)
    for composites in claim.codes:
        out.add("HI", *(out.composite(*c) for c in composites))
    write_rest(out, claim.rest, ("HCP",))
    for provider in claim.providers:
        write_party(out, provider)
    for payer in claim.other_payers:
        _other_payer(out, payer)
    for number, line in enumerate(claim.lines, 1):
        write_line(out, line, number, kind=claim.kind)


def _closing(out: SegmentWriter, claim: Claim) -> tuple[str, ...]:
    """CLM11 to CLM20, which most claims do without."""
    if not (
        claim.accident or claim.special_program or claim.predetermination or claim.delay_reason
    ):
        return ()
    return (
        out.composite(*claim.accident), claim.special_program, "", "", "", "", "", "",
        claim.predetermination, claim.delay_reason,
    )  # fmt: skip


def _diagnoses(out: SegmentWriter, claim: Claim) -> None:
    """Professional and dental: all in one HI. Institutional: the principal one by itself."""
    diagnoses = claim.diagnoses
    if claim.kind == "I" and diagnoses:
        out.add("HI", _diagnosis(out, diagnoses[0]))
        diagnoses = diagnoses[1:]
    for start in range(0, len(diagnoses), _DIAGNOSES_PER_SEGMENT):
        run = diagnoses[start : start + _DIAGNOSES_PER_SEGMENT]
        out.add("HI", *(_diagnosis(out, d) for d in run))


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
