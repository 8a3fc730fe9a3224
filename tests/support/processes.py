"""Separate processes of an installation: started, killed, and started again by a supervisor."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx

from cli.local_process import LocalProcess, log_tail
from shared.settings import ADMIN_PORTS, PORTS
from tests.support.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("gateway", "coding", "eligibility", "claims", "payments", "notifications")
READY_SECONDS = 60.0


class Part(NamedTuple):
    """One process: a service in one role, or in `all` of them."""

    service: str
    role: str = "all"

    @property
    def command(self) -> list[str]:
        """What is started."""
        module = self.service if self.service == "gateway" else f"services.{self.service}"
        return [sys.executable, "-m", module, self.role]


ONE_EACH = tuple(Part(service) for service in SERVICES)
CLAIMS_SPLIT = (
    *(Part(service) for service in SERVICES if service != "claims"),
    *(Part("claims", role) for role in ADMIN_PORTS),
)


class Supervisor:
    """Keeps the processes of an installation; none of them outlives this process.

    environment: Installed.environment. logs: folder for what the processes say.
    """

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        self._environment = {
            **os.environ,
            **environment,
            "PYTHONPATH": str(ROOT),
            "RCM_LOG_LEVEL": "warning",
        }
        self._logs = logs
        self._base = int(environment["RCM_PORT_BASE"])
        self._processes: dict[Part, LocalProcess] = {}
        self._armed: set[Part] = set()

    def start(self, part: Part, *, fail_point: str = "") -> None:
        """Start a part that does not run; fail_point `point:n` makes it kill itself there."""
        process = self._processes.setdefault(part, LocalProcess(signal.SIGTERM))
        environment = {**self._environment, "RCM_FAIL_POINT": fail_point}
        (self._armed.add if fail_point else self._armed.discard)(part)
        process.spawn(part.command, log=self.log(part), environment=environment)

    async def start_all(self, parts: Iterable[Part]) -> None:
        """Start what does not run, and wait until all of it takes work."""
        wanted = list(parts)
        for part in wanted:
            if not self.runs(part):
                self.start(part)
        for part in wanted:
            await self.ready(part)

    def runs(self, part: Part) -> bool:
        """Whether the process lives."""
        process = self._processes.get(part)
        return process is not None and process.pid is not None

    async def ready(self, part: Part) -> None:
        """Wait until a part takes work; what it said last is in the failure."""
        await eventually(
            lambda: self._is_ready(part),
            timeout_seconds=READY_SECONDS,
            describe=lambda: f"{part} ready\n{log_tail(self.log(part))}",
            interval_seconds=0.1,
        )

    async def killed(self, part: Part, *, within_seconds: float) -> None:
        """Wait until a part is dead by SIGKILL (its fail point); anything else is a failure."""
        await eventually(
            lambda: not self.runs(part),
            timeout_seconds=within_seconds,
            describe=lambda: f"{part} dies\n{log_tail(self.log(part))}",
        )
        code = self._processes[part].exit_code
        assert code == -signal.SIGKILL, f"{part} ended with {code}\n{log_tail(self.log(part))}"

    async def kill(self, part: Part) -> None:
        """SIGKILL, if it runs."""
        await asyncio.to_thread(self._processes[part].stop, signal.SIGKILL)

    async def disarm(self) -> None:
        """Kill what was started with a fail point and did not come to it."""
        for part in self._armed:
            await self.kill(part)

    async def stop(self, part: Part) -> int | None:
        """SIGTERM and wait; the exit code."""
        process = self._processes[part]
        await asyncio.to_thread(process.stop)
        return process.exit_code

    async def close(self) -> None:
        """Stop all parts at once, and for good."""
        processes = self._processes.values()
        await asyncio.gather(*(asyncio.to_thread(process.release) for process in processes))

    def log(self, part: Part) -> Path:
        """What a part said, over all its lives."""
        return self._logs / f"{part.service}-{part.role}.log"

    async def _is_ready(self, part: Part) -> bool:
        assert self.runs(part), "it ended"
        offset = PORTS[part.service] + ADMIN_PORTS.get(part.role, ADMIN_PORTS["api"])
        with suppress(httpx.TransportError):
            async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
                answer = await client.get(f"http://127.0.0.1:{self._base + offset}/readyz")
            return answer.text == "ok"
        return False
