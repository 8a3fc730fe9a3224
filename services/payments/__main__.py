"""The wiring of payments: its three doors in one table."""

from __future__ import annotations

from services.payments import handlers, jobs, routes
from services.payments.actions import waking
from services.payments.settings import PaymentsSettings
from shared.events.claims import ClaimDenied, ClaimSubmitted
from shared.events.coding import EncounterCoded
from shared.events.eligibility import CoverageInactive
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged
from shared.service import Service, every, run

service = Service(
    "payments",
    settings=PaymentsSettings,
    router=routes.router,
    handlers={
        EncounterCoded: handlers.on_encounters_coded,
        CoverageInactive: handlers.on_coverages_inactive,
        ClaimSubmitted: handlers.on_claims_submitted,
        ClaimDenied: handlers.on_claims_denied,
        TenantChanged: handlers.on_tenants_changed,
        PracticeChanged: handlers.on_practices_changed,
        PayerChanged: handlers.on_payers_changed,
    },
    jobs=[
        every("mailbox_poll_seconds", jobs.poll_mailbox, name=waking.POLL_MAILBOX),
        every("mailbox_poll_seconds", jobs.poll_bank, name=waking.POLL_BANK),
        every("post_poll_seconds", jobs.post_remittances, name=waking.POST),
        every("statement_poll_seconds", jobs.plan_statements, name=waking.PLAN_STATEMENT),
        every("statement_poll_seconds", jobs.issue_statements, name=waking.ISSUE_STATEMENT),
        every(60, jobs.show_unposted),
        every(300, jobs.show_ledger),
    ],
)

if __name__ == "__main__":
    raise SystemExit(run(service))
