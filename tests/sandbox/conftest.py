"""Fixtures of the sandbox's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from shared import clock
from tests.sandbox.samples import NOW, World
from tests.support.databases import DatabaseFactory

WorldFactory = Callable[..., Awaitable[World]]


@pytest.fixture
async def make_world(service_database: DatabaseFactory) -> AsyncIterator[WorldFactory]:
    """A factory of sandboxes, each with a database of its own, on a Monday evening."""
    made: list[World] = []

    async def factory(**settings: Any) -> World:
        database = await service_database("sandbox", attached=False)
        made.append(World(database, **settings))
        return made[-1]

    with clock.fixed(NOW):
        yield factory
    for world in made:
        await world.close()


@pytest.fixture
async def world(make_world: WorldFactory) -> World:
    """One sandbox with the default seed; everything is available at once."""
    return await make_world()
