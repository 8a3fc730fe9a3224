"""The admin port: /startupz, /livez, /readyz and /metrics, for the platform and nobody else.

One word as an answer; the single checks only for the operator's token. /livez never asks a
database or broker, so that an outage does not become a storm of restarts (docs/operations).
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from shared import telemetry
from shared.telemetry.metrics import RCM

MAX_BEAT_AGE_SECONDS = 5.0
MAX_READY_SECONDS = 1.0
_BEAT_SECONDS = 0.5

Check = Callable[[], bool]
AskedCheck = Callable[[], Awaitable[bool]]


@dataclass(slots=True)
class Health:
    """What one process knows of itself; roles add their checks by name.

    live: cheap looks at the process itself. ready: questions that may take up to a second.
    """

    started: bool = False
    draining: bool = False
    live: dict[str, Check] = field(default_factory=dict)
    ready: dict[str, AskedCheck] = field(default_factory=dict)
    beat_at: float = field(default_factory=time.monotonic)

    async def beat(self, stopping: asyncio.Event) -> None:
        """Keep the event loop's heartbeat until stopping, and measure how late it is."""
        while not stopping.is_set():
            expected = time.monotonic() + _BEAT_SECONDS
            await asyncio.sleep(_BEAT_SECONDS)
            self.beat_at = time.monotonic()
            telemetry.gauge("rcm_loop_delay_seconds", max(0.0, self.beat_at - expected))

    def startup_checks(self) -> dict[str, bool]:
        """Whether the configuration is valid, the schema known and every role up."""
        return {"started": self.started}

    def live_checks(self) -> dict[str, bool]:
        """Whether the loop turns and the consumers' poll loops move."""
        fresh = time.monotonic() - self.beat_at < MAX_BEAT_AGE_SECONDS
        return {"loop": fresh, **{name: check() for name, check in self.live.items()}}

    async def ready_checks(self) -> dict[str, bool]:
        """Whether work can be taken: up, not draining, databases answer within a second."""
        checks = dict(self.ready)  # a role that starts meanwhile adds its own
        answers = await asyncio.gather(*(_in_time(check) for check in checks.values()))
        own = {"started": self.started, "not_draining": not self.draining}
        return {**own, **dict(zip(checks, answers, strict=True))}


async def _in_time(check: AskedCheck) -> bool:
    try:
        return await asyncio.wait_for(check(), MAX_READY_SECONDS)
    except Exception:  # noqa: BLE001 - whatever a check raises, it did not succeed
        return False


def admin_app(health: Health, *, operator_token: str = "") -> Starlette:
    """The admin application of a process."""

    def answer(request: Request, checks: dict[str, bool]) -> Response:
        good = all(checks.values())
        status = 200 if good else 503
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if operator_token and hmac.compare_digest(given.encode(), operator_token.encode()):
            return JSONResponse(checks, status)
        return PlainTextResponse("ok" if good else "no", status)

    async def startup(request: Request) -> Response:
        return answer(request, health.startup_checks())

    async def live(request: Request) -> Response:
        return answer(request, health.live_checks())

    async def ready(request: Request) -> Response:
        return answer(request, await health.ready_checks())

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(RCM), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/startupz", startup),
            Route("/livez", live),
            Route("/readyz", ready),
            Route("/metrics", metrics),
        ]
    )
