"""A whole installation for journeys and fault tests: engines, outside world, companies, rest."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from cli.demo.command import SETTINGS
from cli.demo.opening import Company, open_company
from cli.demo.waiting import Watch
from cli.everything import SERVICES, Installed, Plan, installed
from cli.local_kafka import LocalKafka
from cli.local_postgres import LocalPostgres
from cli.ports import SINK_PORT
from sandbox import clinic
from sandbox.clinic import Scenario
from shared import clock
from shared.service import ROLES, Process
from tests.support.eventually import eventually
from tests.support.kafka import require_kafka
from tests.support.processes import CLAIMS_SPLIT, Supervisor

BUSES = ("embedded", "kafka")
FIRST_PORT, PORTS_EACH, RANGES = 10_000, 2_000, 10
"""Runs side by side take ranges of their own, below the ports that clients are given."""
QUICK: Mapping[str, object] = {
    **SETTINGS,
    "gateway_requests_per_minute": 100_000,
    "claims_submit_poll_seconds": 1,
}


class Engines:
    """The servers an installation stands on; kafka is None on the embedded log."""

    def __init__(self, folder: Path, bus: str, *, durable: bool = True) -> None:
        self.folder = folder
        self.bus = bus
        self.postgres = LocalPostgres(folder / "postgres", durable=durable)
        self.kafka = LocalKafka(folder / "kafka") if bus == "kafka" else None

    def plan(self, **overrides: object) -> Plan:
        """How an installation on them is made."""
        servers = self.kafka.bootstrap_servers if self.kafka else ""
        chosen = {**QUICK, **overrides}
        return Plan(
            self.postgres.admin_url,
            self.folder,
            kafka=servers,
            port_base=_free_range(),
            overrides=chosen,
        )


def _free_range() -> int:
    """The first range, from this process's own on, in which nobody listens where we shall."""
    for number in range(os.getpid(), os.getpid() + RANGES):
        base = FIRST_PORT + number % RANGES * PORTS_EACH
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", base + SINK_PORT))
            return base
    raise AssertionError("every range of ports is taken")


@contextmanager
def engines(folder: Path, bus: str, *, durable: bool = True) -> Iterator[Engines]:
    """Both servers for the length of the block; skips where there is no Kafka to be had."""
    if bus == "kafka":
        require_kafka()
    made = Engines(folder, bus, durable=durable)
    try:
        made.postgres.start()
        if made.kafka is not None:
            made.kafka.start()
        yield made
    finally:
        made.postgres.close()
        shutil.rmtree(made.postgres.directory)  # it may stand elsewhere than in the folder given
        if made.kafka is not None:
            made.kafka.close()


@asynccontextmanager
async def installation(plan: Plan) -> AsyncIterator[Installed]:
    """An installation whose settings and clock leave no trace in this process."""
    offset = clock.offset_seconds()
    try:
        async with installed(plan) as place:
            yield place
    finally:
        clock.set_offset(offset)


@asynccontextmanager
async def services(place: Installed, mode: str, logs: Path) -> AsyncIterator[None]:
    """Everything runs, in `one` process (this one) or in `separate` ones."""
    if mode == "one":
        async with _one_process(place):
            yield
        return
    supervisor = Supervisor(place.environment, logs)
    try:
        await supervisor.start_all(CLAIMS_SPLIT)
        yield
    finally:
        await supervisor.close()


@asynccontextmanager
async def _one_process(place: Installed) -> AsyncIterator[None]:
    """As cli.everything does it, on an installation that others have used before."""
    process = Process(SERVICES, ROLES, settings=list(place.settings.values()))
    running = asyncio.create_task(process.run(), name="everything")
    try:
        await eventually(
            lambda: process.health.started, timeout_seconds=60, describe="everything started"
        )
        yield
    finally:
        process.stopping.set()
        assert await running == 0


@asynccontextmanager
async def company_of(place: Installed, folder: Path) -> AsyncIterator[Company]:
    """A billing company of the test's own, known to every service; its clock is followed here."""
    company = await open_company(place, folder)
    try:
        await at_rest(place)
        yield company
    finally:
        await company.api.aclose()


async def follow_clock(place: Installed) -> None:
    """Take over the business time of the installation."""
    connection = await asyncpg.connect(place.urls["gateway"].checker)
    try:
        seconds = await connection.fetchval("select clock_offset_seconds from installation")
    finally:
        await connection.close()
    clock.set_offset(seconds)


def scenarios_of(company: Company) -> dict[str, Scenario]:
    """The clinic's scenarios by name, as encounters of this company."""
    npi = clinic.PRACTICES[0].npi
    made = clinic.scenarios(
        company.today,
        practice_id=company.practices[npi],
        provider_id=company.providers[npi][0],
        run=company.run,
    )
    return {scenario.name: scenario for scenario in made}


async def claim_of(company: Company, encounter_id: str) -> Any:
    """The one claim of an encounter; AssertionError while there is none or more than one."""
    found = await company.api.post("/v1/claims/search", {"encounter_id": encounter_id})
    assert len(found["data"]) == 1, f"{len(found['data'])} claims"
    return found["data"][0]


async def claim_becomes(
    company: Company, encounter_id: str, status: str, *, seconds: float = 60
) -> Any:
    """Wait until the claim of an encounter has a status; gives the claim."""

    async def there() -> Any:
        claim = await claim_of(company, encounter_id)
        assert claim["status"] == status, f"status {claim['status']}"
        return claim

    return await eventually(
        there, timeout_seconds=seconds, describe=f"a claim that is {status}", interval_seconds=0.1
    )


async def at_rest(place: Installed, *, seconds: float = 60) -> None:
    """Wait until nothing waits anywhere: outboxes, lag, parked events and due work are empty."""
    await follow_clock(place)
    watch = Watch(place)
    await watch.start()

    async def quiet() -> bool:
        waits = await watch.waits()
        assert not waits, f"{waits}"
        return True

    try:
        await eventually(
            quiet, timeout_seconds=seconds, describe="everything at rest", interval_seconds=0.2
        )
    finally:
        await watch.stop()
