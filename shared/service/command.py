"""The command of a service: `python -m services.claims api|events|jobs|relay|migrate|all`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence

import uvloop
from pydantic import ValidationError

from shared import telemetry
from shared.database import migrate
from shared.errors import TryAgain
from shared.service.declaration import Service
from shared.service.process import Process
from shared.service.roles import ROLES
from shared.settings import BadSetting, ServiceSettings, problems_of
from shared.telemetry.otlp import OtlpExporter

UNAVAILABLE, BAD_CONFIGURATION = 69, 78


def run(service: Service, arguments: Sequence[str] | None = None) -> int:
    """Be the process the command line asks for; the exit code (docs/operations, exit codes)."""
    parser = argparse.ArgumentParser(prog=f"python -m {_module(service)}")
    parser.add_argument("role", choices=[*ROLES, "migrate", "all"])
    role: str = parser.parse_args(arguments).role
    telemetry.configure_logs(service=service.name, role=role)
    try:
        settings = service.settings()
        problems = settings.missing(_roles(role))
    except (ValidationError, BadSetting) as error:
        problems = problems_of(error, service.name)
    if problems:
        sys.stderr.writelines(f"{problem}\n" for problem in problems)
        return BAD_CONFIGURATION
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    telemetry.configure_logs(service=service.name, role=role, level=level)
    work = _migrate(service, settings) if role == "migrate" else _serve(service, settings, role)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _module(service: Service) -> str:
    """What `python -m` was given: the package of the wiring table."""
    return service.settings.__module__.rpartition(".")[0]


def _roles(role: str) -> Sequence[str]:
    return ROLES if role == "all" else (role,)


async def _migrate(service: Service, settings: ServiceSettings) -> int:
    try:
        revision = await migrate(settings.database_url_owner, service.name)
    except TryAgain:
        telemetry.log.exception("the database is not there")
        return UNAVAILABLE
    telemetry.log.info("migrated", version=revision)
    return 0


async def _serve(service: Service, settings: ServiceSettings, role: str) -> int:
    exporter = OtlpExporter(settings.otlp_endpoint) if settings.otlp_endpoint else None
    telemetry.configure_traces(service.name, exporter=exporter)
    process = Process([service], _roles(role), settings=[settings])
    process.stop_on_signals()
    return await process.run()
