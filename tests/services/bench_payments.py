"""Codings, submissions, denials and master data for the handlers of payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.payments.__main__ import service
from services.payments.settings import PaymentsSettings
from shared.database import Database
from shared.events.claims import ClaimDenied, ClaimSubmitted
from shared.events.coding import EncounterCoded
from shared.events.eligibility import CoverageInactive
from shared.events.marks import Fact
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged
from shared.messaging.received import Handlers
from tests.payments import builders, world
from tests.payments.builders import NOW, Case
from tests.services.bench import Bench, Law, World
from tests.support.services import deliver

SETTINGS = PaymentsSettings()
HANDLERS: Handlers = service.handlers_for(SETTINGS)
DENIED = (("CO", "50", 15_000),)


def _case(of: World, name: str) -> Case:
    """Things 0 and 1 of a law share their patient."""
    patient = name.replace("-1", "-0")
    return Case(name, tenant_id=of.tenant_id, patient=patient)


def _coded(of: World, thing: int, variant: int) -> Fact:
    """0 is new, 1 was billed, 2 is not covered by its payer, 3 has a payment that waits."""
    lines = (("99213", 15_000 + variant),)
    case = _case(of, f"c-{thing}")
    case.lines = lines
    case.ranks = () if variant == 3 else (1, 2)[: 1 + variant % 2]
    return case.coded(of.keys, coding_version=variant + 1)


def _uncovered(of: World, thing: int, variant: int) -> Fact:
    """0 is coded, 1 was billed, 2 comes only later."""
    return _case(of, f"u-{thing}").inactive(rank=1 + variant % 2)


def _submitted(of: World, thing: int, variant: int) -> Fact:
    """0 is coded, 1 was charged to the patient, 2 is coded later, 3 has a payment that waits."""
    case = _case(of, f"s-{thing}")
    changes: dict[str, Any] = {"version": variant + 1, "charge_cents": 15_000 + variant}
    if variant == 3:
        return case.submitted(rank=2, **changes)
    return case.submitted(**changes, control_number=case.control_number + "AB"[: variant % 3])


def _denied(of: World, thing: int, variant: int) -> Fact:
    """0 and 1 stand denied by the remittance that is named (variants 0 to 2), 2 by none."""
    case = _case(of, f"d-{thing}")
    return ClaimDenied(
        claim_id=case.claim_id,
        encounter_id=case.encounter_id,
        remit_id=REMITS[of.tenant_id] if variant < 3 else of.id("another remittance"),
        lines=[],
        denied_cents=15_000 - variant,
        group="CO",
        carc="50",
        rarc=[],
        category=f"category{variant}",
        partial=False,
        appeal_due=date(2027, 5, 22),
    )


def _tenant(of: World, _: int, version: int) -> Fact:
    return builders.tenant(tenant_id=of.tenant_id, version=version + 1)


def _practice(_: World, __: int, version: int) -> Fact:
    return builders.practice(version=version + 1, name=f"Clinic {version}")


def _payer(_: World, __: int, version: int) -> Fact:
    return builders.payer(version=version + 1, name=f"Payer {version}")


REMITS: dict[Any, Any] = {}
"""Tenant -> the remittance that denies; its id is made when the file is taken in."""


async def _prepare(database: Database, worlds: Sequence[World]) -> None:
    for of in worlds:
        await world.master_data(database, of.tenant_id)
        cases = {
            name: _case(of, name)
            for name in ("c-1", "c-2", "c-3", "u-0", "u-1", "s-0", "s-1", "s-3", "d-0", "d-1")
        }
        facts: list[Fact] = [
            cases[name].coded(of.keys) for name in cases if not name.startswith("c-")
        ]
        facts += [cases[name].submitted() for name in ("c-1", "c-3", "u-1", "d-0", "d-1")]
        facts += [cases["c-2"].inactive(), cases["s-1"].inactive()]
        await deliver(database, HANDLERS, facts, tenant_id=of.tenant_id)
        paid = [cases["c-3"].paid(1), cases["s-3"].paid(2)]
        denied = [
            builders.payment(cases[name].control_number, cas=DENIED, position=place)
            for place, name in enumerate(("d-0", "d-1"), start=3)
        ]
        remits = await world.take(
            database, builders.remittance(*paid, *denied), tenant_id=of.tenant_id
        )
        await world.post(database, remits, tenant_id=of.tenant_id)
        REMITS[of.tenant_id] = remits[0]


def _later(of: World) -> list[Fact]:
    return [_case(of, name).coded(of.keys, coding_version=9) for name in ("c-0", "u-2", "s-2")]


BENCH = Bench(
    service,
    SETTINGS,
    NOW,
    (
        Law(EncounterCoded, _coded, things=4),
        Law(CoverageInactive, _uncovered),
        Law(ClaimSubmitted, _submitted, things=4),
        Law(ClaimDenied, _denied),
        Law(TenantChanged, _tenant, things=1),
        Law(PracticeChanged, _practice, things=1),
        Law(PayerChanged, _payer, things=1),
    ),
    _prepare,
    _later,
)
