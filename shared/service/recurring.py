"""Role jobs: each job of a service at its own pace, woken when its work was scheduled.

After a step that did something a job rests for a moment, so that the next step finds more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from structlog.contextvars import bound_contextvars

from shared import telemetry
from shared.database import Transaction
from shared.errors import TryAgain
from shared.messaging import due
from shared.messaging.waiting import first_of, gather_more, wait_for
from shared.service.declaration import Recurring, Workplace

MAX_WAIT_AFTER_FAILURE_SECONDS = 60.0
FIRST_WAIT_AFTER_FAILURE_SECONDS = 0.5
SHORTEST_PAUSE_SECONDS = 0.02
"""Between two steps that a wake-up causes: a busy service schedules work all the time."""


class Alarm:
    """Wakes the jobs of one service in this process when a transaction scheduled work for them."""

    def __init__(self, jobs: Sequence[Recurring]) -> None:
        self._bells = {job.name: asyncio.Event() for job in jobs}

    def bell(self, job: Recurring) -> asyncio.Event:
        """Rings when the job has new work; never for a job this alarm was not made for."""
        return self._bells.get(job.name) or asyncio.Event()

    def after_commit(self, tx: Transaction) -> None:
        """The hook for Database.on_after_commit; work for an unknown name wakes every job."""
        for scheduled in tx.scheduled:
            bell = self._bells.get(scheduled.job)
            for each in (bell,) if bell else self._bells.values():
                each.set()


async def run_jobs(workplace: Workplace, jobs: Sequence[Recurring], alarm: Alarm) -> None:
    """Run every job until the workplace stops; a step that runs then is finished first."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_run_job(workplace, job, alarm.bell(job)))


async def _run_job(workplace: Workplace, job: Recurring, bell: asyncio.Event) -> None:
    failures = 0
    with bound_contextvars(service=workplace.service, role="jobs", job=job.name):
        while not workplace.stopping.is_set():
            bell.clear()
            began = time.monotonic()
            try:
                did = await _step(workplace, job)
            except Exception as error:  # noqa: BLE001 - a job never ends, it tries again
                failures += 1
                _tell(error)
                await wait_for(workplace.stopping, _wait_after(failures, error))
                continue
            failures = 0
            if did:
                await gather_more(workplace.stopping, since=began)
                await wait_for(workplace.stopping, job.rest_seconds(workplace.settings))
                continue
            interval = job.interval_seconds(workplace.settings)
            await first_of(workplace.stopping.wait(), bell.wait(), asyncio.sleep(interval))
            await wait_for(workplace.stopping, SHORTEST_PAUSE_SECONDS)


async def _step(workplace: Workplace, job: Recurring) -> int:
    started_at = time.perf_counter()
    with telemetry.span(f"job {job.name}", attributes={"rcm.service": workplace.service}):
        async with due.leases_renewed():
            did = await job.job(workplace)
    seconds = time.perf_counter() - started_at
    telemetry.observe("rcm_job_seconds", seconds, service=workplace.service, job=job.name)
    return did


def _tell(error: Exception) -> None:
    if isinstance(error, TryAgain):
        telemetry.log.warning("a job will try again", exc_info=error)
    else:
        telemetry.log.error("a job failed", exc_info=error)


def _wait_after(failures: int, error: Exception) -> float:
    wait = FIRST_WAIT_AFTER_FAILURE_SECONDS * (1 << min(failures - 1, 10))
    if isinstance(error, TryAgain):
        wait = max(wait, error.retry_after_seconds)
    return min(wait, MAX_WAIT_AFTER_FAILURE_SECONDS)
