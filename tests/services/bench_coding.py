"""Master data for the handlers of coding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.coding.__main__ import service
from services.coding.settings import CodingSettings
from shared.database import Database
from shared.events.marks import Fact
from shared.events.tenancy import (
    FeeScheduleChanged,
    FeeScheduleLine,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
)
from tests.coding.samples import payer, practice, provider, schedule
from tests.services.bench import Bench, Law, World

NPIS = ("1234567893", "1679576722", "1245319599", "1003000126")


def _practice(world: World, thing: int, version: int) -> Fact:
    place = world.id(f"practice:{thing}")
    return practice(version, practice_id=place, npi=NPIS[version], active=version != 2)


def _provider(world: World, thing: int, version: int) -> Fact:
    return provider(version, provider_id=world.id(f"provider:{thing}"), npi=NPIS[version])


def _payer(world: World, thing: int, version: int) -> Fact:
    return payer(world.id(f"payer:{thing}"), f"PAYER{version}", version)


def _schedule(world: World, thing: int, version: int) -> Fact:
    lines = [
        FeeScheduleLine(code=f"9921{number}", charge_cents=100 * version + number)
        for number in range(version)
    ]
    return schedule(version, fee_schedule_id=world.id(f"schedule:{thing}"), lines=lines)


async def _nothing(_: Database, __: Sequence[World]) -> None:
    """Master data is where coding begins."""


BENCH = Bench(
    service,
    CodingSettings(),
    datetime(2026, 11, 23, 18, tzinfo=UTC),
    (
        Law(PracticeChanged, _practice),
        Law(ProviderChanged, _provider),
        Law(PayerChanged, _payer),
        Law(FeeScheduleChanged, _schedule),
    ),
    _nothing,
    lambda _: [],
)
