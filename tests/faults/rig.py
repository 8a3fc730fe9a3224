"""What fault scenarios share: an installation of separate processes, a load, a checker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import httpx

from cli.api import Api, ApiError
from cli.demo.opening import Company, open_company
from cli.everything import Installed
from sandbox import clinic
from sandbox.clinic import Expected
from shared import ids
from tests.support.checker import Accepted, Checker
from tests.support.eventually import eventually
from tests.support.processes import ONE_EACH, Supervisor
from tests.support.system import Engines, at_rest, scenarios_of

T = TypeVar("T")
PATIENCE = float(os.environ.get("RCM_FAULT_PATIENCE", "1"))
"""Factor on the deadline for a machine shared with other work; a row says when it is not 1."""
LIVENESS_SECONDS = 60.0 * PATIENCE
"""L of docs/trust: after healing, everything is at rest within this time."""
MIX = {"J01": 1, "J02": 1, "J08": 2}
AWAY = frozenset({429, 503, 504})
FINAL_STATES = {"closed", "denied"}


class Load:
    """Clients of one billing company: encounters, and changes of a practice for every service.

    accepted: encounters that a client was told are taken in, with the end their claim must have.
    tenant: the company's. A call without an answer is repeated under its key until there is one.
    """

    def __init__(self, company: Company, chance: random.Random) -> None:
        self.company = company
        self.tenant = ids.read("tenant", company.tenant_id)
        self.accepted: dict[UUID, Expected] = {}
        self.sent = 0
        self._chance = chance
        self._bodies = scenarios_of(company)

    async def send(self, count: int, *, name: str = "") -> None:
        """Send encounters one after the other: of one scenario, or drawn from the mix."""
        for _ in range(count):
            self.sent += 1
            drawn = self._chance.choices([*MIX], [*MIX.values()])[0]
            scenario = self._bodies[name or drawn]
            body = _of_somebody_else(scenario.encounter, self.sent)
            answer = await insisted(
                self.company.api, "/v1/encounters", body, key=body["external_id"]
            )
            encounter = ids.read("encounter", answer["encounter_id"])
            self.accepted[encounter] = scenario.expected

    async def change_practice(self, number: int) -> None:
        """Master data that every service with consumers of it must take over."""
        practice = clinic.PRACTICES[number % len(clinic.PRACTICES)]
        path = f"/v1/practices/{self.company.practices[practice.npi]}"
        body = {**practice.body, "phone": f"608555{number % 10_000:04d}"}
        await insisted(self.company.api, path, body, key=f"practice-{number}")

    @asynccontextmanager
    async def flowing(self, *, clients: int = 1, pause_seconds: float = 0.6) -> AsyncIterator[None]:
        """Work comes in for the length of the block, from several clients at once."""
        stop = asyncio.Event()

        async def flow() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                await self.send(1)
                if number % 4 == 0:
                    await self.change_practice(self.sent)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause_seconds)

        flows = asyncio.gather(*(flow() for _ in range(clients)))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(flows, LIVENESS_SECONDS)


class Rig:
    """One installation of separate processes; scenarios use it one after the other."""

    def __init__(self, engines: Engines, place: Installed, supervisor: Supervisor) -> None:
        self.engines = engines
        self.place = place
        self.supervisor = supervisor
        self.accepted: dict[UUID, Expected] = {}
        self.tenants: list[UUID] = []

    @asynccontextmanager
    async def load(self, chance: random.Random) -> AsyncIterator[Load]:
        """A company of the scenario's own, known to every service."""
        await self.supervisor.disarm()
        await self.supervisor.start_all(ONE_EACH)
        company = await open_company(self.place, self.engines.folder)
        load = Load(company, chance)
        self.tenants.append(load.tenant)
        try:
            await at_rest(self.place)
            yield load
            self.accepted |= load.accepted
        finally:
            await company.api.aclose()

    async def healed(self, load: Load, checker: Checker) -> Healed:
        """Everything runs again: at rest within the deadline, and every invariant holds."""
        await self.supervisor.start_all(ONE_EACH)
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            await decided(load)
            await at_rest(self.place, seconds=max(0.0, began + LIVENESS_SECONDS - clock()))
        except AssertionError as late:
            checker.violations.append(f"not at rest: {late}")
        seconds = clock() - began
        self.accepted |= load.accepted
        published = await checker.judge(Accepted(self.tenants, self.accepted))
        return Healed(seconds, published.again.get(load.tenant, Counter()))


class Healed(NamedTuple):
    """How long it took to come to rest, and how often which event of the load was sent again."""

    seconds: float
    again: Counter[UUID]

    def __str__(self) -> str:
        patience = "" if PATIENCE == 1 else f" (deadline {LIVENESS_SECONDS:.0f} s)"
        return f"{self.again.total()} records sent again, at rest in {self.seconds:.0f} s{patience}"


async def decided(load: Load) -> None:
    """Every accepted encounter has a claim that has come to its end."""

    async def all_of_them() -> bool:
        api = load.company.api
        claims = [row async for row in api.every("/v1/claims/search", {})]
        open_ones = [row["status"] for row in claims if row["status"] not in FINAL_STATES]
        missing = len(load.accepted) - len(claims)
        assert not missing, f"{missing} claims are missing"
        assert not open_ones, f"open: {open_ones}"
        return True

    await eventually(
        all_of_them,
        timeout_seconds=LIVENESS_SECONDS,
        describe="all claims decided",
        interval_seconds=0.5,
    )


async def insisted(api: Api, path: str, body: Any, *, key: str) -> Any:
    """A write under its key, repeated until there is an answer that settles it."""

    async def once() -> Any:
        return await api.post(path, body, key=key)

    return await _patiently(once)


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    for _ in range(200):
        try:
            return await call()
        except httpx.TransportError:
            await asyncio.sleep(0.3)
        except ApiError as error:
            if error.status not in AWAY and "Retry-After" not in str(error.problem):
                raise
            await asyncio.sleep(0.3)
    raise AssertionError("there was no answer for a minute")


def _of_somebody_else(encounter: dict[str, Any], number: int) -> dict[str, Any]:
    """The same visit of another invented person."""
    patient = encounter["patient"]
    letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    return {
        **encounter,
        "external_id": f"{encounter['external_id']}-{number}",
        "patient": {
            **patient,
            "external_id": f"{patient['external_id']}-{number}",
            "last_name": f"{patient['last_name']}{letters}",
            "birth_date": f"{1940 + number % 60}-0{1 + number % 9}-1{number % 10}",
            "email": f"person{number}@example.org",
        },
    }
