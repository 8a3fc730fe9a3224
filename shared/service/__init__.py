"""How a service becomes a process: its wiring table, and the roles it runs in."""

from shared.service.command import run
from shared.service.declaration import (
    Job,
    Recurring,
    Service,
    WithSettings,
    Workplace,
    every,
)
from shared.service.process import Process
from shared.service.roles import ROLES

__all__ = [
    "ROLES",
    "Job",
    "Process",
    "Recurring",
    "Service",
    "WithSettings",
    "Workplace",
    "every",
    "run",
]
