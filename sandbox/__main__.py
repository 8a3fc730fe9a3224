"""The sandbox's command: `python -m sandbox` serves, `python -m sandbox migrate` makes its tables.

What others may start or use is named here, the demo's data (`clinic`) too.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence

from sandbox import clinic
from sandbox.app import create_app, opened
from sandbox.settings import SandboxSettings
from shared import telemetry
from shared.database import migrate
from shared.web.serving import open_port

__all__ = ["SandboxSettings", "clinic", "create_app", "opened", "run", "serve"]


def run(arguments: Sequence[str] | None = None) -> int:
    """Be the process the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox")
    parser.add_argument("role", nargs="?", choices=["serve", "migrate"], default="serve")
    role: str = parser.parse_args(arguments).role
    telemetry.configure_logs(service="sandbox", role=role)
    settings = SandboxSettings()
    if role == "migrate":
        asyncio.run(migrate(settings.database, "sandbox"))
        return 0
    asyncio.run(_serve_until_told(settings))
    return 0


async def _serve_until_told(settings: SandboxSettings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await serve(settings, stopping)


async def serve(settings: SandboxSettings, stopping: asyncio.Event) -> None:
    """Listen until told to stop; OSError when the port is taken."""
    async with opened(settings) as app:
        port = await open_port(app, host=settings.http_host, port=settings.listening_port)
        telemetry.log.info("the sandbox listens", port=port.number)
        try:
            await stopping.wait()
        finally:
            await port.close()


if __name__ == "__main__":
    raise SystemExit(run())
