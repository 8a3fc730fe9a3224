"""A service as a real process: it starts, works in all its roles, and ends when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwk

from cli.local_process import free_port
from shared.database import Database
from shared.messaging import declared_topics
from shared.messaging.embedded import EmbeddedBus
from tests.shared.web.test_principal import bearer, key_named, publish, token
from tests.support.databases import DatabaseFactory
from tests.support.eventually import eventually
from tests.support.postgres import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "tests.shared.sample_service"]
QUICK_SECONDS = 5.0
"""A stop takes well under two seconds on an idle machine; tests run on a busy one."""


class Running:
    """The sample service as a process of its own."""

    def __init__(self, environment: dict[str, str], headers: dict[str, str]) -> None:
        self.environment = environment
        self.headers = headers
        self.port = int(environment["RCM_SAMPLE_PORT"])
        self.process: subprocess.Popen[str] | None = None

    def start(self, role: str, **changes: str) -> None:
        """Start it in a role."""
        self.process = subprocess.Popen(
            [*COMMAND, role],
            env={**self.environment, **changes},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self, within_seconds: float = 40) -> tuple[int, float]:
        """Its exit code, and how long it took to end from now on."""
        assert self.process is not None
        began = time.monotonic()
        code = await asyncio.to_thread(self.process.wait, within_seconds)
        return code, time.monotonic() - began

    def told(self) -> str:
        """What it wrote to standard error, once it has ended."""
        assert self.process is not None
        assert self.process.stderr is not None
        return self.process.stderr.read()

    async def ask(self, path: str, *, admin: bool = False, **more: Any) -> httpx.Response:
        """GET, from the API or the admin port."""
        port = self.port + 1000 if admin else self.port
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{port}{path}", headers=self.headers, **more)

    async def post(self, path: str, key: str) -> httpx.Response:
        """POST without a body."""
        headers = {**self.headers, "Idempotency-Key": key}
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            return await client.post(f"http://127.0.0.1:{self.port}{path}", headers=headers)

    def open_gate(self) -> None:
        """Let requests of /v1/gate be answered."""
        Path(self.environment["RCM_SAMPLE_GATE"]).touch()

    async def ready(self) -> None:
        """Wait until it takes work."""
        await eventually(lambda: self._says_yes("/readyz"), timeout_seconds=40, describe="ready")

    async def _says_yes(self, path: str) -> bool:
        with suppress(httpx.TransportError):
            return (await self.ask(path, admin=True)).text == "ok"
        return False

    def end(self) -> None:
        """Whatever happened, it does not outlive its test."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            assert self.process.stderr is not None
            self.process.stderr.close()


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    """The sample's database."""
    return await service_database("sample", attached=False)


@pytest.fixture
async def bus_url(postgres: PostgresServer) -> AsyncIterator[str]:
    """An embedded log with its topics."""
    async with postgres.database() as url:
        bus = EmbeddedBus(url)
        await bus.start()
        await bus.apply_topics(declared_topics())
        await bus.stop()
        yield url


@pytest.fixture
def running(database: Database, bus_url: str, tmp_path: Path) -> Iterator[Running]:
    """The sample service, not yet started."""
    key: jwk.OKPKey = key_named("first")
    publish(tmp_path / "jwks.json", key)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RCM_")},
        **{
            f"RCM_DATABASE_URL_{role.upper()}": url for role, url in database.urls._asdict().items()
        },
        "RCM_BUS_URL": bus_url,
        "RCM_KEYS_DIR": str(tmp_path / "keys"),
        "RCM_JWKS_FILE": str(tmp_path / "jwks.json"),
        "RCM_SAMPLE_PORT": str(free_base()),
        "RCM_SAMPLE_GATE": str(tmp_path / "gate"),
        "PYTHONWARNINGS": "error",
    }
    made = Running(environment, bearer(token(key)))
    yield made
    made.end()


def free_base() -> int:
    """A free port below 60,000, so that the admin ports above it exist."""
    return next(port for port in iter(free_port, 0) if port < 60_000)


async def test_all_roles_work_together(running: Running) -> None:
    running.start("all")
    await running.ready()
    for path in ("/startupz", "/livez", "/readyz"):
        assert (await running.ask(path, admin=True)).text == "ok"
    made = await running.post("/v1/things", "one")
    again = await running.post("/v1/things", "one")
    assert made.content == again.content
    path = f"/v1/things/{made.json()['id']}"

    async def told_and_worked() -> bool:
        thing = (await running.ask(path)).json()
        return bool(thing["seen"] == 1 and thing["note"] == "counted")

    await eventually(told_and_worked, timeout_seconds=30, describe="event seen and job done")
    metrics = (await running.ask("/metrics", admin=True)).text
    for line in (
        'rcm_http_requests_total{method="POST",route="/v1/things",service="sample",status="200"} 2',
        'rcm_events_total{result="ok",service="sample",type="FundsReceived"} 1.0',
        'rcm_bus_info{backend="embedded"} 1.0',
        'rcm_job_seconds_count{job="count_funds",service="sample"}',
    ):
        assert line in metrics
    running.signal()
    code, seconds = await running.ended()
    assert code == 0, running.told()
    assert seconds < QUICK_SECONDS
    told = running.told()
    assert '"level":"error"' not in told
    assert made.json()["id"] not in told


async def test_an_answer_lost_after_the_commit(running: Running) -> None:
    """F3: killed between commit and answer; after the restart the repeat gets the answer."""
    running.start("api", RCM_FAIL_POINT="after_commit_before_answer:1")
    await running.ready()
    with pytest.raises(httpx.TransportError):
        await running.post("/v1/things", "one")
    code, _ = await running.ended()
    assert code == -signal.SIGKILL
    running.end()
    running.start("api")
    await running.ready()
    first, second = [await running.post("/v1/things", "one") for _ in range(2)]
    assert first.status_code == second.status_code == 200
    assert first.headers["idempotent-replayed"] == "true"
    assert first.content == second.content


async def test_a_running_request_is_answered_before_the_end(running: Running) -> None:
    running.start("api")
    await running.ready()
    slow = asyncio.create_task(running.ask("/v1/gate"))
    await eventually(lambda: in_flight(running), timeout_seconds=30, describe="the request runs")
    running.signal()
    await eventually(lambda: refuses(running), timeout_seconds=30, describe="no new connections")
    assert not slow.done()
    running.open_gate()
    answer = await slow
    assert answer.status_code == 200
    code, _ = await running.ended()
    assert code == 0


async def in_flight(running: Running) -> bool:
    metrics = (await running.ask("/metrics", admin=True)).text
    return 'rcm_http_in_flight{service="sample"} 1.0' in metrics


async def refuses(running: Running) -> bool:
    try:
        await running.ask("/v1/waits/0")
    except httpx.TransportError:
        return True
    return False


async def test_a_second_signal_cuts_every_wait(running: Running) -> None:
    running.start("api")
    await running.ready()
    endless = asyncio.create_task(running.ask("/v1/waits/100"))
    await eventually(lambda: in_flight(running), timeout_seconds=30, describe="the request runs")
    running.signal()
    await eventually(lambda: not_ready(running), timeout_seconds=30, describe="draining")
    running.signal()
    code, _ = await running.ended()
    assert code == 75
    with suppress(httpx.TransportError):
        await endless


async def not_ready(running: Running) -> bool:
    with suppress(httpx.TransportError):
        return (await running.ask("/readyz", admin=True)).text == "no"
    return False


async def test_what_does_not_end_in_time_is_cut(running: Running) -> None:
    running.start("api", RCM_SAMPLE_BOUND="0.5")
    await running.ready()
    endless = asyncio.create_task(running.ask("/v1/waits/100"))
    await eventually(lambda: in_flight(running), timeout_seconds=30, describe="the request runs")
    running.signal()
    code, _ = await running.ended()
    assert code == 75
    with suppress(httpx.TransportError):
        await endless


async def test_a_stuck_loop_cannot_hold_the_process(running: Running) -> None:
    running.start("api", RCM_SAMPLE_BOUND="0.5")
    await running.ready()
    stuck = asyncio.create_task(running.ask("/v1/blocks/100"))
    await eventually(lambda: silent(running), timeout_seconds=30, describe="the loop is stuck")
    running.signal()
    code, _ = await running.ended()
    assert code == 75
    with suppress(httpx.TransportError):
        await stuck


async def silent(running: Running) -> bool:
    try:
        await running.ask("/livez", admin=True, timeout=0.3)
    except httpx.TimeoutException:
        return True
    return False


async def test_without_its_database_it_waits(running: Running, postgres: PostgresServer) -> None:
    nowhere = "postgresql://a:b@127.0.0.1:1/none"
    running.start("api", RCM_DATABASE_URL_HTTP=nowhere, RCM_DATABASE_URL_PIPELINE=nowhere)

    async def says(path: str, word: str) -> bool:
        with suppress(httpx.TransportError):
            return (await running.ask(path, admin=True)).text == word
        return False

    await eventually(lambda: says("/startupz", "no"), timeout_seconds=40)
    assert await says("/livez", "ok")
    assert await says("/readyz", "no")
    running.signal()
    code, _ = await running.ended()
    assert code == 0
    assert "b@127" not in running.told()


async def test_wrong_settings_are_named_without_their_values(running: Running) -> None:
    running.start("api", RCM_LANES="many", RCM_PROFILE="prod", RCM_OPERATOR_TOKEN="s3cret")
    code, _ = await running.ended()
    told = running.told()
    assert code == 78
    assert "RCM_LANES: " in told
    assert "s3cret" not in told
    assert "many" not in told


async def test_migrate_ends_by_itself(running: Running) -> None:
    running.start("migrate", RCM_DATABASE_URL_OWNER="postgresql://a:b@127.0.0.1:1/none")
    code, _ = await running.ended()
    assert code == 69
