"""What a service says of itself in its wiring table, and the workplace its jobs stand in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from fastapi import APIRouter

from shared.database import Database, Transaction
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging.bus import Bus
from shared.settings import ServiceSettings
from shared.web.principal import Authenticator

T = TypeVar("T")
Handler = Callable[[list[Envelope[Any]], Transaction], Awaitable[None]]
Handlers = Mapping[type[Fact], Handler]
SettledHandler = Callable[[Any, list[Envelope[Any]], Transaction], Awaitable[None]]


class WithSettings(NamedTuple):
    """A row of the wiring table whose handler is told the service's settings, before the events."""

    handler: SettledHandler


class Outside:
    """Clients of the outside world, made when first asked for and closed when the process stops.

    `workplace.outside("clearinghouse", make_client)` gives the same client every time.
    """

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    def __call__(self, name: str, factory: Callable[[], T]) -> T:
        """The client of this name."""
        if name not in self._clients:
            self._clients[name] = factory()
        return cast(T, self._clients[name])

    async def close(self) -> None:
        """Close every client that can be closed (`aclose`); failures of closing are of no use."""
        for client in self._clients.values():
            if hasattr(client, "aclose"):
                with suppress(Exception):
                    await client.aclose()
        self._clients.clear()


@dataclass(frozen=True)
class Workplace:
    """Where the work of one service in one process happens."""

    service: str
    settings: ServiceSettings
    database: Database
    stopping: asyncio.Event
    outside: Outside = field(default_factory=Outside)


@dataclass(frozen=True)
class BusClient:
    """The process's one client of the event log; `started` once it could be reached."""

    bus: Bus
    started: asyncio.Event


Job = Callable[[Workplace], Awaitable[int]]
"""One step of a job: how many things it did. More than none: again at once."""


class Recurring(NamedTuple):
    """A job, and how long it waits after a step that found nothing (interval) or something (rest).

    Both are a setting's name or seconds.
    """

    name: str
    interval: float | str
    job: Job
    rest: float | str = 0.0

    def interval_seconds(self, settings: ServiceSettings) -> float:
        """The interval of this installation."""
        return _seconds(self.interval, settings)

    def rest_seconds(self, settings: ServiceSettings) -> float:
        """The rest of this installation."""
        return _seconds(self.rest, settings)


def _seconds(given: float | str, settings: ServiceSettings) -> float:
    return float(getattr(settings, given)) if isinstance(given, str) else given


def every(interval: float | str, job: Job, *, name: str = "", rest: float | str = 0.0) -> Recurring:
    """A row of the wiring table: run the job each interval, and when its work was scheduled.

    interval: seconds, or the name of a field of the service's settings. name: what
    `tx.schedule(job=…)` calls it; the function's own name unless given. rest: how long further
    work may come together after a step that did something; the first of it never waits.
    """
    return Recurring(name or getattr(job, "__name__", "job"), interval, job, rest)


@dataclass(frozen=True)
class Service:
    """The wiring table of a service.

    authenticator: who tells callers apart; services read the gateway's tokens. public: paths
    that need no caller. on_start: steps of role api before the first request, such as making keys.
    """

    name: str
    settings: type[ServiceSettings] = ServiceSettings
    router: APIRouter | None = None
    handlers: Mapping[type[Fact], Handler | WithSettings] = field(default_factory=dict)
    jobs: Sequence[Recurring] = ()
    authenticator: Callable[[Workplace], Authenticator] | None = None
    public: frozenset[str] = frozenset()
    on_start: Sequence[Callable[[Workplace], Awaitable[None]]] = ()

    def handlers_for(self, settings: ServiceSettings) -> Handlers:
        """The handlers as a consumer calls them, in an installation with these settings."""
        return {fact: _settled(row, settings) for fact, row in self.handlers.items()}


def _settled(row: Handler | WithSettings, settings: ServiceSettings) -> Handler:
    return partial(row.handler, settings) if isinstance(row, WithSettings) else row
