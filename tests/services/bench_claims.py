"""Codings, verdicts, decisions, postings and master data for the handlers of claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from services.claims import jobs
from services.claims.__main__ import service
from services.claims.settings import ClaimsSettings
from shared.database import Database
from shared.events.coding import EncounterCoded
from shared.events.eligibility import CoverageInactive, EligibilityFailed, EligibilityVerified
from shared.events.marks import Fact
from shared.events.payments import PaymentPosted, RemittanceClaimMatched
from shared.events.tenancy import PayerChanged, PracticeChanged, ProviderChanged, TenantChanged
from tests.claims.builders import (
    NOW,
    coverage,
    denial,
    encounter_coded,
    failed,
    inactive,
    learn_master_data,
    line,
    matched,
    payer_changed,
    posted,
    practice_changed,
    provider_changed,
    reversal_of,
    tenant_changed,
    verified,
)
from tests.claims.flows import HANDLERS, claim_of, workplace
from tests.claims.stand_in import StandIn
from tests.services.bench import Bench, Law, World
from tests.support.services import deliver

THINGS = 3
LATE = THINGS
"""The thing of a coding whose provider comes only later, of a verdict whose coding does."""


def _coded(world: World, name: str, **changes: Any) -> EncounterCoded:
    """An encounter that is known by its name."""
    tenant = world.tenant_id
    usual: dict[str, Any] = {
        "tenant_id": tenant,
        "encounter_id": world.id(f"encounter:{name}"),
        "patient_id": world.id(f"patient:{name}"),
        "coverages": [
            coverage(world.keys, tenant_id=tenant, coverage_id=world.id(f"coverage:{name}"))
        ],
    }
    return encounter_coded(world.keys, **{**usual, **changes})


def _coding(world: World, thing: int, variant: int) -> Fact:
    """Thing 0 is clean, 1 has findings, 2 no coverage, 3 a provider who is not known yet."""
    changes: dict[str, Any] = {
        "coding_version": variant + 1,
        "lines": [line(charge_cents=15_000 + variant, pointers=[3 if thing == 1 else 1])],
    }
    if thing == 2:
        changes["coverages"] = []
    if thing == LATE:
        changes["rendering_provider_id"] = world.id("newcomer")
    return _coded(world, f"coding:{thing}", **changes)


def _verdict(told: Callable[..., Fact], name: str, world: World, thing: int, *rest: Any) -> Fact:
    return told(_coded(world, f"{name}:{thing}"), check_id=world.id(f"check:{thing}"), **rest[0])


def _verified(name: str, world: World, thing: int, variant: int) -> Fact:
    said = [{}, {"verdict": "review"}, {"rank": 2}, {"plan": "PPO"}][variant % 4]
    return _verdict(verified, name, world, thing, said)


def _inactive(name: str, world: World, thing: int, variant: int) -> Fact:
    said = [{}, {"reason": "8"}, {"rank": 2}][variant % 3]
    return _verdict(inactive, name, world, thing, said)


def _failed(name: str, world: World, thing: int, variant: int) -> Fact:
    said: list[dict[str, Any]] = [
        {},
        {"verdict": "needs_correction", "final": False},
        {"verdict": "payer_down", "final": False},
        {"verdict": "payer_down"},
    ]
    return _verdict(failed, name, world, thing, said[variant % 4])


def _any_verdict(world: World, thing: int, variant: int) -> Fact:
    tell = (_verified, _inactive, _failed)[variant % 3]
    return tell("any", world, thing, variant // 3)


VERDICTS = {"verified": _verified, "inactive": _inactive, "failed": _failed}


def _of(world: World, name: str) -> tuple[UUID, UUID]:
    coded = _coded(world, name)
    return claim_of(coded), coded.encounter_id


def _decision(world: World, thing: int, variant: int) -> Fact:
    """Paid, denied, taken back, paid otherwise, paid by who forwards it."""
    of, remit = _of(world, f"decided:{thing}"), {"remit_id": world.id(f"remit:{variant}")}
    paid = matched(*of, remit_id=world.id("remit:0"))
    made: list[Callable[[], Fact]] = [
        lambda: paid,
        lambda: denial(*of, "CO50 9000 PR3 6000", **remit),
        lambda: reversal_of(paid, **remit),
        lambda: matched(*of, **remit, paid_on=date(2026, 12, 20)),
        lambda: matched(*of, **remit, clp02="19"),
        lambda: denial(*of, "CO16 15000", rarc=["MA130"], **remit),
    ]
    return made[variant]()


def _posted(world: World, thing: int, variant: int) -> Fact:
    said: list[dict[str, Any]] = [
        {},
        {"balance_after_cents": 100},
        {"balance_after_cents": -5, "patient_cents": 0},
        {"source": "patient"},
    ]
    claim_id, encounter_id = _of(world, f"posted:{thing}")
    return posted(
        claim_id, encounter_id, posting_id=world.id(f"posting:{variant}"), **said[variant]
    )


def _tenant(world: World, _: int, version: int) -> Fact:
    return tenant_changed(tenant_id=world.tenant_id, version=version, edi_id=f"SENDER{version}")


def _practice(world: World, thing: int, version: int) -> Fact:
    place = {"practice_id": world.id(f"practice:{thing}")} if thing else {}
    return practice_changed(version=version, name=f"Practice {version}", **place)


def _provider(world: World, thing: int, version: int) -> Fact:
    place = {"provider_id": world.id(f"provider:{thing}")} if thing else {}
    return provider_changed(version=version, last_name=f"Rivera{version}", **place)


def _payer(world: World, thing: int, version: int) -> Fact:
    place = {"payer_id": world.id(f"payer:{thing}")} if thing else {}
    return payer_changed(version=version, filing_days=90 + version, **place)


async def _prepare(database: Database, worlds: Sequence[World]) -> None:
    """Master data; verdicts before their codings and the reverse; claims sent, some decided."""
    for world in worlds:
        await learn_master_data(database, world.tenant_id)
        early: list[Fact] = [verified(_coded(world, f"coding:{thing}")) for thing in (0, 2)]
        waiting = [
            _coded(world, f"{name}:{thing}") for name in (*VERDICTS, "any") for thing in range(2)
        ]
        sent = [
            _coded(world, f"{name}:{thing}")
            for name in ("decided", "posted")
            for thing in range(THINGS)
        ]
        told = [*early, *waiting, *sent, *map(verified, sent)]
        await deliver(database, HANDLERS, told, tenant_id=world.tenant_id)
    place = workplace(database, StandIn())
    while await jobs.submit_ready_claims(place) or await jobs.send_batches(place):
        pass
    for world in worlds:
        paid = [matched(*_of(world, f"posted:{thing}")) for thing in range(THINGS)]
        await deliver(database, HANDLERS, paid, tenant_id=world.tenant_id)


def _later(world: World) -> list[Fact]:
    """What was missing: a provider, codings of verdicts, verdicts of codings."""
    late = [_coded(world, f"{name}:2") for name in (*VERDICTS, "any")]
    verdicts = [verified(_coded(world, f"coding:{thing}")) for thing in (1, LATE)]
    return [provider_changed(provider_id=world.id("newcomer")), *late, *verdicts]


BENCH = Bench(
    service,
    ClaimsSettings(undo_window_seconds=0),
    NOW,
    (
        Law(EncounterCoded, _coding, things=4),
        Law(EligibilityVerified, partial(_verified, "verified")),
        Law(CoverageInactive, partial(_inactive, "inactive")),
        Law(EligibilityFailed, partial(_failed, "failed")),
        Law(EligibilityVerified, _any_verdict, variants=9, name="verdicts of every kind"),
        Law(RemittanceClaimMatched, _decision, variants=6),
        Law(PaymentPosted, _posted),
        Law(TenantChanged, _tenant),
        Law(PracticeChanged, _practice),
        Law(ProviderChanged, _provider),
        Law(PayerChanged, _payer),
    ),
    _prepare,
    _later,
)
