"""The installation a command is about: what the environment says, else what runs here."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import typer

from cli.answers import NotConfigured
from cli.places import ENVIRONMENT_FILE, newest
from shared.database import Database, DatabaseUrls
from shared.messaging import Subscription, open_bus
from shared.messaging.bus import Bus
from shared.sealing import Keyring
from shared.service import Service
from shared.settings import NO_BUS, PORTS, ServiceSettings

REMEDY = (
    "No installation was found. Set the RCM_… variables (docs/operations), or start one here with "
    "`make demo` or `rcm dev` and leave it running."
)


@cache
def settings() -> dict[str, ServiceSettings]:
    """What every service is told, by service; NotConfigured when nobody says where databases are.

    A service's own settings are its own matter: `rcm` loads the module of a service only where it
    needs its handlers.
    """
    if "RCM_CLAIMS_DATABASE_URL_CHECKER" not in os.environ:
        _take_over(newest(ENVIRONMENT_FILE))
    found = {name: _settings_of(name) for name in PORTS}
    if not all(one.database_url_checker for one in found.values()):
        raise NotConfigured(REMEDY)
    return found


def _settings_of(name: str) -> ServiceSettings:
    class Shared(ServiceSettings, service=name):
        """The settings that all services have."""

    return Shared()


def _take_over(path: Path | None) -> None:
    if path is None:
        raise NotConfigured(REMEDY)
    for name, value in json.loads(path.read_text()).items():
        os.environ.setdefault(name, value)


def known(name: str) -> str:
    """The name of a service; a wrong one is a mistake of usage, which names those there are."""
    if name not in PORTS:
        raise typer.BadParameter(f"There is no service {name!r}; there are {', '.join(PORTS)}.")
    return name


@asynccontextmanager
async def reading(service: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a service's database as its checker role: it reads everything, no more."""
    connection = await asyncpg.connect(settings()[service].database_url_checker, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def rows_of(service: str, statement: str, *values: object) -> list[dict[str, Any]]:
    """Rows of one statement on one service's database, with the service in front."""
    async with reading(service) as connection:
        found = await connection.fetch(statement, *values)
    return [{"service": service, **dict(row)} for row in found]


async def rows_of_all(statement: str, *values: object) -> list[dict[str, Any]]:
    """The same on every service's database."""
    return [row for name in settings() for row in await rows_of(name, statement, *values)]


@asynccontextmanager
async def the_bus() -> AsyncIterator[Bus]:
    """The event log of the installation, as nobody's group; NotConfigured where none is named."""
    own = settings()["gateway"]
    if not own.has_bus:
        raise NotConfigured(f"{NO_BUS}.")
    bus = open_bus(own, role="command")
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


@asynccontextmanager
async def working(service: str) -> AsyncIterator[Database]:
    """A service's database as its pipeline role: for commands that change something."""
    own = settings()[service]
    urls = DatabaseUrls(
        own.database_url_owner,
        own.database_url_http,
        own.database_url_pipeline,
        own.database_url_checker,
    )
    kek = bytes.fromhex(own.key_encryption_key) or None
    database = Database(service, urls, Keyring(own.keys_dir, kek=kek), http_pool=1, pipeline_pool=2)
    try:
        yield database
    finally:
        await database.close()


def operator() -> str:
    """Who works at this command line, as it stands in the audit."""
    return f"user:{getpass.getuser()}"


def subscription_of(name: str) -> Subscription:
    """What a service's consumer consumes."""
    folder = "gateway" if known(name) == "gateway" else f"services.{name}"
    service: Service = import_module(f"{folder}.__main__").service
    settings()
    return Subscription(f"rcm.{name}", service.handlers_for(service.settings()))
