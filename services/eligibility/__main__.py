"""The wiring of eligibility: its three doors in one table."""

from __future__ import annotations

from services.eligibility import handlers, jobs, routes
from services.eligibility.settings import EligibilitySettings
from shared.events.coding import EncounterReceived
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged
from shared.service import Service, every, run

service = Service(
    "eligibility",
    settings=EligibilitySettings,
    router=routes.router,
    handlers={
        EncounterReceived: handlers.on_encounters_received,
        TenantChanged: handlers.on_tenants_changed,
        PracticeChanged: handlers.on_practices_changed,
        PayerChanged: handlers.on_payers_changed,
    },
    jobs=[every("inquire_poll_seconds", jobs.inquire)],
)

if __name__ == "__main__":
    raise SystemExit(run(service))
