"""F1, F2, F3: processes of the product are killed at named places while work comes in."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from cli.api import ApiError
from sandbox import clinic
from shared import ids
from shared.messaging.relay import BATCH
from tests.faults.conftest import Run, rig_on
from tests.faults.rig import PATIENCE, Load, Rig, decided, insisted
from tests.support.checker import Checker
from tests.support.processes import Part
from tests.support.system import at_rest, scenarios_of

pytestmark = pytest.mark.fault

POINTS = (
    "after_fetch",
    "mid_run",
    "before_commit",
    "after_commit",
    "between_handlers",
    "during_retry",
    "after_offset_commit",
)
RELAY_POINTS = ("before_send", "after_send", "before_delete")
CONSUMERS = ("coding", "eligibility", "claims", "payments", "notifications")
PUBLISHERS = ("gateway", "coding", "eligibility", "claims", "payments", "notifications")
LOSING = ("gateway", "payments", "coding")
KILLS, RELAY_KILLS = 16, 9
KILLED_WITHIN_SECONDS = 120.0 * PATIENCE

BREAK = """
create or replace function broken() returns trigger language plpgsql as $$
begin raise exception 'a bug made by a test'; end $$;
create or replace trigger broken before insert on inbox for each statement execute function broken()
"""
MEND = "drop trigger if exists broken on inbox"

Kill = tuple[Part, str]
Write = tuple[str, dict[str, object]]


@rig_on(fast="kafka")
async def test_f1_consumers_are_killed(rig: Rig, run: Run) -> None:
    kills = _dealt(run.chance, CONSUMERS, POINTS, KILLS)
    checker = Checker(rig.place)
    async with rig.load(run.chance) as load:
        async with checker.watching(), load.flowing():
            at_risk = await _killed(rig, kills, checker)
        healed = await rig.healed(load, checker)
        assert not healed.again - at_risk
        assert await checker.dead_letters() == 0
        run.saw(f"{len(kills)} kills, {len(load.accepted)} claims, {healed}")


@rig_on(fast="embedded")
async def test_f2_relays_are_killed(rig: Rig, run: Run) -> None:
    kills = _dealt(run.chance, PUBLISHERS, RELAY_POINTS, RELAY_KILLS)
    after_sending = sum(point != "before_send" for _, point in kills)
    checker = Checker(rig.place)
    async with rig.load(run.chance) as load:
        async with checker.watching(), load.flowing():
            at_risk = await _killed(rig, kills, checker)
        healed = await rig.healed(load, checker)
        assert not healed.again - at_risk, "sent again though no kill had put it in doubt"
        assert healed.again.total() >= after_sending, "a kill after sending left no trace"
        assert await checker.dead_letters() == 0
        run.saw(f"{len(kills)} kills, {len(load.accepted)} claims, {healed}")


@rig_on(fast="kafka")
async def test_f3_an_answer_is_lost(rig: Rig, run: Run) -> None:
    checker = Checker(rig.place)
    async with rig.load(run.chance) as load:
        await load.send(1, name="J02")
        await decided(load)
        await at_rest(rig.place)
        writes = {service: await _write_of(service, load) for service in LOSING}
        await asyncio.gather(
            *(_restarted(rig, Part(service), "after_commit_before_answer:1") for service in LOSING)
        )
        for service, write in writes.items():
            await _answer_lost(rig, load, service, write)
        healed = await rig.healed(load, checker)
        told = "same answer, one effect, another body refused"
        run.saw(f"{', '.join(LOSING)}: {told}, {healed}")


async def _answer_lost(rig: Rig, load: Load, service: str, write: Write) -> None:
    """A client whose answer was lost repeats its write; whoever reuses the key is refused."""
    part, api = Part(service), load.company.api
    path, body = write
    key = f"f3-{service}-{load.company.run}"
    first = asyncio.create_task(insisted(api, path, body, key=key))
    dying = asyncio.create_task(rig.supervisor.killed(part, within_seconds=KILLED_WITHIN_SECONDS))
    await asyncio.wait({first, dying}, return_when=asyncio.FIRST_COMPLETED)
    assert not first.done(), f"{service} did not die: {first.exception() or first.result()}"
    await dying
    await rig.supervisor.start_all([part])
    answer = await first
    assert await insisted(api, path, body, key=key) == answer
    with pytest.raises(ApiError, match="422"):
        await insisted(api, path, {**body, **_changed(service)}, key=key)
    if service == "coding":
        encounter = ids.read("encounter", answer["encounter_id"])
        load.accepted[encounter] = scenarios_of(load.company)["J01"].expected


def _dealt(
    chance: random.Random, services: Sequence[str], points: Sequence[str], count: int
) -> list[Kill]:
    """Every point and every service at least once, the rest by chance."""
    drawn = [*points, *(chance.choice(points) for _ in range(count - len(points)))]
    chance.shuffle(drawn)
    first = chance.sample(services, len(services))
    return [(Part(first[n % len(first)]), point) for n, point in enumerate(drawn)]


async def _killed(rig: Rig, kills: Sequence[Kill], checker: Checker) -> Counter[UUID]:
    """Each service dies its own deaths, one after the other; the services side by side.

    Returns the events that a death put in doubt, as often as it did: at most one relay batch each.
    """
    parts = {part for part, _ in kills}
    at_risk: Counter[UUID] = Counter()

    async def one(part: Part) -> None:
        for point in [point for own, point in kills if own == part]:
            async with _bug(rig, part, is_wanted=point == "during_retry"):
                await _restarted(rig, part, f"{point}:1")
                await rig.supervisor.killed(part, within_seconds=KILLED_WITHIN_SECONDS)
            if point != "before_send":
                at_risk.update((await checker.unsent(part.service))[:BATCH])
        await rig.supervisor.start_all([part])

    await asyncio.gather(*(one(part) for part in parts))
    return at_risk


async def _restarted(rig: Rig, part: Part, fail_point: str) -> None:
    if rig.supervisor.runs(part):
        assert await rig.supervisor.stop(part) == 0
    rig.supervisor.start(part, fail_point=fail_point)
    if fail_point.startswith("after_commit_before_answer"):
        await rig.supervisor.ready(part)


@asynccontextmanager
async def _bug(rig: Rig, part: Part, *, is_wanted: bool) -> AsyncIterator[None]:
    """While the block runs, whatever the service consumes fails by a bug."""
    if not is_wanted:
        yield
        return
    await _as_superuser(rig, part, BREAK)
    try:
        yield
    finally:
        await _as_superuser(rig, part, MEND)


async def _as_superuser(rig: Rig, part: Part, statement: str) -> None:
    url = rig.engines.postgres.admin_url.rpartition("/")[0] + f"/rcm_{part.service}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _write_of(service: str, load: Load) -> Write:
    """A write that the service itself answers."""
    company = load.company
    if service == "coding":
        encounter = scenarios_of(company)["J01"].encounter
        return "/v1/encounters", {**encounter, "external_id": f"f3-{company.run}"}
    if service == "gateway":
        return "/v1/payers", {**clinic.PAYERS[0], "code": "LATER", "name": "Invented Later"}
    rows = (await company.api.post("/v1/encounters/search", {}))["data"]
    account = ids.account_id(ids.read("patient", rows[0]["patient_id"]))
    path = f"/v1/accounts/{ids.shown('account', account)}/payments"
    return path, {"amount_cents": 1_00, "channel": "cash"}


def _changed(service: str) -> dict[str, object]:
    changed: dict[str, dict[str, object]] = {
        "coding": {"place_of_service": "22"},
        "payments": {"amount_cents": 2_00},
        "gateway": {"name": "Otherwise"},
    }
    return changed[service]
