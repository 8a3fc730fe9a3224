"""The whole system in one process: gateway, five services, sandbox, mail sink, one event log.

The one module that imports every entry module; nothing imports it but the commands and tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from cli.local_process import EngineUnavailable
from cli.mail_sink import MailSink
from cli.places import ENVIRONMENT_FILE
from cli.ports import SANDBOX_PORT, SINK_PORT, port_base
from gateway.__main__ import service as gateway
from sandbox import app as sandbox
from sandbox.settings import SandboxSettings
from services.claims.__main__ import service as claims
from services.coding.__main__ import service as coding
from services.eligibility.__main__ import service as eligibility
from services.notifications.__main__ import service as notifications
from services.payments.__main__ import service as payments
from shared.database import DatabaseUrls, migrate, provision
from shared.messaging import open_bus
from shared.messaging.topics import declared_topics
from shared.service import ROLES, Process, Service
from shared.settings import PORTS, ServiceSettings
from shared.web.serving import open_port

SERVICES: tuple[Service, ...] = (
    gateway,
    coding,
    eligibility,
    claims,
    payments,
    notifications,
)
START_SECONDS = 60.0
BUS_DATABASE = "rcm_bus"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """Where an installation of one process lives.

    folder: keys, anchors, JWKS and mail. kafka: bootstrap servers, empty for the embedded log.
    port_base 0: what cli.ports finds. overrides: settings by name,
    with the service in front where it is meant for one (`claims_undo_window_seconds`).
    """

    admin_url: str
    folder: Path
    kafka: str = ""
    port_base: int = 0
    profile: str = "demo"
    overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Installed:
    """An installation ready to run: databases, topics, keys' folder, outside world, addresses.

    environment: what separate processes of it must be told, beside this process's own.
    """

    environment: Mapping[str, str]
    settings: Mapping[str, ServiceSettings]
    gateway_url: str
    sandbox_url: str
    sandbox_token: str
    sink: MailSink

    @property
    def urls(self) -> dict[str, DatabaseUrls]:
        """Database addresses by service."""
        return {name: _urls(settings) for name, settings in self.settings.items()}


@dataclass(frozen=True)
class System:
    """What runs in this process, to watch or stop."""

    installed: Installed
    process: Process
    running: asyncio.Task[int]


@asynccontextmanager
async def everything(plan: Plan, tell: Tell = lambda _: None) -> AsyncIterator[System]:
    """Install and run it all for the length of the block; EngineUnavailable says what is missing.

    tell is called with a line before each step.
    """
    async with installed(plan, tell) as place:
        tell("gateway and services")
        process = Process(SERVICES, ROLES, settings=list(place.settings.values()))
        running = asyncio.create_task(process.run(), name="everything")
        try:
            await _started(process, running)
            yield System(place, process, running)
        finally:
            process.stopping.set()
            await running


@asynccontextmanager
async def installed(plan: Plan, tell: Tell = lambda _: None) -> AsyncIterator[Installed]:
    """Make what an installation needs beside its services, for the length of the block."""
    base = plan.port_base or port_base()
    token = secrets.token_urlsafe(16)
    async with contextlib.AsyncExitStack() as stack:
        tell("databases")
        urls = await _databases(plan.admin_url)
        tell("sandbox payers and mail sink")
        sink = MailSink(plan.folder / "mail")
        await sink.start(base + SINK_PORT)
        stack.push_async_callback(sink.stop)
        sandbox_url = f"http://127.0.0.1:{base + SANDBOX_PORT}"
        await _open_sandbox(stack, base, urls=urls["sandbox"], token=token)
        told = {
            "port_base": base,
            "clearinghouse_url": sandbox_url,
            "clearinghouse_token": token,
            "smtp_port": sink.port,
        }
        environment = environment_of(plan, urls, told)
        stack.enter_context(_said(environment))
        _write_down(plan.folder / ENVIRONMENT_FILE, environment)
        settings = {service.name: service.settings() for service in SERVICES}
        tell("topics")
        await _topics(settings["gateway"])
        gateway_url = f"http://127.0.0.1:{base + PORTS['gateway']}"
        yield Installed(environment, settings, gateway_url, sandbox_url, token, sink)


def environment_of(
    plan: Plan, urls: Mapping[str, DatabaseUrls], told: Mapping[str, object]
) -> dict[str, str]:
    """The installation as environment variables, for this process or for separate ones.

    What the environment says already is left out: it wins.
    """
    shared: dict[str, object] = {
        "profile": plan.profile,
        "keys_dir": plan.folder / "keys",
        "anchors_dir": plan.folder / "anchors",
        "jwks_file": plan.folder / "jwks.json",
        "gateway_signing_keys_dir": plan.folder / "signing",
        "gateway_operator_key_path": plan.folder / "operator-key",
        "kafka_bootstrap_servers": plan.kafka,
        "bus_url": _bus_url(plan),
        **told,
        **plan.overrides,
    }
    for service, own in urls.items():
        shared |= {f"{service}_database_url_{role}": url for role, url in own._asdict().items()}
    names = {f"RCM_{name}".upper(): str(value) for name, value in shared.items()}
    return {name: value for name, value in names.items() if name not in os.environ}


def _write_down(path: Path, environment: Mapping[str, str]) -> None:
    (path.parent / "keys").mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(json.dumps(environment))


@contextlib.contextmanager
def _said(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the length of the block; none of them was set before."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)


def _urls(settings: ServiceSettings) -> DatabaseUrls:
    return DatabaseUrls(
        settings.database_url_owner,
        settings.database_url_http,
        settings.database_url_pipeline,
        settings.database_url_checker,
    )


async def _databases(admin_url: str) -> dict[str, DatabaseUrls]:
    """Every database, made where missing and migrated; all of them concurrently."""
    names = [*(service.name for service in SERVICES), "sandbox"]

    async def ready(name: str) -> DatabaseUrls:
        urls = await provision(admin_url, name)
        await migrate(urls.owner, name)
        return urls

    made, _ = await asyncio.gather(
        asyncio.gather(*(ready(name) for name in names)), _bus_database(admin_url)
    )
    return dict(zip(names, made, strict=True))


async def databases_there(admin_url: str) -> list[str]:
    """Which of an installation's databases a server has."""
    names = [*(f"rcm_{service.name}" for service in SERVICES), "rcm_sandbox", BUS_DATABASE]
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        rows = await connection.fetch(
            "select datname from pg_database where datname = any($1) order by 1", names
        )
    finally:
        await connection.close()
    return [row["datname"] for row in rows]


async def _bus_database(admin_url: str) -> None:
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        found = await connection.fetchval(
            "select true from pg_database where datname = $1", BUS_DATABASE
        )
        if not found:
            await connection.execute(f'create database "{BUS_DATABASE}"')
    finally:
        await connection.close()


def _bus_url(plan: Plan) -> str:
    return urlunsplit(urlsplit(plan.admin_url)._replace(path=f"/{BUS_DATABASE}"))


async def _topics(settings: ServiceSettings) -> None:
    bus = open_bus(settings, role="topics")
    await bus.start()
    try:
        await bus.apply_topics(declared_topics())
    finally:
        await bus.stop()


async def _open_sandbox(
    stack: contextlib.AsyncExitStack, base: int, *, urls: DatabaseUrls, token: str
) -> None:
    settings = SandboxSettings(database_url_owner=urls.owner, token=token, port=base + SANDBOX_PORT)
    app = sandbox.create_app(settings)
    stack.push_async_callback(app.state.clearinghouse.close)
    port = await open_port(app, host="127.0.0.1", port=settings.listening_port, graceful_seconds=1)
    stack.push_async_callback(port.close)


async def _started(process: Process, running: asyncio.Task[int]) -> None:
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while not process.health.started:
        if running.done() or asyncio.get_running_loop().time() > deadline:
            raise EngineUnavailable("the services did not start; the log above says why")
        await asyncio.sleep(0.02)
