"""Encounters and master data for the handlers of eligibility."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from services.eligibility.__main__ import service
from services.eligibility.settings import EligibilitySettings
from shared.database import Database
from shared.events.coding import EncounterReceived
from shared.events.marks import Fact
from shared.events.people import Patient
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged
from tests.eligibility.samples import encounter, master_data
from tests.services.bench import Bench, Law, World
from tests.support.services import deliver

UNKNOWN = 2
"""The thing whose payer (practice) comes only later."""


def _received(world: World, thing: int, variant: int) -> Fact:
    """An encounter of one or two coverages; it may be told again."""
    fact = encounter(
        world.keys, tenant_id=world.tenant_id, encounter_id=world.id(f"encounter:{thing}")
    )
    first = replace(fact.coverages[0], coverage_id=world.id(f"coverage:{thing}:1"))
    if thing == UNKNOWN:
        first = replace(first, payer_id=world.id("newcomer"))
    second = replace(first, coverage_id=world.id(f"coverage:{thing}:2"), rank=2)
    patient = Patient(patient_id=world.id(f"patient:{thing}"), identity=fact.patient.identity)
    coverages = [[first], [first, second], [second], []][variant]
    return replace(fact, patient=patient, coverages=coverages)


def _tenant(world: World, _: int, version: int) -> Fact:
    return replace(master_data(world.tenant_id, version)[0], edi_id=f"SENDER{version}")


def _practice(world: World, thing: int, version: int) -> Fact:
    fact = replace(master_data(version=version)[1], name=f"Practice {version}")
    return replace(fact, practice_id=world.id(f"practice:{thing}")) if thing else fact


def _payer(world: World, thing: int, version: int) -> Fact:
    fact = replace(master_data(version=version)[2], name=f"Payer {version}")
    return replace(fact, payer_id=world.id(f"payer:{thing}")) if thing else fact


async def _prepare(database: Database, worlds: Sequence[World]) -> None:
    for world in worlds:
        facts = master_data(world.tenant_id)
        await deliver(database, service.handlers_for(SETTINGS), facts, tenant_id=world.tenant_id)


def _later(world: World) -> list[Fact]:
    return [replace(master_data()[2], payer_id=world.id("newcomer"), code="NEW")]


SETTINGS = EligibilitySettings()
BENCH = Bench(
    service,
    SETTINGS,
    datetime(2026, 11, 23, 18, tzinfo=UTC),
    (
        Law(EncounterReceived, _received),
        Law(TenantChanged, _tenant),
        Law(PracticeChanged, _practice),
        Law(PayerChanged, _payer),
    ),
    _prepare,
    _later,
)
