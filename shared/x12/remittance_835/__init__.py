"""The 835 remittance, typed both ways, with its balances."""

from shared.x12.guides.remittance_835 import REMITTANCE_835
from shared.x12.remittance_835.reading import RemittanceReader
from shared.x12.remittance_835.rules import (
    balances,
    claim_expected,
    line_expected,
    payment_expected,
)
from shared.x12.remittance_835.values import (
    ClaimPayment,
    HeaderNumber,
    Payment,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
    remittance_of,
    reversal_of,
)
from shared.x12.remittance_835.writing import write_remittance

__all__ = [
    "REMITTANCE_835",
    "ClaimPayment",
    "HeaderNumber",
    "Payment",
    "ProviderAdjustment",
    "Remittance",
    "RemittanceReader",
    "ServicePayment",
    "balances",
    "claim_expected",
    "line_expected",
    "payment_expected",
    "remittance_of",
    "reversal_of",
    "write_remittance",
]
