"""F24: the clearinghouse fails for a while, first for inquiries, then for claims and mailboxes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sandbox.knobs import Door, Fault
from shared.outside.circuit import FAILURES, FIRST_PAUSE
from shared.settings import ADMIN_PORTS, PORTS
from tests.faults.conftest import Run, rig_on
from tests.faults.rig import Rig
from tests.support.checker import Checker
from tests.support.eventually import eventually

pytestmark = pytest.mark.fault

MOST_FAILURES = 20
LONGEST_SECONDS = 120.0


class Route(NamedTuple):
    """One circuit: who calls, as what, and how many probes are waited for while all fails."""

    service: str
    transaction: str
    door: Door
    probes: int


STORMS = (
    [Route("eligibility", "270", Door.ELIGIBILITY, 3)],
    [
        Route("claims", "837", Door.CLAIMS, 4),
        Route("claims", "mailbox", Door.MAILBOX, 4),
        Route("payments", "835", Door.MAILBOX, 4),
        Route("payments", "deposits", Door.DEPOSITS, 4),
    ],
)


@rig_on(fast="embedded")
async def test_f24_the_clearinghouse_fails(rig: Rig, run: Run) -> None:
    checker, failed = Checker(rig.place), list[int]()
    async with rig.load(run.chance) as load:
        async with checker.watching(), load.flowing():
            for storm in STORMS:
                failed += await _failures_in(rig, storm)
        assert max(failed) <= MOST_FAILURES
        healed = await rig.healed(load, checker)
        assert not healed.again
        assert await checker.dead_letters() == 0
        for route in (each for storm in STORMS for each in storm):
            assert await _told(rig, route, "rcm_payer_circuit_open") == 0
        run.saw(
            f"{len(failed)} circuits opened, at most {max(failed)} failed calls each,"
            f" {len(load.accepted)} claims, {healed}"
        )


async def _failures_in(rig: Rig, storm: Iterable[Route]) -> list[int]:
    """How many calls of each route fail until it is open and was probed."""
    before = [(route, await _told(rig, route, "rcm_payer_requests_total")) for route in storm]
    async with _failing(rig, {route.door for route in storm}):
        await asyncio.gather(*(_is_probed(rig, route, since=count) for route, count in before))
        return [
            int(await _told(rig, route, "rcm_payer_requests_total") - count)
            for route, count in before
        ]


async def _is_probed(rig: Rig, route: Route, *, since: float) -> None:
    """Open, and probed so often; sooner than the pauses add up to would be too soon."""
    clock = asyncio.get_running_loop().time
    began, pauses = clock(), FIRST_PAUSE.total_seconds() * (2**route.probes - 1)

    async def probed() -> bool:
        failed = await _told(rig, route, "rcm_payer_requests_total") - since
        assert failed >= FAILURES + route.probes, f"{failed:.0f} failures"
        return await _told(rig, route, "rcm_payer_circuit_open") == 1

    await eventually(
        probed,
        timeout_seconds=LONGEST_SECONDS,
        describe=f"the circuit of {route.transaction} is probed",
        interval_seconds=0.5,
    )
    assert clock() >= began + pauses, f"{route.transaction} was called while it was open"


@asynccontextmanager
async def _failing(rig: Rig, doors: Iterable[Door]) -> AsyncIterator[None]:
    """These doors of the clearinghouse answer 503 for the length of the block."""
    headers = {"Authorization": f"Bearer {rig.place.sandbox_token}"}
    async with httpx.AsyncClient(
        base_url=rig.place.sandbox_url, headers=headers, trust_env=False
    ) as sandbox:

        async def turn(fault: Fault) -> None:
            for door in doors:
                answer = await sandbox.post("/knobs", json={"door": door, "fault": fault})
                answer.raise_for_status()

        await turn(Fault.REJECT)
        try:
            yield
        finally:
            await turn(Fault.NONE)


async def _told(rig: Rig, route: Route, metric: str) -> float:
    """What a metric of the route says: its state, or how many of its calls came to no answer."""
    base = rig.place.settings[route.service].port_base
    address = f"http://127.0.0.1:{base + PORTS[route.service] + ADMIN_PORTS['api']}/metrics"
    async with httpx.AsyncClient(trust_env=False) as client:
        page = (await client.get(address)).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == metric
        and sample.labels["transaction"] == route.transaction
        and sample.labels.get("outcome", "error") == "error"
    )
