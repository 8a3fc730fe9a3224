"""The wiring of notifications: its three doors in one table."""

from __future__ import annotations

from services.notifications import handlers, jobs, routes
from services.notifications.settings import NotificationsSettings
from shared.events.payments import StatementIssued
from shared.service import Service, every, run

service = Service(
    "notifications",
    settings=NotificationsSettings,
    router=routes.router,
    handlers={StatementIssued: handlers.on_statements_issued},
    jobs=[every("deliver_poll_seconds", jobs.deliver)],
)

if __name__ == "__main__":
    raise SystemExit(run(service))
