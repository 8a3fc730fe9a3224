"""What the laws need of a service: a database to begin with, and events for every handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared import ids
from shared.database import Database
from shared.events.marks import Fact
from shared.sealing import Keyring
from shared.service import Service
from shared.settings import ServiceSettings


class World(NamedTuple):
    """One tenant of the bench; names make ids, so that no two tenants share one."""

    keys: Keyring
    tenant_id: UUID

    def id(self, name: str) -> UUID:
        """The id of a thing of this tenant."""
        return ids.derived(self.tenant_id, name)


class Law(NamedTuple):
    """Facts for one handler: `tell(world, thing, variant)` says something of the n-th thing.

    A fact is the same for the same numbers, but for the noise of sealed values. Facts of a
    version are equal for equal versions. name: where one law mixes several types of one key.
    """

    fact: type[Fact]
    tell: Callable[[World, int, int], Fact]
    things: int = 3
    variants: int = 4
    name: str = ""

    @property
    def label(self) -> str:
        """What a report calls it."""
        return self.name or self.fact.__name__


class Bench(NamedTuple):
    """A service, its clock, what its database holds before, and what is told afterwards."""

    service: Service
    settings: ServiceSettings
    now: datetime
    laws: tuple[Law, ...]
    prepare: Callable[[Database, Sequence[World]], Awaitable[None]]
    later: Callable[[World], list[Fact]]
