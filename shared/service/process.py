"""One process: starts the roles of one or several services, and stops them within 27 seconds.

Stop (docs/operations, Start and stop): not ready -> no new work -> running work ends -> offsets,
group, relay, each bounded -> bus -> telemetry and pools. What exceeds its bound is cut: exit 75.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

from shared import telemetry
from shared.database import Database, DatabaseUrls
from shared.database.installation import clock_offset_seconds, follow_clock, revision
from shared.database.migrating import is_too_old
from shared.errors import TryAgain
from shared.messaging import attach, open_bus
from shared.messaging.waiting import wait_for
from shared.sealing import Keyring
from shared.service.declaration import BusClient, Service, Workplace
from shared.service.roles import Site, run_role
from shared.service.version import running_version
from shared.settings import ON_THE_BUS, ServiceSettings
from shared.web.health import Health, admin_app
from shared.web.serving import Port, open_port

OK, BROKEN, CUT_SHORT, BAD_CONFIGURATION = 0, 70, 75, 78
ROLES_SECONDS = 19.5
CANCEL_SECONDS = 0.5
BUS_SECONDS = 5.0
CLOSE_SECONDS = 2.0
WORST_CASE_SECONDS = 27.0
CLOCK_SECONDS = 1.0
POOL_SECONDS = 5.0


class OldSchema(Exception):
    """The database lacks migrations that this version of the service needs."""


class Process:
    """The roles of some services in one process, with one bus client and one admin port.

    `stopping` may be set by anyone to end it; a second signal sets `cut`, which ends every wait.
    settings: of each service in the same order; read from the environment unless given.
    """

    def __init__(
        self,
        services: Sequence[Service],
        roles: Iterable[str],
        *,
        settings: Sequence[ServiceSettings] = (),
    ) -> None:
        self.roles = tuple(roles)
        self.stopping = asyncio.Event()
        self.cut = asyncio.Event()
        self.health = Health()
        chosen = settings or [service.settings() for service in services]
        self.sites = [
            self._site(service, own) for service, own in zip(services, chosen, strict=True)
        ]
        self._client: BusClient | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def settings(self) -> ServiceSettings:
        """Of the first service: what one process has once (admin port, bus, telemetry)."""
        return self.sites[0].workplace.settings

    @property
    def role(self) -> str:
        """What the process is called: its one role, else `all`."""
        return self.roles[0] if len(self.roles) == 1 else "all"

    async def run(self) -> int:
        """Start, work until stopping, stop; the exit code."""
        code = OK
        try:
            admin = await self._open_admin()
        except OSError as error:
            telemetry.log.error("the admin port cannot be opened", exc_info=error)
            return BROKEN
        beat = asyncio.create_task(self.health.beat(self.stopping))
        try:
            await self._start()
            code = await self._watch()
        except OldSchema:
            code = BAD_CONFIGURATION
        except Exception:  # noqa: BLE001 - it is told, and the process ends
            telemetry.log.exception("the process could not start")
            code = BROKEN
        finally:
            self.stopping.set()
            self.health.draining = True
            code = await self._stop() or code
            beat.cancel()
            await admin.close()
        return code

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT stop; the second one cuts; a stuck loop is ended by a thread.

        The handler is not the event loop's own, because a stuck loop would never call that.
        """
        loop = asyncio.get_running_loop()
        last_resort = threading.Timer(WORST_CASE_SECONDS, os._exit, (CUT_SHORT,))
        last_resort.daemon = True

        def told(_number: int, _frame: FrameType | None) -> None:
            if last_resort.ident is None:
                last_resort.start()
            loop.call_soon_threadsafe(self._told_to_stop)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, told)

    def _told_to_stop(self) -> None:
        if self.stopping.is_set():
            self.cut.set()
        self.stopping.set()
        self.health.draining = True

    def _site(self, service: Service, settings: ServiceSettings) -> Site:
        kek = bytes.fromhex(settings.key_encryption_key) or None
        keys = Keyring(settings.keys_dir, settings.profile != "prod", kek=kek)
        urls = DatabaseUrls(
            owner=settings.database_url_owner,
            http=settings.database_url_http,
            pipeline=settings.database_url_pipeline,
            checker=settings.database_url_checker,
        )
        database = Database(
            service.name,
            urls,
            keys,
            http_pool=settings.http_pool_size,
            pipeline_pool=settings.pipeline_pool_size,
        )
        attach(database)
        workplace = Workplace(service.name, settings, database, self.stopping)
        return Site(service, workplace, self.health, running_version(settings.service_version))

    async def _open_admin(self) -> Port:
        app = admin_app(self.health, operator_token=self.settings.operator_token)
        port, host = self.settings.admin_port_of(self.role), self.settings.admin_host
        return await open_port(app, host=host, port=port, graceful_seconds=1)

    async def _start(self) -> None:
        for site in self.sites:
            await self._until_database_answers(site)
            for step in site.service.on_start if "api" in self.roles else ():
                await step(site.workplace)
        self._client = self._open_bus()
        if self._client is not None:
            self._begin(self._start_bus(self._client), "bus")
        for site in self.sites:
            telemetry.gauge("rcm_build_info", 1, service=site.name, version=site.version)
            for role in self.roles:
                self._begin(run_role(site, role, self._client), f"{site.name} {role}")
        self._begin(self._show_pools(), "pools")
        if self.settings.profile != "prod":
            self._begin(self._follow_installation(), "clock")
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)
        self.health.started = not self.stopping.is_set()

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    async def _until_database_answers(self, site: Site) -> None:
        """Wait for the database; refuse a schema from before this version of the service."""
        database = site.workplace.database
        while not self.stopping.is_set():
            try:
                follow_clock(await clock_offset_seconds(database))
                found = await revision(database)
            except Exception as error:  # noqa: BLE001 - a missing table is no TryAgain, but waits too
                telemetry.log.warning("the database is not ready", exc_info=error)
                await wait_for(self.stopping, 1.0)
            else:
                if is_too_old(site.name, found):
                    sentence = "the schema is too old for this program: run its role migrate first"
                    telemetry.log.error(sentence, service=site.name, version=found)
                    raise OldSchema
                return

    def _open_bus(self) -> BusClient | None:
        if not self.settings.has_bus and not ON_THE_BUS.intersection(self.roles):
            return None
        if self.roles == ("api",):
            return None
        bus = open_bus(self.settings, role=self.role)
        telemetry.gauge("rcm_bus_info", 1, backend=bus.system.removeprefix("rcm_"))
        return BusClient(bus, asyncio.Event())

    async def _start_bus(self, client: BusClient) -> None:
        """Wait for the event log without holding up what does not need it."""
        while not self.stopping.is_set():
            try:
                await client.bus.start()
            except TryAgain as error:
                telemetry.log.warning("the event log is not there yet", exc_info=error)
                await wait_for(self.stopping, error.retry_after_seconds)
            else:
                client.started.set()
                await self.stopping.wait()

    async def _show_pools(self) -> None:
        """Show how much of its database connections each service uses here."""
        while not self.stopping.is_set():
            for site in self.sites:
                for pool, (size, used) in site.workplace.database.pools().items():
                    labels = {"service": site.name, "pool": pool}
                    telemetry.gauge("rcm_pool_size", size, **labels)
                    telemetry.gauge("rcm_pool_used", used, **labels)
            await wait_for(self.stopping, POOL_SECONDS)

    async def _follow_installation(self) -> None:
        """Roles that consume no events see a moved clock within a second."""
        while not self.stopping.is_set():
            with suppress(TryAgain):
                follow_clock(await clock_offset_seconds(self.sites[0].workplace.database))
            await wait_for(self.stopping, CLOCK_SECONDS)

    async def _watch(self) -> int:
        """Until stopping; a role that ends by itself is broken and takes the process with it."""
        waiting: asyncio.Task[Any] = asyncio.create_task(self.stopping.wait())
        done, _ = await asyncio.wait([waiting, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.stopping.is_set():
            return OK
        for task in done:
            error = None if task.cancelled() else task.exception()
            telemetry.log.error("a role ended by itself", exc_info=error)
        return BROKEN

    async def _stop(self) -> int:
        code = await self._end_roles()
        if self._client is not None and not await _within(BUS_SECONDS, self._client.bus.stop()):
            code = CUT_SHORT
        closing = asyncio.gather(
            asyncio.to_thread(telemetry.flush_traces, CLOSE_SECONDS),
            *(site.workplace.outside.close() for site in self.sites),
            *(site.workplace.database.close() for site in self.sites),
            return_exceptions=True,
        )
        await _within(CLOSE_SECONDS, closing)
        return code

    async def _end_roles(self) -> int:
        if not self._tasks:
            return OK
        waiting: asyncio.Future[Any] = asyncio.gather(*self._tasks, return_exceptions=True)
        cut: asyncio.Future[Any] = asyncio.create_task(self.cut.wait())
        await asyncio.wait(
            [waiting, cut], timeout=ROLES_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        cut.cancel()
        late = [task for task in self._tasks if not task.done()]
        for task in late:
            telemetry.log.warning("a role did not end in time", where=task.get_name())
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CANCEL_SECONDS)
        with suppress(asyncio.CancelledError):
            await _within(CANCEL_SECONDS, waiting)
        return CUT_SHORT if late else OK


async def _within(seconds: float, work: Coroutine[Any, Any, Any] | asyncio.Future[Any]) -> bool:
    try:
        await asyncio.wait_for(work, seconds)
    except Exception as error:  # noqa: BLE001 - while stopping, a failure only costs the exit code
        telemetry.log.warning("a step of stopping failed", exc_info=error)
        return False
    return True
