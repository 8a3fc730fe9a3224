"""Claims: from a coded encounter to a clean claim that is accepted, answered and worked.

Listens to EncounterCoded; EligibilityVerified, CoverageInactive, EligibilityFailed;
RemittanceClaimMatched, PaymentPosted; TenantChanged, PracticeChanged, ProviderChanged,
PayerChanged.
Publishes ClaimCreated, ClaimBlocked, ClaimHeld, ClaimReleased, ClaimSubmitted,
ClaimTransmissionFailed, ClaimAcknowledged, ClaimAccepted, ClaimRejected, ClaimAdjudicated,
ClaimDenied, DenialWorkOpened, ClaimClosed.
Owns the claim and its status, the 837 files and what TA1, 999 and 277CA said of them, and the work
that denials make. It decides when a claim goes and what an answer means; money is payments'.
"""
