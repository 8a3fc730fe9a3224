"""Decisions to 835 files: one payment of one payer to one practice, and how it may go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sandbox.adjudication import Adjustment, Decision
from sandbox.chance import letters
from sandbox.outgoing import Outgoing
from sandbox.payers import Payer
from sandbox.scenarios import Delivery
from shared.money import ZERO, Money
from shared.x12.claim_837 import Claim, ServiceLine
from shared.x12.parties import (
    Address,
    Amount,
    Contact,
    Name,
    Party,
    Period,
    Reference,
)
from shared.x12.parties import Adjustment as WrittenAdjustment
from shared.x12.remittance_835 import (
    ClaimPayment,
    Payment,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
    payment_expected,
    write_remittance,
)

_SHORT_BY = Decimal("0.10")


class Payee(NamedTuple):
    """The practice that is paid."""

    name: str
    npi: str
    tax_id: str


class Run(NamedTuple):
    """One payment run: what one payer pays one practice of one receiver at one time.

    owed: cents that earlier runs carried forward, by their traces.
    """

    receiver: str
    payer: Payer
    payee: Payee
    claims: tuple[ClaimPayment, ...]
    interest: Money = ZERO
    owed: Mapping[str, int] = {}


def payee_of(claim: Claim) -> Payee:
    """The billing provider of a claim."""
    billing = claim.billing
    return Payee(billing.name.last, billing.name.id, billing.reference("EI", "SY"))


def control_number(seed: int, payer: Payer, *, receiver: str, claim_id: str) -> str:
    """The payer's own number of a claim (CLP07)."""
    return payer.code[0] + letters(seed, "control", payer.code, receiver, claim_id, length=11)


def claim_payment(
    claim: Claim, decision: Decision, payer: Payer, *, control: str, received: date
) -> ClaimPayment:
    """One CLP with its lines."""
    patient = claim.patient or claim.subscriber
    names = [_person("QC", patient.name, claim.subscriber.name.id)]
    if claim.patient is not None:
        names.append(_person("IL", claim.subscriber.name, claim.subscriber.name.id))
    rendering = claim.provider("82")
    if rendering is not None:
        names.append(_person("82", rendering.name, rendering.name.id)._replace(id_qualifier="XX"))
    total = Money.total(line.charge for line in decision.lines)
    return ClaimPayment(
        claim.claim_id,
        decision.status,
        total.to_decimal(),
        Money.total(line.paid for line in decision.lines).to_decimal(),
        Money.total(line.patient for line in decision.lines).to_decimal(),
        payer.remittance_filing,
        control,
        claim.facility,
        claim.frequency,
        names=tuple(names),
        outpatient=("", "", *decision.remarks) if decision.remarks else (),
        dates=(Period("050", received),),
        services=tuple(_service(line, decision, place) for place, line in enumerate(claim.lines)),
    )


def _person(entity: str, name: Name, member: str) -> Name:
    return Name(entity, name.kind, name.last, name.first, name.middle, id_qualifier="MI", id=member)


def _service(line: ServiceLine, decision: Decision, place: int) -> ServicePayment:
    decided = decision.lines[place]
    procedure = line.procedure
    if procedure is None:  # the codec has refused such a set long before
        raise ValueError("a professional line has a procedure")
    allowed = (Amount("B6", decided.allowed.to_decimal()),) if decided.allowed else ()
    service = line.service_date
    return ServicePayment(
        procedure._replace(description=""),
        decided.charge.to_decimal(),
        decided.paid.to_decimal(),
        units=line.units,
        dates=(Period("472", service.first),) if service else (),
        adjustments=tuple(_written(each) for each in decided.adjustments),
        references=(Reference("6R", line.line_control or str(place + 1)),),
        amounts=allowed,
        remarks=tuple(("HE", remark) for remark in decided.remarks),
    )


def _written(adjustment: Adjustment) -> WrittenAdjustment:
    return WrittenAdjustment(adjustment.group, adjustment.carc, adjustment.amount.to_decimal())


def trace_of(seed: int, run: Run) -> str:
    """TRN02 of a run: from the claims it pays, so that no two runs share one."""
    claims = [(one.claim_id, one.status, one.payer_control_number) for one in run.claims]
    return run.payer.code[0] + letters(seed, "trace", run.receiver, *claims, length=11)


class Carried(NamedTuple):
    """A remittance and what is owed after it: cents left by trace."""

    remittance: Remittance
    left: dict[str, int]


def remittance(seed: int, run: Run, paid_on: date) -> Carried:
    """The 835 of a run; nothing to pay makes it a notification (BPR H, NON).

    A net debt is carried forward (PLB FB, negative now, positive when a later run takes it).
    """
    trace = trace_of(seed, run)
    earned = _total(claim.paid for claim in run.claims) + run.interest
    forwarded = {trace: -earned.cents} if earned.cents < 0 else _taken(earned, run.owed)
    left = {trace: -earned.cents} if earned.cents < 0 else {
        each: run.owed[each] - cents for each, cents in forwarded.items()
    }  # fmt: skip
    sign = -1 if earned.cents < 0 else 1
    plb = [_plb(run, paid_on, reason="L6", amount=-run.interest)] if run.interest else []
    plb += [
        _plb(run, paid_on, reason="FB", amount=Money(sign * cents), reference=each)
        for each, cents in forwarded.items()
    ]
    draft = Remittance(_notice(run, trace, paid_on), run.claims, tuple(plb))
    amount = payment_expected(draft)
    if not amount:
        return Carried(draft, left)
    origin = draft.payment.payer_id
    accounts = ("CCP", "01", "091000019", "DA", "1000001", origin, "", "01", "075000022", "DA", "2")
    paid = draft.payment._replace(handling="I", amount=amount, method="ACH", accounts=accounts)
    return Carried(draft._replace(payment=paid), left)


def _total(amounts: Iterable[Decimal]) -> Money:
    return Money.total(Money.from_decimal(amount) for amount in amounts)


def _taken(earned: Money, owed: Mapping[str, int]) -> dict[str, int]:
    """What a run takes of earlier debts, oldest trace first, up to what it earns."""
    taken, rest = {}, earned.cents
    for trace, cents in owed.items():
        part = min(cents, rest)
        rest -= part
        if part:
            taken[trace] = part
    return taken


def _notice(run: Run, trace: str, paid_on: date) -> Payment:
    """The head of an 835 that moves no money yet."""
    payer, payee = run.payer, run.payee
    return Payment(
        handling="H", amount=Decimal(0), credit="C", method="NON", date=paid_on, trace=trace,
        payer_id=f"1{payer.tax_id}",
        payer=Party(
            Name("PR", "2", payer.name, id_qualifier="XV", id=payer.code),
            Address("1 INVENTED PLAZA", "MADISON", "WI", "537030001"),
            (Reference("2U", payer.code),),
            (Contact("BL", "PROVIDER DESK", (("TE", "6085550100"),)),),
        ),
        payee=Party(
            Name("PE", "2", payee.name, id_qualifier="XX", id=payee.npi),
            references=(Reference("TJ", payee.tax_id),) if payee.tax_id else (),
        ),
        production_date=paid_on,
    )  # fmt: skip


def _plb(
    run: Run, paid_on: date, *, reason: str, amount: Money, reference: str = ""
) -> ProviderAdjustment:
    year_end = date(paid_on.year, 12, 31)
    return ProviderAdjustment(run.payee.npi, year_end, reason, amount.to_decimal(), reference)


def write(paid: Remittance, outgoing: Outgoing, delivery: Delivery) -> bytes:
    """The file; as damaged as the delivery says."""
    if delivery is Delivery.UNBALANCED:
        payment = paid.payment
        paid = paid._replace(payment=payment._replace(amount=payment.amount - _SHORT_BY))
    data = outgoing.wrapped([write_remittance(paid)])
    return garbled(data) if delivery is Delivery.GARBLED else data


def garbled(data: bytes) -> bytes:
    """Cut in the middle, every seventh byte of the rest turned into something else."""
    cut = bytearray(data[: len(data) // 2])
    cut[::7] = b"?" * len(cut[::7])
    return bytes(cut)
