"""The admin port answers one word, and tells more only to whom has the operator's token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from shared import telemetry
from shared.web.health import Health, admin_app

TOKEN = "operator-token"


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
async def admin(health: Health) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=admin_app(health, operator_token=TOKEN))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def ask(admin: httpx.AsyncClient, path: str) -> tuple[int, str]:
    answer = await admin.get(path)
    return answer.status_code, answer.text


async def test_from_start_to_drain(admin: httpx.AsyncClient, health: Health) -> None:
    assert await ask(admin, "/startupz") == (503, "no")
    assert await ask(admin, "/readyz") == (503, "no")
    assert await ask(admin, "/livez") == (200, "ok")
    health.started = True
    assert await ask(admin, "/startupz") == (200, "ok")
    assert await ask(admin, "/readyz") == (200, "ok")
    health.draining = True
    assert await ask(admin, "/readyz") == (503, "no")
    assert await ask(admin, "/livez") == (200, "ok")


async def test_a_slow_or_broken_database_is_not_ready_but_alive(
    admin: httpx.AsyncClient, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.web.health.MAX_READY_SECONDS", 0.01)
    health.started = True

    async def hangs() -> bool:
        await asyncio.Event().wait()
        return True

    async def breaks() -> bool:
        raise ConnectionError

    for check in (hangs, breaks):
        health.ready["database"] = check
        assert await ask(admin, "/readyz") == (503, "no")
    assert await ask(admin, "/livez") == (200, "ok")


async def test_a_stuck_loop_or_consumer_is_not_alive(
    admin: httpx.AsyncClient, health: Health
) -> None:
    health.live["consumer"] = lambda: False
    assert await ask(admin, "/livez") == (503, "no")
    health.live.clear()
    health.beat_at = time.monotonic() - 6
    assert await ask(admin, "/livez") == (503, "no")


async def test_details_need_the_token(admin: httpx.AsyncClient, health: Health) -> None:
    good = await admin.get("/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
    assert good.json() == {"started": False, "not_draining": True}
    for wrong in ("", "Bearer ", "Bearer wrong", TOKEN[:-1]):
        assert (await admin.get("/readyz", headers={"Authorization": wrong})).text == "no"


async def test_without_a_token_nobody_sees_details(health: Health) -> None:
    transport = httpx.ASGITransport(app=admin_app(health))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/readyz", headers={"Authorization": "Bearer "})).text == "no"


async def test_metrics_are_shown(admin: httpx.AsyncClient) -> None:
    telemetry.count("rcm_rebalances_total", group="rcm.shown")
    answer = await admin.get("/metrics")
    assert 'rcm_rebalances_total{group="rcm.shown"} 1.0' in answer.text


async def test_the_beat_measures_the_loop(health: Health) -> None:
    stopping = asyncio.Event()
    health.beat_at = 0.0
    beat = asyncio.create_task(health.beat(stopping))
    stopping.set()
    await asyncio.wait_for(beat, 2)
    assert health.live_checks() == {"loop": False}


async def test_a_role_that_starts_while_readiness_is_asked_does_no_harm() -> None:
    health = Health(started=True)

    async def slow() -> bool:
        health.ready["late"] = slow
        return True

    health.ready["early"] = slow
    assert (await health.ready_checks())["early"]
