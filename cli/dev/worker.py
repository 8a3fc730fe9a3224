"""The process that `rcm dev` starts again and again: everything, and a tenant ready to be used."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

import uvloop

from cli.answers import FAILED, OK, complain, errors, told
from cli.api import Api, ApiError
from cli.claim_commands import CALLER_FILE
from cli.demo.command import SETTINGS
from cli.demo.opening import open_company
from cli.everything import Installed, Plan, everything
from shared import telemetry

WARNING = 30


class Told(NamedTuple):
    """What the process is told: where the engines answer, where it keeps its things, its ports."""

    admin_url: str
    kafka: str
    folder: str
    port_base: int

    def plan(self) -> Plan:
        """As an installation."""
        return Plan(
            self.admin_url,
            Path(self.folder),
            kafka=self.kafka,
            port_base=self.port_base,
            profile="dev",
            overrides=SETTINGS,
        )


async def work(plan: Plan, *, started_at: float) -> int:
    """Run everything until standard input ends or SIGTERM; the exit code."""
    serving = asyncio.create_task(_serve(plan, started_at=started_at))
    ended = asyncio.create_task(_input_ends())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.cancel)
    await asyncio.wait([serving, ended], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        ended.cancel()
        return serving.result()
    serving.cancel()
    await asyncio.wait([serving])
    return OK


async def _serve(plan: Plan, *, started_at: float) -> int:
    try:
        async with everything(plan) as system:
            secret = await _ready_tenant(system.installed, plan.folder)
            _report(system.installed, secret, seconds=time.monotonic() - started_at)
            await asyncio.wait([system.running])
    except Exception as error:
        found = told(error)
        if found is None:
            raise
        complain(found[0])
    return FAILED


async def _input_ends() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def _ready_tenant(installed: Installed, folder: Path) -> str:
    """The API key of the tenant that was opened here before, else of a new one."""
    path = folder / CALLER_FILE
    secret = json.loads(path.read_text())["key"] if path.exists() else ""
    if not secret or not await _is_good(installed.gateway_url, secret):
        company = await open_company(installed, folder)
        secret = company.api.secret
        await company.api.aclose()
    path.touch(mode=0o600)
    path.write_text(json.dumps({"url": installed.gateway_url, "key": secret}))
    return secret


async def _is_good(url: str, secret: str) -> bool:
    api = Api(url, secret)
    try:
        await api.get("/v1/tenant")
    except ApiError:
        return False
    finally:
        await api.aclose()
    return True


def _report(installed: Installed, secret: str, *, seconds: float) -> None:
    bus = "kafka" if installed.settings["gateway"].kafka_bootstrap_servers else "embedded"
    errors.print("ready", style="green", end=" ")
    errors.print(
        f"after {seconds:.1f} s; event log: {bus}\n"
        f"  the API    {installed.gateway_url}\n"
        f"  API key    {secret}\n"
        f"  sandbox    {installed.sandbox_url}\n"
        f"  mail       {installed.sink.folder}",
        soft_wrap=True,
        highlight=False,
    )


def main() -> int:
    """Read the plan and work."""
    started_at = time.monotonic()
    told = Told(*json.loads(sys.stdin.readline()))
    telemetry.configure_logs(service="dev", role="all", level=WARNING)
    return uvloop.run(work(told.plan(), started_at=started_at))


if __name__ == "__main__":
    sys.exit(main())
