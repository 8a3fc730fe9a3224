"""Typed remittances to the segments of an 835."""

from collections.abc import Iterable

from shared.x12.envelope import SetBody, written
from shared.x12.errors import UnwritableError
from shared.x12.guides.remittance_835 import REMITTANCE_835
from shared.x12.parties import Amount, Party, Period
from shared.x12.party_writing import (
    write_address,
    write_adjustments,
    write_amount,
    write_contact,
    write_date,
    write_procedure,
    write_reference,
)
from shared.x12.remittance_835.values import (
    ClaimPayment,
    HeaderNumber,
    Payment,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)
from shared.x12.segments import Delimiters, SegmentWriter

_STANDARD = Delimiters()
_ONLY = HeaderNumber("1")


def write_remittance(remittance: Remittance, delimiters: Delimiters = _STANDARD) -> SetBody:
    """One ST of an 835; claims stand in the order of their headers.

    Raises UnwritableError for a value that holds a delimiter, and for a claim whose header is
    not there or came before.
    """
    out = SegmentWriter(delimiters)
    _payment(out, remittance.payment)
    headers = remittance.headers or (_ONLY,) * bool(remittance.claims)
    current = 0
    for claim in remittance.claims:
        if not current <= claim.header <= len(headers):
            raise UnwritableError(f"claim of header {claim.header} behind header {current}")
        for header in headers[current : claim.header]:
            _header(out, header)
        current = claim.header
        _claim(out, claim)
        out.fold()
    for header in headers[current:]:
        _header(out, header)
    _provider_adjustments(out, remittance.provider_adjustments)
    return written(REMITTANCE_835, out)


def _payment(out: SegmentWriter, payment: Payment) -> None:
    accounts = payment.accounts + ("",) * (11 - len(payment.accounts))
    out.add(
        "BPR", payment.handling, write_amount(payment.amount), payment.credit, payment.method,
        *accounts, write_date(payment.date),
    )  # fmt: skip
    out.add("TRN", "1", payment.trace, payment.payer_id, payment.payer_supplement)
    if payment.currency:
        out.add("CUR", *payment.currency)
    for reference in payment.references:
        write_reference(out, reference)
    if payment.production_date:
        out.add("DTM", "405", write_date(payment.production_date))
    _party(out, "PR", payment.payer)
    _party(out, "PE", payment.payee)
    if payment.delivery:
        out.add("RDM", *payment.delivery)


def _party(out: SegmentWriter, entity: str, party: Party) -> None:
    out.add("N1", entity, party.name.last, party.name.id_qualifier, party.name.id)
    write_address(out, party.address)
    for reference in party.references:
        write_reference(out, reference)
    for contact in party.contacts:
        write_contact(out, contact)


def _header(out: SegmentWriter, header: HeaderNumber) -> None:
    out.add("LX", header.number)
    if header.totals:
        out.add("TS3", *header.totals)
    if header.inpatient_totals:
        out.add("TS2", *header.inpatient_totals)


def _claim(out: SegmentWriter, claim: ClaimPayment) -> None:
    out.add(
        "CLP", claim.claim_id, claim.status, write_amount(claim.charge), write_amount(claim.paid),
        write_amount(claim.patient_responsibility), claim.filing, claim.payer_control_number,
        claim.facility, claim.frequency, "", claim.drg, write_amount(claim.drg_weight),
        write_amount(claim.discharge_fraction),
    )  # fmt: skip
    write_adjustments(out, claim.adjustments)
    for name in claim.names:
        out.add("NM1", *name)
    if claim.inpatient:
        out.add("MIA", *claim.inpatient)
    if claim.outpatient:
        out.add("MOA", *claim.outpatient)
    for reference in claim.references:
        write_reference(out, reference)
    _dates(out, claim.dates)
    for contact in claim.contacts:
        write_contact(out, contact)
    _amounts(out, claim.amounts, claim.quantities)
    for service in claim.services:
        _service(out, service)


def _service(out: SegmentWriter, service: ServicePayment) -> None:
    submitted = write_procedure(out, service.submitted) if service.submitted else ""
    out.add(
        "SVC", write_procedure(out, service.procedure), write_amount(service.charge),
        write_amount(service.paid), service.revenue_code, write_amount(service.units), submitted,
        write_amount(service.submitted_units),
    )  # fmt: skip
    _dates(out, service.dates)
    write_adjustments(out, service.adjustments)
    for reference in service.references:
        write_reference(out, reference)
    _amounts(out, service.amounts, service.quantities)
    for qualifier, code in service.remarks:
        out.add("LQ", qualifier, code)


def _dates(out: SegmentWriter, dates: Iterable[Period]) -> None:
    for period in dates:
        out.add("DTM", period.qualifier, write_date(period.first))


def _amounts(out: SegmentWriter, amounts: Iterable[Amount], quantities: Iterable[Amount]) -> None:
    for amount in amounts:
        out.add("AMT", amount.qualifier, write_amount(amount.value))
    for quantity in quantities:
        out.add("QTY", quantity.qualifier, write_amount(quantity.value))


def _provider_adjustments(out: SegmentWriter, adjustments: Iterable[ProviderAdjustment]) -> None:
    """PLB segments: neighbours of one provider and period share one, six reasons at most."""
    row: list[str] = []
    for adjustment in adjustments:
        key = [adjustment.provider, write_date(adjustment.fiscal_period_end)]
        if row and (row[:2] != key or len(row) >= 14):
            out.add("PLB", *row)
            row = []
        row = row or key
        row += [
            out.composite(adjustment.reason, adjustment.reference), write_amount(adjustment.amount),
        ]  # fmt: skip
    if row:
        out.add("PLB", *row)
