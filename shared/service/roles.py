"""What a process does for one service in each of its roles, until it is told to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from structlog.contextvars import bind_contextvars

from shared import telemetry
from shared.database import Transaction
from shared.database.installation import follow_clock, set_clock_offset
from shared.events.envelope import Envelope
from shared.events.tenancy import TestClockAdvanced
from shared.messaging import Consumer, ParkedRunner, Relay, Subscription, fail_points
from shared.messaging.bus import Bus
from shared.messaging.waiting import first_of
from shared.service.declaration import BusClient, Service, Workplace
from shared.service.recurring import Alarm, run_jobs
from shared.service.upkeep import upkeep
from shared.web import EdgeRules, make_app
from shared.web.health import Health
from shared.web.principal import Authenticator, TokenAuthenticator
from shared.web.serving import open_port

GRACEFUL_SECONDS = 15
ROLES = ("api", "events", "jobs", "relay")
"""What one process may be; `all` is every one of them, `migrate` ends by itself."""


@dataclass(frozen=True)
class Site:
    """One service in this process."""

    service: Service
    workplace: Workplace
    health: Health
    version: str

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name


async def on_clock_advanced(events: list[Envelope[TestClockAdvanced]], tx: Transaction) -> None:
    """Handler of every service: keep the installation's offset and follow it at once."""
    seconds = max(event.data.offset_seconds for event in events)
    await set_clock_offset(tx, seconds)
    follow_clock(seconds)


def subscription_of(site: Site) -> Subscription:
    """What the service consumes: the handlers of its wiring table, and the one all have."""
    settings = site.workplace.settings
    return Subscription(
        f"rcm.{site.name}",
        {TestClockAdvanced: on_clock_advanced, **site.service.handlers_for(settings)},
        service_version=site.version,
        lanes=settings.lanes,
        batch_size=settings.batch_size,
        member=settings.member_name,
    )


async def run_role(site: Site, role: str, client: BusClient | None) -> None:
    """Do what the role does until the workplace stops."""
    bind_contextvars(service=site.name, role=role)
    stopping = site.workplace.stopping
    if role == "api":
        await _serve(site)
    elif role == "jobs":
        await _work(site, client)
    elif client is not None:
        await first_of(client.started.wait(), stopping.wait())
        if not stopping.is_set():
            await (_consume if role == "events" else _relay)(site, client.bus)


async def _serve(site: Site) -> None:
    workplace, settings = site.workplace, site.workplace.settings
    if site.service.router is None:
        await workplace.stopping.wait()
        return
    app = make_app(
        site.name,
        site.service.router,
        database=workplace.database,
        authenticator=_authenticator(site),
        rules=EdgeRules(site.service.public, settings.body_limit_bytes),
    )
    app.state.workplace = workplace
    workplace.database.on_after_commit.append(_pass_before_answer)
    port = await open_port(
        app, host=settings.http_host, port=settings.port, graceful_seconds=GRACEFUL_SECONDS
    )
    site.health.ready[f"{site.name} database"] = lambda: _answers(workplace)
    telemetry.log.info("listening", port=port.number)
    await workplace.stopping.wait()
    await port.close()


def _pass_before_answer(tx: Transaction) -> None:
    if tx.role == "http":
        fail_points.passing("after_commit_before_answer")


def _authenticator(site: Site) -> Authenticator:
    if site.service.authenticator is not None:
        return site.service.authenticator(site.workplace)
    return TokenAuthenticator(site.workplace.settings.jwks_file)


async def _answers(workplace: Workplace) -> bool:
    await workplace.database.answers()
    return True


async def _work(site: Site, client: BusClient | None) -> None:
    alarm = Alarm(site.service.jobs)
    site.workplace.database.on_after_commit.append(alarm.after_commit)
    jobs = (*site.service.jobs, *upkeep(client, subscription_of(site)))
    await run_jobs(site.workplace, jobs, alarm)


async def _relay(site: Site, bus: Bus) -> None:
    await Relay(bus, site.workplace.database).run(site.workplace.stopping)


async def _consume(site: Site, bus: Bus) -> None:
    workplace, subscription = site.workplace, subscription_of(site)
    consumer = Consumer(bus, workplace.database, subscription)
    parked = ParkedRunner(workplace.database, subscription)
    site.health.live[f"{site.name} consumer"] = lambda: consumer.alive
    site.health.ready[f"{site.name} consumer"] = lambda: _is_ready(consumer)
    async with asyncio.TaskGroup() as both:
        both.create_task(consumer.run(workplace.stopping))
        both.create_task(parked.run(workplace.stopping))


async def _is_ready(consumer: Consumer) -> bool:
    return consumer.ready
