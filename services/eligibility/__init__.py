"""Eligibility: is this patient covered, for what, until when.

Listens to: EncounterReceived, TenantChanged, PracticeChanged, PayerChanged.
Publishes: EligibilityRequested, EligibilityVerified, CoverageInactive, EligibilityFailed.
Owns: eligibility checks and what payers answered.
"""
