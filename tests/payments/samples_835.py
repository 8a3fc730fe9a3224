"""835 files as a payer would send them, written by the codec."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from shared.x12 import Controls, Route, write_interchange
from shared.x12.parties import Address, Adjustment, Contact, Name, Party, Procedure, Reference
from shared.x12.remittance_835 import (
    ClaimPayment,
    Payment,
    Remittance,
    ServicePayment,
    write_remittance,
)
from tests.payments.builders import NPI

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
PAYEE = Party(
    Name("PE", "2", "ELM STREET CLINIC", id_qualifier="XX", id=NPI),
    Address("2 ELM STREET", "SPRINGFIELD", "IL", "627010002"),
)
LINE = ServicePayment(
    Procedure("HC", "99213"),
    Decimal("150.00"),
    Decimal("77.50"),
    adjustments=(Adjustment("CO", "45", Decimal("47.50")), Adjustment("PR", "3", Decimal("25.00"))),
    references=(Reference("6R", "1"),),
    remarks=(("HE", "N130"),),
)
CLAIM = ClaimPayment(
    "CSJ01",
    "1",
    Decimal("150.00"),
    Decimal("77.50"),
    Decimal("25.00"),
    "CI",
    "PAYER1",
    names=(Name("QC", "1", "SAMPLE", "ADA"),),
    services=(LINE,),
)


def payment(amount: str = "77.50", *, trace: str = "TRACE1") -> Payment:
    return Payment(
        handling="I",
        amount=Decimal(amount),
        credit="C",
        method="ACH",
        date=date(2026, 11, 23),
        trace=trace,
        payer_id="1512345678",
        payer=Party(
            Name("PR", "2", "ASTER PPO", id_qualifier="XV", id="ASTER"),
            Address("3 PAYER WAY", "SPRINGFIELD", "IL", "627010003"),
            contacts=(Contact("BL", "", (("TE", "2175550100"),)),),
        ),
        payee=PAYEE,
    )


def file(*remittances: Remittance, control: int = 1) -> bytes:
    return write_interchange(
        [write_remittance(each) for each in remittances],
        Route(sender="CLAIMSTREAMCH", receiver="BILLINGCO", usage="T"),
        Controls(interchange=control, group=control, first_set=1),
        at=AT,
    )


J01 = Remittance(payment(), (CLAIM,))
