"""Which of our service lines a payer's lines belong to, with claim-level amounts spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.payments.domain.remittance import Adjustment, ClaimPayment, ServicePayment
from shared.money import Money


@dataclass(frozen=True, slots=True)
class ClaimedLine:
    """One line as we claimed it."""

    line: int
    code: str
    charge_cents: int


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """What the payer decided for one of our lines; line 0 = none of ours."""

    line: int
    charge: Money
    paid: Money
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[str, ...]


def decided_lines(payment: ClaimPayment, claimed: Sequence[ClaimedLine]) -> list[DecidedLine]:
    """The claim's decision by line; the paid amounts add up to CLP04 to the cent.

    Claim-level adjustments go to the lines in proportion to charge, remainder cents to the
    largest line. A claim without service lines is spread over ours. What still differs from
    CLP04 (a payer that leaves lines out) stands on line 0.
    """
    services = payment.services or _spread_over(payment, claimed)
    numbers = _line_numbers(services, claimed)
    weights = [abs(service.charge.cents) for service in services]
    shares = [each.amount.spread(weights) for each in payment.adjustments] if services else []
    lines = [
        _decided(service, payment, number=number, shares=[share[place] for share in shares])
        for place, (service, number) in enumerate(zip(services, numbers, strict=True))
    ]
    rest = payment.paid - Money.total(line.paid for line in lines)
    if rest or not lines:
        left_out = payment.charge - Money.total(line.charge for line in lines)
        unspread = payment.adjustments if not services else ()
        lines.append(DecidedLine(0, left_out, rest, unspread, payment.remarks))
    return lines


def _decided(
    service: ServicePayment, payment: ClaimPayment, *, number: int, shares: list[Money]
) -> DecidedLine:
    spread = tuple(
        replace(adjustment, amount=share)
        for adjustment, share in zip(payment.adjustments, shares, strict=True)
        if share
    )
    return DecidedLine(
        line=number,
        charge=service.charge,
        paid=service.paid - Money.total(shares),
        adjustments=(*service.adjustments, *spread),
        remarks=tuple(dict.fromkeys((*service.remarks, *payment.remarks))),
    )


def _spread_over(
    payment: ClaimPayment, claimed: Sequence[ClaimedLine]
) -> tuple[ServicePayment, ...]:
    """Lines of a decision that names none: our own, before any adjustment."""
    if not claimed:
        return ()
    charges = payment.charge.spread([line.charge_cents for line in claimed])
    return tuple(
        ServicePayment(str(line.line), line.code, charge, charge)
        for line, charge in zip(claimed, charges, strict=True)
    )


def _line_numbers(services: Sequence[ServicePayment], claimed: Sequence[ClaimedLine]) -> list[int]:
    """Our number for each of the payer's lines; 0 where nothing fits.

    By the line's control number (a payer may split one of our lines), else each of ours at most
    once: by code and charge, by charge, by code (codes are changed, modifiers dropped).
    """
    ours = {str(line.line): line.line for line in claimed}
    numbers = [ours.get(service.line_control.strip().lstrip("0"), 0) for service in services]
    free = [line for line in claimed if line.line not in numbers]
    for fits in (_same_service, _same_charge, _same_code):
        for place, service in enumerate(services):
            found = next((line for line in free if fits(service, line)), None)
            if numbers[place] == 0 and found is not None:
                numbers[place] = found.line
                free.remove(found)
    return numbers


def _same_service(service: ServicePayment, line: ClaimedLine) -> bool:
    return _same_code(service, line) and _same_charge(service, line)


def _same_charge(service: ServicePayment, line: ClaimedLine) -> bool:
    return abs(service.charge.cents) == line.charge_cents


def _same_code(service: ServicePayment, line: ClaimedLine) -> bool:
    return service.code == line.code
