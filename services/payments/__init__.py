"""Payments: remittances, the ledger, and what patients owe.

Reads what payers say they paid (835) and what the bank received, books every cent in a
double-entry ledger that is never edited, moves a patient's share to the patient, sends statements
that equal the ledger, and takes patients' payments. Wrong money never posts: what does not add up
to the cent is put aside, and what was seen before is recognised.

Listens to: EncounterCoded, CoverageInactive, ClaimSubmitted, ClaimDenied, TenantChanged,
PracticeChanged, PayerChanged.
Publishes: RemittanceReceived, RemittanceQuarantined, RemittanceClaimMatched,
RemittanceClaimUnmatched, PaymentPosted, PaymentReversed, ProviderAdjustmentPosted, BalanceMoved,
FundsReceived, FundsReconciled, StatementIssued, PatientPaymentReceived.
Owns: 835 files, remittances, deposits, the ledger, patient accounts, statements, payments.
"""
