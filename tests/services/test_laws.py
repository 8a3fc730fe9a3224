"""The batch law and the mixed-batch law, for every event handler of every service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from shared import clock, ids
from shared.database import Database
from shared.database.provisioning import service_urls
from shared.events.envelope import Envelope
from shared.messaging import attach
from shared.service import Service
from tests.services.bench import Bench, Law, World
from tests.services.bench_claims import BENCH as CLAIMS
from tests.services.bench_coding import BENCH as CODING
from tests.services.bench_eligibility import BENCH as ELIGIBILITY
from tests.services.bench_notifications import BENCH as NOTIFICATIONS
from tests.services.bench_payments import BENCH as PAYMENTS
from tests.support.builders import OTHER_TENANT, TENANT, envelope
from tests.support.databases import Templates
from tests.support.laws import check_laws
from tests.support.postgres import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
BENCHES = (CLAIMS, CODING, ELIGIBILITY, NOTIFICATIONS, PAYMENTS)
LAWS = [(bench, law) for bench in BENCHES for law in bench.laws]
LABELS = [f"{bench.service.name}-{law.label}" for bench, law in LAWS]
EXAMPLES = max(3, settings().max_examples // 50)
"""An example takes four databases: few in a usual run, 200 in `make properties`; no shrinking."""


class Benches:
    """Prepared databases, one per service and run, and copies of them, one at a time."""

    def __init__(self, templates: Templates, postgres: PostgresServer) -> None:
        self._templates = templates
        self._postgres = postgres
        self._prepared: dict[str, Database] = {}
        self._copy: Database | None = None

    async def copy(self, bench: Bench) -> Database:
        """A copy; the one given before it is gone."""
        prepared = self._prepared.get(bench.service.name) or await self._prepare(bench)
        await self._drop_copy()
        source = prepared.urls.http.rpartition("/")[2]
        name = await self._postgres.create_database(template=source)
        urls = service_urls(self._postgres.admin_url, bench.service.name, database=name)
        self._copy = Database(bench.service.name, urls, prepared.keys)
        attach(self._copy)
        return self._copy

    async def worlds(self, bench: Bench) -> list[World]:
        """The bench's two tenants."""
        prepared = self._prepared.get(bench.service.name) or await self._prepare(bench)
        return [World(prepared.keys, tenant) for tenant in (TENANT, OTHER_TENANT)]

    async def close(self) -> None:
        """Remove everything."""
        await self._drop_copy()
        for database in self._prepared.values():
            await self._templates.drop(database)

    async def _prepare(self, bench: Bench) -> Database:
        database = await self._templates.copy(bench.service.name)
        worlds = [World(database.keys, tenant) for tenant in (TENANT, OTHER_TENANT)]
        with clock.fixed(bench.now):
            await bench.prepare(database, worlds)
        await database.close()
        self._prepared[bench.service.name] = database
        return database

    async def _drop_copy(self) -> None:
        if self._copy is not None:
            await self._templates.drop(self._copy)
            self._copy = None


@pytest.fixture(scope="session")
async def benches(templates: Templates, postgres: PostgresServer) -> AsyncIterator[Benches]:
    """The run's prepared databases."""
    made = Benches(templates, postgres)
    yield made
    await made.close()


def test_every_handler_of_every_service_has_its_law() -> None:
    found = {
        place.parent.name: import_module(f"services.{place.parent.name}.__main__").service
        for place in ROOT.glob("services/*/__main__.py")
    }
    assert {bench.service.name for bench in BENCHES} == set(found)
    for bench in BENCHES:
        wired: Service = found[bench.service.name]
        held = {law.fact for law in bench.laws if not law.name}
        assert held == set(wired.handlers), f"{wired.name}: handlers without a law, or the reverse"


@pytest.mark.parametrize(("bench", "law"), LAWS, ids=LABELS)
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    print_blob=True,
)
@given(data=st.data())
async def test_a_handler_keeps_the_laws(
    benches: Benches, bench: Bench, law: Law, data: DataObject
) -> None:
    draw = st.tuples(
        st.integers(0, 1), st.integers(0, law.things - 1), st.integers(0, law.variants - 1)
    )
    drawn = data.draw(st.lists(draw, min_size=3, max_size=8), label="(tenant, thing, variant)")
    inner = st.sets(st.integers(1, len(drawn) - 1), min_size=1, max_size=3)
    cuts = sorted(data.draw(inner, label="cuts"))
    worlds = await benches.worlds(bench)
    numbers = count(1)

    def event(world: World, fact: Any) -> Envelope[Any]:
        event_id = ids.derived(world.tenant_id, f"event:{law.label}:{next(numbers)}")
        return envelope(fact, tenant_id=world.tenant_id, event_id=event_id)

    async def make() -> Database:
        return await benches.copy(bench)

    with clock.fixed(bench.now):
        events = [
            event(worlds[tenant], law.tell(worlds[tenant], thing, variant))
            for tenant, thing, variant in drawn
        ]
        then = [event(world, fact) for world in worlds for fact in bench.later(world)]
    handlers = bench.service.handlers_for(bench.settings)
    await check_laws(make, handlers, events, cuts=cuts, then=then)
