"""Facts around one invented practice, as claims receives them, with defaults for every field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec

from services.claims.handlers import (
    on_payers_changed,
    on_practices_changed,
    on_providers_changed,
    on_tenants_changed,
)
from shared import ids
from shared.database import Database
from shared.events.coding import CodedLine, EncounterCoded
from shared.events.eligibility import CoverageInactive, EligibilityFailed, EligibilityVerified
from shared.events.marks import Fact
from shared.events.payments import (
    PaymentPosted,
    RemittanceAdjustment,
    RemittanceClaimMatched,
    RemittanceLine,
)
from shared.events.people import (
    Coverage,
    MemberIdentity,
    Patient,
    PersonIdentity,
    PostalAddress,
)
from shared.events.tenancy import (
    BusinessAddress,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
    TenantChanged,
)
from shared.messaging.received import Handler
from shared.sealing import Keyring
from tests.support.builders import PRACTICE, TENANT
from tests.support.services import deliver

NOW = datetime(2026, 11, 16, 18, 0, tzinfo=UTC)
SERVICE_DAY = date(2026, 11, 9)
PAYER = UUID("01900000-0000-7000-8000-00000000c001")
MEDICARE = UUID("01900000-0000-7000-8000-00000000c002")
PROVIDER = UUID("01900000-0000-7000-8000-00000000d001")
REFERRER = UUID("01900000-0000-7000-8000-00000000d002")
PRACTICE_NPI, PROVIDER_NPI, REFERRER_NPI = "1234567893", "1679576722", "1245319599"


def address(**changes: str) -> BusinessAddress:
    """A street in an invented town."""
    usual = {
        "line1": "12 Harbor Road",
        "city": "Springfield",
        "state": "WI",
        "zip_code": "537031234",
    }
    return BusinessAddress(**{**usual, **changes})


def tenant_changed(**changes: Any) -> TenantChanged:
    """The billing company."""
    usual = {"tenant_id": TENANT, "name": "Lakeside Billing", "mode": "test", "edi_id": "LAKE01"}
    return TenantChanged(**{**usual, "version": 1, **changes})


def practice_changed(**changes: Any) -> PracticeChanged:
    """The practice."""
    usual: dict[str, Any] = {
        "practice_id": PRACTICE,
        "name": "Harbor Family Practice",
        "npi": PRACTICE_NPI,
        "tax_id": "391234567",
        "taxonomy": "207Q00000X",
        "address": address(),
        "phone": "6085550100",
        "email": "office@harbor.example",
        "version": 1,
    }
    return PracticeChanged(**{**usual, **changes})


def provider_changed(**changes: Any) -> ProviderChanged:
    """The physician."""
    usual: dict[str, Any] = {
        "provider_id": PROVIDER,
        "practice_id": PRACTICE,
        "last_name": "Rivera",
        "first_name": "Ana",
        "npi": PROVIDER_NPI,
        "taxonomy": "207Q00000X",
        "version": 1,
    }
    return ProviderChanged(**{**usual, **changes})


def payer_changed(**changes: Any) -> PayerChanged:
    """Aster PPO."""
    usual: dict[str, Any] = {
        "payer_id": PAYER,
        "code": "ASTER",
        "name": "Aster PPO",
        "filing_indicator": "CI",
        "address": address(line1="1 Payer Plaza"),
        "filing_days": 90,
        "answer_days": 14,
        "version": 1,
    }
    return PayerChanged(**{**usual, **changes})


def medicare_changed(**changes: Any) -> PayerChanged:
    """Beacon Medicare."""
    usual = {"payer_id": MEDICARE, "code": "BEACON", "name": "Beacon", "filing_indicator": "MB"}
    return payer_changed(**{**usual, "filing_days": 365, **changes})


MASTER_DATA: dict[type[Fact], Handler] = {
    TenantChanged: on_tenants_changed,
    PracticeChanged: on_practices_changed,
    ProviderChanged: on_providers_changed,
    PayerChanged: on_payers_changed,
}


async def learn_master_data(database: Database, tenant_id: UUID = TENANT) -> None:
    """Everything a claim needs of the gateway, delivered at once."""
    facts = [
        tenant_changed(tenant_id=tenant_id),
        practice_changed(),
        provider_changed(),
        provider_changed(provider_id=REFERRER, last_name="Okafor", npi=REFERRER_NPI),
        payer_changed(),
        medicare_changed(),
    ]
    await deliver(database, MASTER_DATA, facts, tenant_id=tenant_id)


def person(**changes: Any) -> PersonIdentity:
    """An invented patient."""
    usual: dict[str, Any] = {
        "last_name": "Quill",
        "first_name": "Jordan",
        "birth_date": "1980-02-29",
        "sex": "F",
        "address": PostalAddress(
            line1="4 Cedar Lane", city="Springfield", state="WI", zip_code="53703"
        ),
        "email": "jordan@example.com",
        "phone": "6085550199",
    }
    return PersonIdentity(**{**usual, **changes})


def member(**changes: Any) -> MemberIdentity:
    """An invented member."""
    return MemberIdentity(**{"member_id": "TEST-J01", "group_number": "G100", **changes})


def line(number: int = 1, **changes: Any) -> CodedLine:
    """An office visit."""
    usual: dict[str, Any] = {
        "line": number,
        "code": "99213",
        "modifiers": [],
        "units": 1,
        "pointers": [1],
        "charge_cents": 15_000,
        "service_date": SERVICE_DAY,
    }
    return CodedLine(**{**usual, **changes})


def coverage(keys: Keyring, identity: MemberIdentity | None = None, **changes: Any) -> Coverage:
    """The patient's own coverage at Aster."""
    tenant_id = changes.pop("tenant_id", TENANT)
    usual: dict[str, Any] = {
        "coverage_id": ids.new(),
        "payer_id": PAYER,
        "rank": 1,
        "relationship": "18",
        "member": keys.seal_event(tenant_id, identity or member()),
    }
    return Coverage(**{**usual, **changes})


def encounter_coded(keys: Keyring, **changes: Any) -> EncounterCoded:
    """A coded office visit; `patient` and `member` are identities, sealed here."""
    tenant_id = changes.pop("tenant_id", TENANT)
    identity, of_member = changes.pop("patient", person()), changes.pop("member", member())
    usual: dict[str, Any] = {
        "encounter_id": ids.new(),
        "practice_id": PRACTICE,
        "patient": Patient(
            patient_id=changes.pop("patient_id", ids.new()),
            identity=keys.seal_event(tenant_id, identity),
        ),
        "coverages": [coverage(keys, of_member, tenant_id=tenant_id)],
        "rendering_provider_id": PROVIDER,
        "service_from": SERVICE_DAY,
        "service_to": SERVICE_DAY,
        "place_of_service": "11",
        "coding_version": 1,
        "diagnoses": ["E11.9"],
        "lines": [line()],
        "method": "submitted",
        "set_versions": {"icd10cm": "icd10cm-2026-10"},
    }
    return EncounterCoded(**{**usual, **changes})


def _of_coverage(coded: EncounterCoded) -> dict[str, Any]:
    return {
        "check_id": ids.new(),
        "patient_id": coded.patient.patient_id,
        "encounter_id": coded.encounter_id,
        "coverage_id": ids.new(),
        "payer_id": PAYER,
        "rank": 1,
        "service_date": SERVICE_DAY,
    }


def verified(coded: EncounterCoded, **changes: Any) -> EligibilityVerified:
    """The payer knows the member."""
    usual = {**_of_coverage(coded), "verdict": "active", "as_of": NOW}
    return EligibilityVerified(**{**usual, **changes})


def inactive(coded: EncounterCoded, **changes: Any) -> CoverageInactive:
    """The coverage is not in force."""
    return CoverageInactive(**{**_of_coverage(coded), "reason": "6", **changes})


def failed(coded: EncounterCoded, **changes: Any) -> EligibilityFailed:
    """Nobody will ever know."""
    usual = {**_of_coverage(coded), "verdict": "unknown", "final": True}
    return EligibilityFailed(**{**usual, **changes})


def paid_line(
    paid_cents: int = 7_750, cas: str = "CO45 4750 PR3 2500", **changes: Any
) -> RemittanceLine:
    """A line of an 835; cas: group and CARC, cents, and so on."""
    parts = cas.split()
    usual: dict[str, Any] = {
        "line": 1,
        "charge_cents": 15_000,
        "paid_cents": paid_cents,
        "cas": [
            RemittanceAdjustment(group=code[:2], carc=code[2:], cents=int(cents))
            for code, cents in zip(parts[::2], parts[1::2], strict=True)
        ],
        "rarc": [],
    }
    return RemittanceLine(**{**usual, **changes})


def matched(claim_id: UUID, encounter_id: UUID, **changes: Any) -> RemittanceClaimMatched:
    """The 835 of J01: 77.50 paid, 47.50 contract, 25.00 copay."""
    usual: dict[str, Any] = {
        "claim_id": claim_id,
        "encounter_id": encounter_id,
        "remit_id": ids.new(),
        "payer_id": PAYER,
        "clp02": "1",
        "charge_cents": 15_000,
        "paid_cents": 7_750,
        "patient_cents": 2_500,
        "payer_control_number": "ICN0001",
        "lines": [paid_line()],
        "reversal": False,
        "paid_on": date(2026, 11, 23),
    }
    return RemittanceClaimMatched(**{**usual, **changes})


def reversal_of(decision: RemittanceClaimMatched, **changes: Any) -> RemittanceClaimMatched:
    """CLP02 22: every amount negated."""
    lines = [
        msgspec.structs.replace(
            each,
            charge_cents=-each.charge_cents,
            paid_cents=-each.paid_cents,
            cas=[msgspec.structs.replace(one, cents=-one.cents) for one in each.cas],
        )
        for each in decision.lines
    ]
    negated: dict[str, Any] = {
        "clp02": "22",
        "reversal": True,
        "charge_cents": -decision.charge_cents,
        "paid_cents": -decision.paid_cents,
        "patient_cents": -decision.patient_cents,
        "lines": lines,
        "remit_id": ids.new(),
    }
    return msgspec.structs.replace(decision, **{**negated, **changes})


def denial(claim_id: UUID, encounter_id: UUID, cas: str = "CO50 15000", **changes: Any) -> Any:
    """An 835 that pays nothing and denies everything."""
    lines = [paid_line(0, cas, rarc=changes.pop("rarc", []))]
    usual: dict[str, Any] = {"paid_cents": 0, "patient_cents": 0, "lines": lines}
    return matched(claim_id, encounter_id, **{**usual, **changes})


def posted(claim_id: UUID | None, encounter_id: UUID, **changes: Any) -> PaymentPosted:
    """Payments has booked the 835 of J01."""
    usual: dict[str, Any] = {
        "posting_id": ids.new(),
        "account_id": ids.new(),
        "claim_id": claim_id,
        "encounter_id": encounter_id,
        "remit_id": ids.new(),
        "source": "payer",
        "paid_cents": 7_750,
        "adjustments": {"contract": 4_750},
        "patient_cents": 2_500,
        "balance_after_cents": 0,
    }
    return PaymentPosted(**{**usual, **changes})


def names(events: list[Any]) -> list[str]:
    """The types of events, in order."""
    return [event.type for event in events]


def of_type(events: list[Any], kind: type[Fact]) -> list[Any]:
    """The facts of one type, in order."""
    return [event.data for event in events if event.type == kind.__name__]
