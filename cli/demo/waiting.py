"""Whether everything has come to rest: outboxes, lag, parked events and due work."""

from __future__ import annotations

import asyncio

import asyncpg

from cli.everything import SERVICES, Installed
from shared import clock
from shared.events.catalog import BY_FACT
from shared.messaging import open_bus
from shared.messaging.bus import Bus, lag
from shared.service import Service

UNSENT = "select count(*) from outbox_unsent"
PARKED = "select count(*) from parked_events"
DEAD_LETTERS = "select count(*) from dead_letters where status = 'open'"
DUE = "select job, count(*) from due_work where due_at <= $1 and not job = any($2) group by job"
POLLS = ["poll_mailbox", "poll_bank"]
"""Jobs that ask the outside world for ever: they never come to rest and do not count."""
CLOCK_TOPIC = "rcm.tenancy.v1"


class Watch:
    """Looks at every database as its checker role, and at the bus as nobody's group."""

    def __init__(self, installed: Installed) -> None:
        self._urls = installed.urls
        self._bus: Bus = open_bus(installed.settings["gateway"], role="watch")
        self._connections: dict[str, asyncpg.Connection] = {}

    async def start(self) -> None:
        """Connect."""
        await self._bus.start()
        for name, urls in self._urls.items():
            self._connections[name] = await asyncpg.connect(urls.checker)

    async def stop(self) -> None:
        """Disconnect."""
        for connection in self._connections.values():
            await connection.close()
        await self._bus.stop()

    async def waits(self) -> dict[str, int]:
        """What still waits and where (`claims due submit`: 3); empty at rest."""
        parts = await asyncio.gather(*(self._waits_of(service) for service in SERVICES))
        return {place: count for part in parts for place, count in part.items() if count}

    async def _waits_of(self, service: Service) -> dict[str, int]:
        name, connection = service.name, self._connections[service.name]
        found = {
            f"{name} outbox": await connection.fetchval(UNSENT),
            f"{name} parked": await connection.fetchval(PARKED),
        }
        for job, count in await connection.fetch(DUE, clock.business(), POLLS):
            found[f"{name} due {job}"] = count
        behind = await lag(self._bus, f"rcm.{name}", _topics(service))
        return {**found, f"{name} lag": sum(behind.values())}

    async def dead_letters(self) -> int:
        """Open dead letters of all services."""
        counts = [
            int(await connection.fetchval(DEAD_LETTERS))
            for connection in self._connections.values()
        ]
        return sum(counts)


def _topics(service: Service) -> set[str]:
    return {BY_FACT[fact].topic for fact in service.handlers} | {CLOCK_TOPIC}
