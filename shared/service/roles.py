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
from shared.service.declaration import Handlers, Recurring, Service, Workplace, every
from shared.service.recurring import Alarm, due_meter, forget_old_answers, run_jobs
from shared.web import EdgeRules, make_app
from shared.web.health import Health
from shared.web.principal import Authenticator, TokenAuthenticator
from shared.web.serving import open_port

GRACEFUL_SECONDS = 15
ROLES = ("api", "events", "jobs", "relay")
"""What one process may be; `all` is every one of them, `migrate` ends by itself."""

KERNEL_JOBS: tuple[Recurring, ...] = (every(600, forget_old_answers), every(5, due_meter()))


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


def handlers_of(service: Service) -> Handlers:
    """The handlers of the wiring table and the one every service has."""
    return {TestClockAdvanced: on_clock_advanced, **service.handlers}


async def run_role(site: Site, role: str, bus: Bus | None) -> None:
    """Do what the role does until the workplace stops."""
    bind_contextvars(service=site.name, role=role)
    if role == "api":
        await _serve(site)
    elif role == "jobs":
        await _work(site)
    elif role == "events" and bus is not None:
        await _consume(site, bus)
    elif role == "relay" and bus is not None:
        relay = Relay(bus, site.workplace.database)
        await relay.run(site.workplace.stopping)


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


async def _work(site: Site) -> None:
    jobs = (*site.service.jobs, *KERNEL_JOBS)
    alarm = Alarm(jobs)
    site.workplace.database.on_after_commit.append(alarm.after_commit)
    await run_jobs(site.workplace, jobs, alarm)


async def _consume(site: Site, bus: Bus) -> None:
    workplace, settings = site.workplace, site.workplace.settings
    subscription = Subscription(
        f"rcm.{site.name}",
        handlers_of(site.service),
        service_version=site.version,
        lanes=settings.lanes,
        batch_size=settings.batch_size,
    )
    consumer = Consumer(bus, workplace.database, subscription)
    parked = ParkedRunner(workplace.database, subscription)
    site.health.live[f"{site.name} consumer"] = lambda: consumer.alive
    site.health.ready[f"{site.name} consumer"] = lambda: _is_ready(consumer)
    async with asyncio.TaskGroup() as both:
        both.create_task(consumer.run(workplace.stopping))
        both.create_task(parked.run(workplace.stopping))


async def _is_ready(consumer: Consumer) -> bool:
    return consumer.ready
