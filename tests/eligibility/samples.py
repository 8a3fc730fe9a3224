"""Encounters and master data as eligibility receives them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.eligibility import handlers
from shared import ids
from shared.database import Database
from shared.events.coding import EncounterReceived
from shared.events.marks import Fact
from shared.events.people import Coverage, MemberIdentity, Patient, PersonIdentity, PostalAddress
from shared.events.tenancy import (
    BusinessAddress,
    PayerChanged,
    PracticeChanged,
    TenantChanged,
)
from shared.messaging.received import Handler
from shared.sealing import Keyring
from tests.support.builders import PRACTICE, TENANT

ASTER = UUID("01900000-0000-7000-8000-00000000c001")
ADDRESS = BusinessAddress(line1="1 Lake St", city="Madison", state="WI", zip_code="537031234")
HANDLERS: dict[type[Fact], Handler] = {
    EncounterReceived: handlers.on_encounters_received,
    TenantChanged: handlers.on_tenants_changed,
    PracticeChanged: handlers.on_practices_changed,
    PayerChanged: handlers.on_payers_changed,
}


def person(last_name: str = "Example") -> PersonIdentity:
    return PersonIdentity(
        last_name=last_name,
        first_name="Ada",
        birth_date="1980-02-03",
        sex="F",
        address=PostalAddress(line1="12 Pine St", city="Madison", state="WI", zip_code="53703"),
    )


def master_data(tenant_id: UUID = TENANT, version: int = 1) -> list[Fact]:
    return [
        TenantChanged(
            tenant_id=tenant_id,
            name="Northwind Billing",
            mode="test",
            edi_id="RCMNORTH",
            version=version,
        ),
        PracticeChanged(
            practice_id=PRACTICE,
            name="Lakeside Family Care",
            npi="1234567893",
            tax_id="391234567",
            taxonomy="207Q00000X",
            address=ADDRESS,
            phone="6085550100",
            email="office@example.test",
            version=version,
        ),
        PayerChanged(
            payer_id=ASTER,
            code="ASTER",
            name="Aster PPO",
            filing_indicator="CI",
            address=ADDRESS,
            filing_days=90,
            answer_days=21,
            version=version,
        ),
    ]


def encounter(
    keys: Keyring,
    member_id: str = "TEST-ACTIVE",
    *,
    tenant_id: UUID = TENANT,
    encounter_id: UUID | None = None,
    relationship: str = "18",
) -> EncounterReceived:
    subscriber = None if relationship == "18" else person("Subscriber")
    member = MemberIdentity(member_id=member_id, subscriber=subscriber)
    return EncounterReceived(
        encounter_id=encounter_id or ids.new(),
        practice_id=PRACTICE,
        patient=Patient(patient_id=ids.new(), identity=keys.seal_event(tenant_id, person())),
        coverages=[
            Coverage(
                coverage_id=ids.new(),
                payer_id=ASTER,
                rank=1,
                relationship=relationship,
                member=keys.seal_event(tenant_id, member),
            )
        ],
        rendering_provider_id=ids.new(),
        service_from=date(2026, 11, 3),
        service_to=date(2026, 11, 3),
        place_of_service="11",
    )


def keys_of(database: Database) -> Keyring:
    return database.keys
