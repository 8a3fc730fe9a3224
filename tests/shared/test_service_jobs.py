"""Jobs: at their own pace, again at once while there is work, woken when it was scheduled."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared import clock, ids, telemetry
from shared.database import Transaction, anchors
from shared.database.migrating import is_too_old
from shared.errors import TryAgain
from shared.events.payments import FundsReceived
from shared.messaging import Subscription, declared_topics
from shared.messaging.bus import Listener, Outgoing, Place
from shared.messaging.embedded import EmbeddedBus
from shared.service import Workplace, every, recurring
from shared.service.declaration import BusClient, Outside, Recurring
from shared.service.process import Process
from shared.service.recurring import Alarm, run_jobs
from shared.service.roles import ROLES
from shared.service.upkeep import (
    anchor_audit,
    chain_meter,
    due_meter,
    lag_meter,
    seal_audit,
    upkeep,
)
from shared.telemetry.metrics import RCM
from tests.shared.sample_service import JOB, SampleSettings, on_funds, service
from tests.support.builders import TENANT, origin
from tests.support.databases import SAMPLE, DatabaseFactory
from tests.support.eventually import eventually
from tests.support.postgres import PostgresServer


def workplace_of(database: Any = None) -> Workplace:
    """A workplace that nothing is behind unless a database is given."""
    return Workplace("sample", SampleSettings(), database, asyncio.Event())


@asynccontextmanager
async def running(workplace: Workplace, *jobs: Recurring) -> AsyncIterator[Alarm]:
    """The jobs at work for the length of the block; they must end when told to."""
    alarm = Alarm(jobs)
    task = asyncio.create_task(run_jobs(workplace, jobs, alarm))
    try:
        yield alarm
    finally:
        workplace.stopping.set()
        await asyncio.wait_for(task, 5)


def counting(*results: int | Exception) -> tuple[list[int], Callable[[Workplace], Awaitable[int]]]:
    """A job with these results in turn, then 0; and the list of its calls."""
    calls: list[int] = []
    left = list(results)

    async def step(_workplace: Workplace) -> int:
        calls.append(len(calls))
        result = left.pop(0) if left else 0
        if isinstance(result, Exception):
            raise result
        return result

    return calls, step


async def test_work_that_is_left_is_done_at_once() -> None:
    calls, step = counting(5, 3)
    async with running(workplace_of(), every(3600, step)):
        await eventually(lambda: len(calls) == 3)


async def test_a_job_with_a_rest_lets_work_come_together() -> None:
    rested, resting = counting(1, 1)
    calls, busy = counting(1, 1, 1)
    async with running(workplace_of(), every(1, resting, rest=3600), every(3600, busy)):
        await eventually(lambda: len(calls) == 4)
    assert len(rested) == 1, "the first work is done at once, what comes then waits"


async def test_the_interval_may_be_a_setting() -> None:
    settings = SampleSettings()
    assert every("lanes", counting()[1]).interval_seconds(settings) == float(settings.lanes)
    assert every(0.5, counting()[1]).interval_seconds(settings) == 0.5
    calls, step = counting()
    async with running(workplace_of(), every(0.01, step)):
        await eventually(lambda: len(calls) >= 3)


def scheduled(*names: str) -> Transaction:
    """A transaction that committed with intentions for these jobs."""
    return cast(Transaction, SimpleNamespace(scheduled=[SimpleNamespace(job=n) for n in names]))


async def test_a_commit_wakes_the_job_it_is_for() -> None:
    mine, my_step = counting()
    other, other_step = counting()
    jobs = (every(3600, my_step, name="mine"), every(3600, other_step, name="other"))
    async with running(workplace_of(), *jobs) as alarm:
        await eventually(lambda: (len(mine), len(other)) == (1, 1))
        alarm.after_commit(scheduled("mine"))
        await eventually(lambda: len(mine) == 2)
        alarm.after_commit(scheduled())
        assert len(other) == 1
        alarm.after_commit(scheduled("nobody-knows-this"))
        await eventually(lambda: (len(mine), len(other)) == (3, 2))


async def test_work_scheduled_during_a_step_is_not_missed() -> None:
    began, go = asyncio.Event(), asyncio.Event()
    calls: list[int] = []

    async def step(_workplace: Workplace) -> int:
        calls.append(1)
        began.set()
        await go.wait()
        return 0

    async with running(workplace_of(), every(3600, step, name="slow")) as alarm:
        await began.wait()
        alarm.after_commit(scheduled("slow"))
        go.set()
        await eventually(lambda: len(calls) == 2)


@pytest.mark.parametrize("error", [TryAgain("database", retry_after_seconds=0.01), ValueError("x")])
async def test_a_failing_job_tries_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    monkeypatch.setattr(recurring, "FIRST_WAIT_AFTER_FAILURE_SECONDS", 0.01)
    calls, step = counting(error, error, 0)
    async with running(workplace_of(), every(3600, step)):
        await eventually(lambda: len(calls) == 3)
    told = capsys.readouterr().err
    assert ('"error":"ValueError"' in told) is isinstance(error, ValueError)


def test_the_wait_after_failures_grows_to_a_minute() -> None:
    waits = [recurring._wait_after(failures, ValueError()) for failures in (1, 2, 3, 8, 100)]
    assert waits == [0.5, 1.0, 2.0, 60.0, 60.0]
    assert recurring._wait_after(1, TryAgain("x", retry_after_seconds=7)) == 7


async def test_a_running_step_is_finished() -> None:
    began, go = asyncio.Event(), asyncio.Event()
    finished: list[bool] = []

    async def step(_workplace: Workplace) -> int:
        began.set()
        await go.wait()
        finished.append(True)
        return 1

    workplace = workplace_of()
    task = asyncio.create_task(run_jobs(workplace, [every(1, step)], Alarm([])))
    await began.wait()
    workplace.stopping.set()
    assert not task.done()
    go.set()
    await asyncio.wait_for(task, 5)
    assert finished == [True]


async def test_upkeep_runs_on_a_real_database(
    service_database: DatabaseFactory, tmp_path: Path
) -> None:
    database = await service_database("sample")
    settings = SampleSettings(anchors_dir=str(tmp_path))
    workplace = replace(workplace_of(database), settings=settings)
    async with database.request(TENANT, actor="test") as tx:
        tx.schedule(JOB, TENANT, due_at=clock.business(), cause=origin())
        tx.audit("thing_seen", subject=TENANT)
    for job in upkeep(None, cast(Any, None)):
        await job.job(workplace)
    due = RCM.get_sample_value("rcm_jobs_due", {"service": "sample", "job": JOB})
    assert due == 1.0
    assert RCM.get_sample_value("rcm_audit_unsealed_age_seconds", {"service": "sample"}) == 0.0
    assert RCM.get_sample_value("rcm_audit_chain_valid", {"service": "sample"}) == 1.0
    assert [each.tenant_id for each in anchors.kept(tmp_path, "sample").anchors] == [TENANT]


async def test_a_broken_audit_chain_shows(
    service_database: DatabaseFactory, postgres: PostgresServer, tmp_path: Path
) -> None:
    """Also one that is only shorter than its anchor."""
    database = await service_database("sample", attached=False)
    settings = SampleSettings(anchors_dir=str(tmp_path))
    workplace, show = replace(workplace_of(database), settings=settings), chain_meter()
    async with database.request(TENANT, actor="test") as tx:
        tx.audit("thing_seen", subject=TENANT)
    await seal_audit(workplace)
    await anchor_audit(workplace)
    await show(workplace)
    assert RCM.get_sample_value("rcm_audit_chain_valid", {"service": "sample"}) == 1.0
    where = database.urls.owner.rpartition("/")[2]
    await postgres.execute("delete from audit_chain; delete from audit_entries", database=where)
    for step in (show, chain_meter()):
        telemetry.gauge("rcm_audit_chain_valid", 1, service="sample")
        await step(workplace)
        assert RCM.get_sample_value("rcm_audit_chain_valid", {"service": "sample"}) == 0.0


async def test_without_a_folder_nothing_is_anchored(service_database: DatabaseFactory) -> None:
    assert await anchor_audit(workplace_of(await service_database("sample"))) == 0


async def test_work_that_is_done_shows_as_none(service_database: DatabaseFactory) -> None:
    database = await service_database("sample")
    workplace, show = workplace_of(database), due_meter()
    async with database.request(TENANT, actor="test") as tx:
        tx.schedule("once", TENANT, due_at=clock.business(), cause=origin())
    await show(workplace)
    labels = {"service": "sample", "job": "once"}
    assert RCM.get_sample_value("rcm_jobs_due", labels) == 1.0
    async with database.pipeline([TENANT]) as tx:
        from shared.messaging import due

        await due.done(tx, "once", await due.take(database, "once", limit=1))
    await show(workplace)
    assert RCM.get_sample_value("rcm_jobs_due", labels) == 0.0


async def test_lag_waits_for_the_event_log() -> None:
    client = BusClient(cast(Any, None), asyncio.Event())
    assert await lag_meter(client, cast(Any, None))(workplace_of()) == 0


async def ignore(places: frozenset[Place]) -> None:
    """A member that does nothing with its share."""
    del places


async def test_lag_is_seen_from_outside_the_group(postgres: PostgresServer) -> None:
    topic, group = "rcm.payments.v1", "rcm.nobody"
    labels = {"topic": topic, "group": group}
    async with postgres.database() as url:
        bus = EmbeddedBus(url)
        await bus.start()
        await bus.apply_topics(declared_topics())
        now = int(clock.system().timestamp() * 1000)
        records = [
            Outgoing(topic, ids.new().bytes, b"{}", [], now - age * 1000) for age in (400, 1, 0)
        ]
        assert await bus.publish(records) == [None, None, None]
        client = BusClient(bus, asyncio.Event())
        client.started.set()
        show = lag_meter(client, Subscription(group, {FundsReceived: on_funds}))
        await show(workplace_of())
        assert RCM.get_sample_value("rcm_consumer_lag_records", labels) == 3
        assert RCM.get_sample_value("rcm_consumer_lag_seconds", labels) == 300
        assert RCM.get_sample_value("rcm_consumer_members", {"group": group}) == 0
        await bus.rewind(group, await bus.end_offsets([topic]))
        await show(workplace_of())
        assert RCM.get_sample_value("rcm_consumer_lag_records", labels) == 0
        assert RCM.get_sample_value("rcm_consumer_lag_seconds", labels) == 0
        member = await bus.join(group, [topic], Listener(ignore, ignore))
        await eventually(lambda: bus.members(group), describe="the member is there")
        await show(workplace_of())
        assert RCM.get_sample_value("rcm_consumer_members", {"group": group}) == 1
        await member.leave()
        await show(workplace_of())
        assert RCM.get_sample_value("rcm_consumer_members", {"group": group}) == 0
        await bus.stop()


class Closing:
    """A client that can be closed."""

    def __init__(self, *, fails: bool = False) -> None:
        self.closed = 0
        self._fails = fails

    async def aclose(self) -> None:
        """Close, or fail to."""
        self.closed += 1
        if self._fails:
            raise OSError


async def test_outside_clients_are_made_once_and_closed() -> None:
    outside = Outside()
    first = outside("payer", Closing)
    assert outside("payer", Closing) is first
    broken = outside("broken", lambda: Closing(fails=True))
    plain = outside("plain", object)
    assert plain is outside("plain", object)
    await outside.close()
    assert (first.closed, broken.closed) == (1, 1)
    assert outside("payer", Closing) is not first


async def test_a_role_that_breaks_takes_the_process_with_it(
    monkeypatch: pytest.MonkeyPatch, service_database: DatabaseFactory
) -> None:
    database = await service_database("sample", attached=False)
    settings = SampleSettings(**settings_for(database), admin_port=free_port())

    async def breaks(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr("shared.service.process.run_role", breaks)
    process = Process([service], ["jobs"], settings=[settings])
    with suppress(TimeoutError):
        assert await asyncio.wait_for(process.run(), 20) == 70
    assert process.health.draining
    assert ROLES == ("api", "events", "jobs", "relay")


async def test_a_taken_admin_port_is_told(
    service_database: DatabaseFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    database = await service_database("sample", attached=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = SampleSettings(**settings_for(database), admin_port=port)
        assert await Process([service], ["jobs"], settings=[settings]).run() == 70
    assert "the admin port cannot be opened" in capsys.readouterr().err


@pytest.mark.parametrize(("role", "times"), [("api", 1), ("jobs", 0)])
async def test_only_the_api_takes_the_first_steps(
    service_database: DatabaseFactory, role: str, times: int
) -> None:
    database = await service_database("sample", attached=False)
    began: list[str] = []

    async def step(workplace: Workplace) -> None:
        began.append(workplace.service)

    ports = {"admin_port": free_port(), "port": free_port()}
    settings = SampleSettings(**settings_for(database), **cast(Any, ports))
    process = Process([replace(service, on_start=[step])], [role], settings=[settings])
    run = asyncio.create_task(process.run())
    await eventually(lambda: process.health.started, timeout_seconds=20)
    process.stopping.set()
    assert await asyncio.wait_for(run, 20) == 0
    assert began == ["sample"] * times


LATER = """revision = "sample_000{number}"
down_revision = "sample_000{before}"


def upgrade() -> None:
    pass
"""


async def test_a_database_older_than_the_program_is_refused_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
    service_database: DatabaseFactory,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    database = await service_database("sample", attached=False)
    shutil.copy(SAMPLE / "0001_first.py", tmp_path)
    monkeypatch.setattr("shared.database.migrating.migrations_of", lambda _: tmp_path)
    assert not is_too_old("sample", "sample_0001")
    (tmp_path / "0002_second.py").write_text(LATER.format(number=2, before=1))
    assert not is_too_old("sample", "sample_0001"), "a program works on the schema before its own"
    (tmp_path / "0003_third.py").write_text(LATER.format(number=3, before=2))
    assert is_too_old("sample", "sample_0001")
    assert not is_too_old("sample", "sample_0004"), "an older program works on a newer schema"
    settings = SampleSettings(**settings_for(database), admin_port=free_port())
    process = Process([service], ["jobs"], settings=[settings])
    assert await asyncio.wait_for(process.run(), 20) == 78
    assert not process.health.started
    assert "run its role migrate first" in capsys.readouterr().err


def settings_for(database: Any) -> dict[str, Any]:
    """The addresses of a database as settings."""
    return {f"database_url_{role}": url for role, url in database.urls._asdict().items()}


def free_port() -> int:
    """A port nobody listens on."""
    from cli import local_process

    return local_process.free_port()
