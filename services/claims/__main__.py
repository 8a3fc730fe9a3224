"""The wiring of claims: its three doors in one table."""

from __future__ import annotations

from services.claims import handlers, jobs, routes
from services.claims.actions.beginning import SUBMIT
from services.claims.actions.drafting import HOLD_WITHOUT_VERDICT
from services.claims.actions.learning import POLL_MAILBOX
from services.claims.actions.submitting import SEND_BATCH
from services.claims.settings import ClaimsSettings
from shared.events.coding import EncounterCoded
from shared.events.eligibility import CoverageInactive, EligibilityFailed, EligibilityVerified
from shared.events.payments import PaymentPosted, RemittanceClaimMatched
from shared.events.tenancy import PayerChanged, PracticeChanged, ProviderChanged, TenantChanged
from shared.service import Service, WithSettings, every, run

service = Service(
    "claims",
    settings=ClaimsSettings,
    router=routes.router,
    handlers={
        EncounterCoded: WithSettings(handlers.on_encounters_coded),
        EligibilityVerified: WithSettings(handlers.on_eligibility_verified),
        CoverageInactive: WithSettings(handlers.on_coverage_inactive),
        EligibilityFailed: WithSettings(handlers.on_eligibility_failed),
        RemittanceClaimMatched: WithSettings(handlers.on_remittance_claims_matched),
        PaymentPosted: handlers.on_payments_posted,
        TenantChanged: handlers.on_tenants_changed,
        PracticeChanged: handlers.on_practices_changed,
        ProviderChanged: handlers.on_providers_changed,
        PayerChanged: handlers.on_payers_changed,
    },
    jobs=[
        every("submit_poll_seconds", jobs.submit_ready_claims, name=SUBMIT, rest="gather_seconds"),
        every("submit_poll_seconds", jobs.send_batches, name=SEND_BATCH),
        every("mailbox_poll_seconds", jobs.poll_mailboxes, name=POLL_MAILBOX),
        every("submit_poll_seconds", jobs.hold_without_verdict, name=HOLD_WITHOUT_VERDICT),
    ],
)

if __name__ == "__main__":
    raise SystemExit(run(service))
