"""The three 837 guides, split by level: the head, a claim (2300), other payers (2320), a line."""

from shared.x12.guides.claim.dental import CLAIM_837D
from shared.x12.guides.claim.institutional import CLAIM_837I
from shared.x12.guides.claim.professional import CLAIM_837P

__all__ = ["CLAIM_837D", "CLAIM_837I", "CLAIM_837P"]
