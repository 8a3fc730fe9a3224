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
from shared.settings import ServiceSettings
from shared.telemetry.otlp import OtlpExporter

UNAVAILABLE, BAD_CONFIGURATION = 69, 78


def run(service: Service, arguments: Sequence[str] | None = None) -> int:
    """Be the process the command line asks for; the exit code (docs/operations, exit codes)."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service.name}")
    parser.add_argument("role", choices=[*ROLES, "migrate", "all"])
    role: str = parser.parse_args(arguments).role
    telemetry.configure_logs(service=service.name, role=role)
    try:
        settings = service.settings()
    except ValidationError as error:
        _explain(error)
        return BAD_CONFIGURATION
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    telemetry.configure_logs(service=service.name, role=role, level=level)
    work = _migrate(service, settings) if role == "migrate" else _serve(service, settings, role)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _explain(error: ValidationError) -> None:
    """Which setting is wrong and why, without its value: it may be a secret."""
    for problem in error.errors(include_input=False, include_url=False):
        place = ".".join(map(str, problem["loc"])) or "settings"
        sys.stderr.write(f"{place}: {problem['msg']}\n")


async def _migrate(service: Service, settings: ServiceSettings) -> int:
    try:
        revision = await migrate(settings.database_url_owner, service.name)
    except TryAgain:
        telemetry.log.exception("the database is not there")
        return UNAVAILABLE
    telemetry.log.info("migrated", version=revision)
    return 0


async def _serve(service: Service, settings: ServiceSettings, role: str) -> int:
    roles = ROLES if role == "all" else (role,)
    exporter = OtlpExporter(settings.otlp_endpoint) if settings.otlp_endpoint else None
    telemetry.configure_traces(service.name, exporter=exporter)
    process = Process([service], roles, settings=[settings])
    process.stop_on_signals()
    return await process.run()
