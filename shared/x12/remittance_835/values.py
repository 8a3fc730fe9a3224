"""What an 835 says, typed; amounts are exact decimals, negative in a reversal."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from shared.x12.parties import (
    ZERO,
    Adjustment,
    Amount,
    Contact,
    Name,
    Party,
    Period,
    Procedure,
    Reference,
)
from shared.x12.views import View


class ServicePayment(NamedTuple):
    """SVC, loop 2110: what was paid for one line. `submitted` is SVC06, when it differs."""

    procedure: Procedure
    charge: Decimal
    paid: Decimal
    revenue_code: str = ""
    units: Decimal | None = None
    submitted: Procedure | None = None
    submitted_units: Decimal | None = None
    dates: tuple[Period, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    references: tuple[Reference, ...] = ()
    amounts: tuple[Amount, ...] = ()
    quantities: tuple[Amount, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()

    @property
    def line_control(self) -> str:
        """REF*6R: our own line number, as sent in the 837."""
        return next((r.value for r in self.references if r.qualifier == "6R"), "")


@dataclass(frozen=True, slots=True)
class ClaimPayment(View):
    """CLP, loop 2100. `inpatient` and `outpatient` are MIA and MOA as they stand.

    `header` is the number of LX before it in its ST: 1 is the first of `Remittance.headers`.
    """

    claim_id: str
    status: str
    charge: Decimal
    paid: Decimal
    patient_responsibility: Decimal | None = None
    filing: str = ""
    payer_control_number: str = ""
    facility: str = ""
    frequency: str = ""
    drg: str = ""
    drg_weight: Decimal | None = None
    discharge_fraction: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    names: tuple[Name, ...] = ()
    inpatient: tuple[str, ...] = ()
    outpatient: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[Period, ...] = ()
    contacts: tuple[Contact, ...] = ()
    amounts: tuple[Amount, ...] = ()
    quantities: tuple[Amount, ...] = ()
    services: tuple[ServicePayment, ...] = ()
    header: int = 1

    @property
    def is_reversal(self) -> bool:
        """CLP02 = 22."""
        return self.status == "22"

    def name(self, entity: str) -> Name | None:
        """QC patient, IL subscriber, 74 corrected, 82 rendering, TT crossover, PR, GB."""
        return next((n for n in self.names if n.entity == entity), None)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remark codes of MIA and MOA."""
        at = [self.inpatient[i : i + 1] for i in (4, 19, 20, 21, 22)]
        at += [self.outpatient[i : i + 1] for i in (2, 3, 4, 5, 6)]
        return tuple(found[0] for found in at if found and found[0])


class ProviderAdjustment(NamedTuple):
    """One reason of a PLB; positive lowers the payment."""

    provider: str
    fiscal_period_end: dt.date | None
    reason: str
    amount: Decimal
    reference: str = ""


class Payment(NamedTuple):
    """BPR, TRN, DTM*405 and the two parties: the money, and how to find it at the bank.

    `accounts` is BPR05-BPR15 as it stands; `credit` is BPR03.
    """

    handling: str
    amount: Decimal
    credit: str
    method: str
    date: dt.date | None
    trace: str
    payer_id: str
    payer: Party
    payee: Party
    payer_supplement: str = ""
    accounts: tuple[str, ...] = ()
    currency: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    production_date: dt.date | None = None
    delivery: tuple[str, ...] = ()


class HeaderNumber(NamedTuple):
    """LX with its TS3 and TS2 totals as they stand; payers give a number more than once."""

    number: str
    totals: tuple[str, ...] = ()
    inpatient_totals: tuple[str, ...] = ()


class Remittance(NamedTuple):
    """One ST of an 835: one payment."""

    payment: Payment
    claims: tuple[ClaimPayment, ...] = ()
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()
    headers: tuple[HeaderNumber, ...] = ()


def remittance_of(values: Iterable[object]) -> Remittance | None:
    """The values read from one ST put together; None when its BPR could not be read."""
    parts: dict[type, list[Any]] = {
        kind: [] for kind in (Payment, ClaimPayment, ProviderAdjustment, HeaderNumber)
    }
    for value in values:
        kind = ClaimPayment if isinstance(value, ClaimPayment) else type(value)
        parts[kind].append(value)
    if not parts[Payment]:
        return None
    return Remittance(
        parts[Payment][0], tuple(parts[ClaimPayment]), tuple(parts[ProviderAdjustment]),
        tuple(parts[HeaderNumber]),
    )  # fmt: skip


def reversal_of(claim: ClaimPayment) -> ClaimPayment:
    """The reversal of a claim payment: CLP02 22 and every amount negated, CAS too (RFI 1429).

    The reversal of a reversal is the claim again, with status 1.
    """
    return claim._replace(
        status="1" if claim.is_reversal else "22",
        charge=-claim.charge,
        paid=-claim.paid,
        patient_responsibility=_negated(claim.patient_responsibility),
        adjustments=_negated_all(claim.adjustments),
        amounts=tuple(a._replace(value=-a.value) for a in claim.amounts),
        services=tuple(
            s._replace(
                charge=-s.charge,
                paid=-s.paid,
                adjustments=_negated_all(s.adjustments),
                amounts=tuple(a._replace(value=-a.value) for a in s.amounts),
            )
            for s in claim.services
        ),
    )


def _negated(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount


def _negated_all(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    return tuple(a._replace(amount=-a.amount) for a in adjustments)


def adjusted(adjustments: tuple[Adjustment, ...]) -> Decimal:
    """Sum of adjustments."""
    return sum((a.amount for a in adjustments), ZERO)
