"""The 837 claim - professional, institutional, dental - typed both ways, with its rules."""

from shared.x12.claim_837.reading import ClaimReader
from shared.x12.claim_837.rules_levels import npi_is_valid
from shared.x12.claim_837.values import (
    BatchHead,
    Claim,
    ClaimBatch,
    Diagnosis,
    Drug,
    LineAdjudication,
    OtherPayer,
    ServiceLine,
    batch_of,
)
from shared.x12.claim_837.writing import write_claims

__all__ = [
    "BatchHead",
    "Claim",
    "ClaimBatch",
    "ClaimReader",
    "Diagnosis",
    "Drug",
    "LineAdjudication",
    "OtherPayer",
    "ServiceLine",
    "batch_of",
    "npi_is_valid",
    "write_claims",
]
