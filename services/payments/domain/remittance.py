"""What an 835 says, in our own words: payments, adjustments, and whether they add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from shared.money import ZERO, Money

REVERSAL = "22"
NO_MONEY = "NON"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One CAS triple: group, reason code, amount; positive lowers the payment."""

    group: str
    carc: str
    amount: Money


@dataclass(frozen=True, slots=True)
class ServicePayment:
    """One service line as the payer decided it; line_control is REF*6R, ours when it is one."""

    line_control: str
    code: str
    charge: Money
    paid: Money
    adjustments: tuple[Adjustment, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPayment:
    """One CLP: control_number is CLP01 (ours), status CLP02, payer_control_number CLP07."""

    position: int
    control_number: str
    status: str
    charge: Money
    paid: Money
    patient: Money = ZERO
    payer_control_number: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    remarks: tuple[str, ...] = ()
    services: tuple[ServicePayment, ...] = ()

    @property
    def is_reversal(self) -> bool:
        """CLP02 22: takes back an earlier decision."""
        return self.status == REVERSAL


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """One PLB amount: reason, reference, amount; positive lowers the payment."""

    reason: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Remittance:
    """One ST of an 835: one payment of one payer to one practice.

    trace is TRN02, total BPR02, paid_on BPR16, method BPR04, payee_npi the practice's NPI.
    """

    position: int
    trace: str
    total: Money
    paid_on: date
    method: str
    payer_code: str
    payee_npi: str
    claims: tuple[ClaimPayment, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()

    @property
    def expects_money(self) -> bool:
        """False for a notification that moves nothing (BPR04 NON, 0.00)."""
        return bool(self.total) and self.method != NO_MONEY


@dataclass(frozen=True, slots=True)
class Difference:
    """Where an 835 does not add up: the rule, the place, and stated minus computed."""

    rule: str
    place: str
    amount: Money


def differences(remittance: Remittance) -> list[Difference]:
    """All differences, exact to the cent; none means it may be posted.

    Rules: X12 835 guide 1.10.2 (line, claim, payment); a payment is never negative.
    """
    found = [each for claim in remittance.claims for each in _claim_differences(claim)]
    computed = Money.total(claim.paid for claim in remittance.claims) - Money.total(
        each.amount for each in remittance.provider_adjustments
    )
    found.extend(
        _compared("payment_balance", "payment", stated=remittance.total, computed=computed)
    )
    if remittance.total.cents < 0:
        found.append(Difference("negative_payment", "payment", remittance.total))
    return found


def _claim_differences(claim: ClaimPayment) -> Iterator[Difference]:
    place = f"claim {claim.position}"
    for number, service in enumerate(claim.services, start=1):
        computed = service.charge - _total(service.adjustments)
        line = f"{place} line {number}"
        yield from _compared("line_balance", line, stated=service.paid, computed=computed)
    adjusted = _total(claim.adjustments) + Money.total(
        _total(service.adjustments) for service in claim.services
    )
    computed = claim.charge - adjusted
    yield from _compared("claim_balance", place, stated=claim.paid, computed=computed)


def _compared(rule: str, place: str, *, stated: Money, computed: Money) -> Iterator[Difference]:
    if stated != computed:
        yield Difference(rule, place, stated - computed)


def _total(adjustments: tuple[Adjustment, ...]) -> Money:
    return Money.total(each.amount for each in adjustments)
