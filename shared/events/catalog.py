"""The event catalogue as one literal: who publishes what, on which topic, under which key."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from shared import ids
from shared.events import claims, coding, eligibility, notifications, payments, tenancy
from shared.events.marks import Fact


class EventType(NamedTuple):
    """One row: context = publishing service, key = the field that is the record key.

    A version beside the first is a fact of its own, `<Type>V<version>` (docs/events, Changing a
    fact), with a row and handlers of its own.
    """

    fact: type[Fact]
    context: str
    key: str
    version: int = 1

    @property
    def name(self) -> str:
        """The event type as it stands in `ce_type`."""
        return self.fact.__name__.removesuffix(f"V{self.version}")

    @property
    def topic(self) -> str:
        """One topic per publishing context keeps one aggregate's facts in order."""
        return f"rcm.{self.context}.v1"


CONTEXTS = ("coding", "eligibility", "claims", "payments", "notifications", "tenancy")

CATALOG: tuple[EventType, ...] = (
    EventType(coding.EncounterReceived, "coding", "encounter_id"),
    EventType(coding.CodingTaskOpened, "coding", "encounter_id"),
    EventType(coding.CodingTaskCompleted, "coding", "encounter_id"),
    EventType(coding.EncounterCoded, "coding", "encounter_id"),
    EventType(eligibility.EligibilityRequested, "eligibility", "patient_id"),
    EventType(eligibility.EligibilityVerified, "eligibility", "patient_id"),
    EventType(eligibility.CoverageInactive, "eligibility", "patient_id"),
    EventType(eligibility.EligibilityFailed, "eligibility", "patient_id"),
    EventType(claims.ClaimCreated, "claims", "claim_id"),
    EventType(claims.ClaimBlocked, "claims", "claim_id"),
    EventType(claims.ClaimHeld, "claims", "claim_id"),
    EventType(claims.ClaimReleased, "claims", "claim_id"),
    EventType(claims.ClaimSubmitted, "claims", "claim_id"),
    EventType(claims.ClaimTransmissionFailed, "claims", "claim_id"),
    EventType(claims.ClaimAcknowledged, "claims", "claim_id"),
    EventType(claims.ClaimAccepted, "claims", "claim_id"),
    EventType(claims.ClaimRejected, "claims", "claim_id"),
    EventType(claims.ClaimAdjudicated, "claims", "claim_id"),
    EventType(claims.ClaimDenied, "claims", "claim_id"),
    EventType(claims.DenialWorkOpened, "claims", "claim_id"),
    EventType(claims.ClaimClosed, "claims", "claim_id"),
    EventType(payments.RemittanceReceived, "payments", "remit_id"),
    EventType(payments.RemittanceQuarantined, "payments", "remit_id"),
    EventType(payments.RemittanceClaimMatched, "payments", "claim_id"),
    EventType(payments.RemittanceClaimUnmatched, "payments", "remit_id"),
    EventType(payments.PaymentPosted, "payments", "claim_id"),
    EventType(payments.PaymentReversed, "payments", "claim_id"),
    EventType(payments.ProviderAdjustmentPosted, "payments", "remit_id"),
    EventType(payments.FundsReceived, "payments", "deposit_id"),
    EventType(payments.FundsReconciled, "payments", "deposit_id"),
    EventType(payments.BalanceMoved, "payments", "claim_id"),
    EventType(payments.StatementIssued, "payments", "account_id"),
    EventType(payments.PatientPaymentReceived, "payments", "account_id"),
    EventType(notifications.NotificationSent, "notifications", "notification_id"),
    EventType(notifications.NotificationFailed, "notifications", "notification_id"),
    EventType(notifications.NotificationSuppressed, "notifications", "notification_id"),
    EventType(tenancy.TenantChanged, "tenancy", "tenant_id"),
    EventType(tenancy.PracticeChanged, "tenancy", "practice_id"),
    EventType(tenancy.ProviderChanged, "tenancy", "provider_id"),
    EventType(tenancy.PayerChanged, "tenancy", "payer_id"),
    EventType(tenancy.FeeScheduleChanged, "tenancy", "fee_schedule_id"),
    EventType(tenancy.TestClockAdvanced, "tenancy", ""),
)

BY_FACT: dict[type[Fact], EventType] = {row.fact: row for row in CATALOG}
TOPICS: tuple[str, ...] = tuple(f"rcm.{context}.v1" for context in CONTEXTS)


def key_of(fact: Fact) -> UUID:
    """The record key a fact is published under; patient money goes under the account.

    Source: the catalogue's key column (docs/events).
    """
    row = BY_FACT[type(fact)]
    if not row.key:
        return ids.NIL
    value: UUID | None = getattr(fact, row.key)
    return value or _patient_money_key(fact)


def _patient_money_key(fact: Fact) -> UUID:
    if not isinstance(fact, payments.PaymentPosted):
        raise TypeError(f"{type(fact).__name__} has no key")
    return fact.account_id
