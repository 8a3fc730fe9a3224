"""The wiring of coding: its doors in one table."""

from __future__ import annotations

from services.coding import handlers, jobs, routes
from services.coding.settings import CodingSettings
from shared.events.tenancy import (
    FeeScheduleChanged,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
)
from shared.service import Service, run

service = Service(
    "coding",
    settings=CodingSettings,
    router=routes.router,
    handlers={
        PracticeChanged: handlers.on_practices_changed,
        ProviderChanged: handlers.on_providers_changed,
        PayerChanged: handlers.on_payers_changed,
        FeeScheduleChanged: handlers.on_fee_schedules_changed,
    },
    jobs=jobs.JOBS,
)

if __name__ == "__main__":
    raise SystemExit(run(service))
