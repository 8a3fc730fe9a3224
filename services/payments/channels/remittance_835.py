"""An 835 file turned into our own remittances, or the one reason why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from services.payments.domain.remittance import (
    Adjustment,
    ClaimPayment,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)
from shared import x12
from shared.errors import Refused
from shared.money import ZERO, Money
from shared.x12 import Options, Reading, SetReading, Severity, X12Error
from shared.x12 import remittance_835 as said
from shared.x12.parties import Adjustment as Cas
from shared.x12.parties import Party


class ReadFile(NamedTuple):
    """What a file holds; refused is a code, "" when it could be read whole."""

    remittances: tuple[Remittance, ...]
    refused: str = ""


def read_835(content: bytes) -> ReadFile:
    """All payments of a file, or none of them: a cut or broken file is never half processed.

    Refused for: no ISA (`unreadable`), broken envelopes or counts (the finding's kind), another
    transaction set (`not_an_835`), no payment at all (`empty`), an element that is no amount
    (`unreadable_element`), amounts with fractions of cents, a payment without trace or date.
    Deviations from the guide that change no amount are taken as they are: payers have many.
    """
    try:
        reading = x12.read(content, Options(check=False))
    except X12Error:
        return ReadFile((), "unreadable")
    refused = _refusal(reading)
    if refused:
        return ReadFile((), refused)
    try:
        found = tuple(_remittance(n, each) for n, each in enumerate(reading.sets, start=1))
    except Refused as refusal:
        return ReadFile((), refusal.code)
    except X12Error:  # values are decoded when they are looked at
        return ReadFile((), "unreadable_element")
    return ReadFile(found)


def _refusal(reading: Reading) -> str:
    broken = [each.kind for each in reading.findings if each.severity == Severity.ERROR]
    if any(each.kind != "835" for each in reading.sets):
        return "not_an_835"
    if broken:
        return str(broken[0])
    return "" if reading.sets else "empty"


def _remittance(position: int, found: SetReading) -> Remittance:
    remittance = said.remittance_of(found.values)
    if remittance is None or any(item.value is None for item in found.items):
        raise Refused("unreadable_element", "An element cannot be read.")
    payment = remittance.payment
    if not payment.trace or payment.date is None:
        raise Refused("untraceable", "The payment has no trace number or no date.")
    return Remittance(
        position=position,
        trace=payment.trace,
        total=Money.from_decimal(payment.amount),
        paid_on=payment.date,
        method=payment.method,
        payer_code=_payer_code(payment),
        payee_npi=_npi(payment.payee),
        claims=tuple(_claim(n, each) for n, each in enumerate(remittance.claims, start=1)),
        provider_adjustments=tuple(
            ProviderAdjustment(each.reason, each.reference, Money.from_decimal(each.amount))
            for each in remittance.provider_adjustments
        ),
    )


def _payer_code(payment: said.Payment) -> str:
    """The payer's id at the clearinghouse: N1*PR N104, else REF*2U, else TRN03."""
    return payment.payer.name.id or payment.payer.reference("2U") or payment.payer_id


def _npi(payee: Party) -> str:
    """N1*PE with XX is the NPI; a payer that names the tax id instead puts it in REF*PQ or HPI."""
    if payee.name.id_qualifier == "XX":
        return payee.name.id
    return payee.reference("HPI", "PQ") or payee.name.id


def _claim(position: int, claim: said.ClaimPayment) -> ClaimPayment:
    patient = claim.patient_responsibility
    return ClaimPayment(
        position=position,
        control_number=claim.claim_id,
        status=claim.status,
        charge=Money.from_decimal(claim.charge),
        paid=Money.from_decimal(claim.paid),
        patient=ZERO if patient is None else Money.from_decimal(patient),
        payer_control_number=claim.payer_control_number,
        adjustments=_adjustments(claim.adjustments),
        remarks=tuple(claim.remarks),
        services=tuple(_service(each) for each in claim.services),
    )


def _service(service: said.ServicePayment) -> ServicePayment:
    """SVC06 is the code we sent, where the payer decided on another one."""
    return ServicePayment(
        line_control=service.line_control,
        code=(service.submitted or service.procedure).code,
        charge=Money.from_decimal(service.charge),
        paid=Money.from_decimal(service.paid),
        adjustments=_adjustments(service.adjustments),
        remarks=tuple(code for qualifier, code in service.remarks if qualifier == "HE"),
    )


def _adjustments(found: Iterable[Cas]) -> tuple[Adjustment, ...]:
    return tuple(
        Adjustment(each.group, each.reason, Money.from_decimal(each.amount)) for each in found
    )
