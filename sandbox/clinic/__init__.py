"""The demo's invented clinic: master data and encounters as JSON bodies for the public API.

Pure and deterministic: the same seed and business date give the same bodies.
"""

from sandbox.clinic.bundles import BATCH, bundles
from sandbox.clinic.master_data import (
    BILLING_COMPANY,
    FEE_SCHEDULE,
    PAYERS,
    PRACTICES,
    Practice,
    fee_schedule,
)
from sandbox.clinic.people import coded_by_hand
from sandbox.clinic.scenarios import Expected, Scenario, first_encounter, scenarios

__all__ = [
    "BATCH",
    "BILLING_COMPANY",
    "FEE_SCHEDULE",
    "PAYERS",
    "PRACTICES",
    "Expected",
    "Practice",
    "Scenario",
    "bundles",
    "coded_by_hand",
    "fee_schedule",
    "first_encounter",
    "scenarios",
]
