"""Facts and remittances as payments meets them, with invented people and the demo's prices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.payments.domain.remittance import (
    Adjustment,
    ClaimPayment,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)
from shared import ids
from shared.events.claims import ClaimLine, ClaimSubmitted
from shared.events.coding import CodedLine, EncounterCoded
from shared.events.eligibility import CoverageInactive
from shared.events.people import Coverage, Patient, PersonIdentity, PostalAddress
from shared.events.tenancy import BusinessAddress, PayerChanged, PracticeChanged, TenantChanged
from shared.money import Money
from shared.sealing import Keyring
from tests.support.builders import PRACTICE, TENANT

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
ASTER = UUID("01900000-0000-7000-8000-00000000c001")
NPI = "1234567893"
PERSON = PersonIdentity(
    last_name="Sample",
    first_name="Ada",
    birth_date="1980-02-03",
    sex="F",
    address=PostalAddress(line1="1 Elm Road", city="Springfield", state="IL", zip_code="627010001"),
    email="ada@example.invalid",
)
Lines = tuple[tuple[str, int], ...]
VISIT: Lines = (("99213", 15_000),)


class Case:
    """One patient's encounter with its claim; names make ids, so a test can tell them apart."""

    def __init__(
        self,
        name: str = "j01",
        *,
        lines: Lines = VISIT,
        ranks: tuple[int, ...] = (1,),
        patient: str = "",
        tenant_id: UUID = TENANT,
    ) -> None:
        self.tenant_id = tenant_id
        self.name = name
        self.lines = lines
        self.ranks = ranks
        self.encounter_id = ids.derived(tenant_id, f"encounter:{name}")
        self.patient_id = ids.derived(tenant_id, f"patient:{patient or name}")
        self.account_id = ids.account_id(self.patient_id)
        self.control_number = f"CS{name.upper()}"

    @property
    def claim_id(self) -> UUID:
        """The first claim at the first payer."""
        return ids.claim_id(self.encounter_id, 1, 0)

    def coded(self, keys: Keyring, **changes: Any) -> EncounterCoded:
        """The encounter with its charges."""
        values: dict[str, Any] = {
            "encounter_id": self.encounter_id,
            "practice_id": PRACTICE,
            "patient": Patient(
                patient_id=self.patient_id, identity=keys.seal_event(self.tenant_id, PERSON)
            ),
            "coverages": [self._coverage(rank) for rank in self.ranks],
            "rendering_provider_id": ids.derived(self.tenant_id, "provider"),
            "service_from": date(2026, 11, 20),
            "service_to": date(2026, 11, 20),
            "place_of_service": "11",
            "coding_version": 1,
            "diagnoses": ["E11.9"],
            "lines": [
                CodedLine(
                    line=number,
                    code=code,
                    modifiers=[],
                    units=1,
                    pointers=[1],
                    charge_cents=cents,
                    service_date=date(2026, 11, 20),
                )
                for number, (code, cents) in enumerate(self.lines, start=1)
            ],
            "method": "submitted",
            "set_versions": {},
        }
        return EncounterCoded(**{**values, **changes})

    def submitted(self, *, rank: int = 1, **changes: Any) -> ClaimSubmitted:
        """The claim as handed to the clearinghouse."""
        values: dict[str, Any] = {
            "claim_id": ids.claim_id(self.encounter_id, rank, 0),
            "encounter_id": self.encounter_id,
            "patient_id": self.patient_id,
            "account_id": self.account_id,
            "payer_id": ASTER,
            "rank": rank,
            "generation": 0,
            "frequency": "1",
            "control_number": self.control_number + ("" if rank == 1 else f"R{rank}"),
            "batch_id": ids.derived(self.tenant_id, "batch"),
            "charge_cents": sum(cents for _, cents in self.lines),
            "lines": [
                ClaimLine(line=number, code=code, modifiers=[], units=1, charge_cents=cents)
                for number, (code, cents) in enumerate(self.lines, start=1)
            ],
            "version": 1,
            "submitted_at": NOW,
        }
        return ClaimSubmitted(**{**values, **changes})

    def inactive(self, *, rank: int = 1) -> CoverageInactive:
        """The payer says: not covered on that date."""
        return CoverageInactive(
            check_id=ids.derived(self.encounter_id, f"check:{rank}"),
            patient_id=self.patient_id,
            encounter_id=self.encounter_id,
            coverage_id=ids.derived(self.patient_id, f"coverage:{rank}"),
            payer_id=ASTER,
            rank=rank,
            service_date=date(2026, 11, 20),
            reason="6",
        )

    def paid(self, position: int = 1, **changes: Any) -> ClaimPayment:
        """J01: CO45 47.50, PR3 25.00, paid 77.50 (of one 99213 at 150.00)."""
        return payment(self.control_number, position=position, **changes)

    def _coverage(self, rank: int) -> Coverage:
        return Coverage(
            coverage_id=ids.derived(self.patient_id, f"coverage:{rank}"),
            payer_id=ASTER,
            rank=rank,
            relationship="18",
            member="sealed",
        )


def payment(
    control_number: str,
    *,
    position: int = 1,
    charge: int = 15_000,
    cas: tuple[tuple[str, str, int], ...] = (("CO", "45", 4_750), ("PR", "3", 2_500)),
    code: str = "99213",
    status: str = "1",
    number: str = "",
    remarks: tuple[str, ...] = (),
) -> ClaimPayment:
    """One claim payment with one line that carries all adjustments; the paid amount follows."""
    adjustments = tuple(Adjustment(group, carc, Money(cents)) for group, carc, cents in cas)
    paid = charge - sum(cents for _, _, cents in cas)
    return ClaimPayment(
        position=position,
        control_number=control_number,
        status=status,
        charge=Money(charge),
        paid=Money(paid),
        patient=Money(sum(cents for group, _, cents in cas if group == "PR")),
        payer_control_number=number or f"P{control_number}",
        services=(ServicePayment("1", code, Money(charge), Money(paid), adjustments, remarks),),
    )


def reversal(of: ClaimPayment, *, position: int = 1) -> ClaimPayment:
    """CLP02 22: every amount negated."""
    services = tuple(
        ServicePayment(
            each.line_control,
            each.code,
            -each.charge,
            -each.paid,
            tuple(Adjustment(cas.group, cas.carc, -cas.amount) for cas in each.adjustments),
            each.remarks,
        )
        for each in of.services
    )
    return ClaimPayment(
        position=position,
        control_number=of.control_number,
        status="22",
        charge=-of.charge,
        paid=-of.paid,
        patient=-of.patient,
        payer_control_number=of.payer_control_number,
        services=services,
    )


def remittance(
    *claims: ClaimPayment,
    trace: str = "TRACE1",
    plb: tuple[tuple[str, int], ...] = (),
    position: int = 1,
    **changes: Any,
) -> Remittance:
    """A payment of Aster that adds up."""
    total = sum(each.paid.cents for each in claims) - sum(cents for _, cents in plb)
    values: dict[str, Any] = {
        "position": position,
        "trace": trace,
        "total": Money(total),
        "paid_on": date(2026, 11, 23),
        "method": "ACH" if total else "NON",
        "payer_code": "ASTER",
        "payee_npi": NPI,
        "claims": claims,
        "provider_adjustments": tuple(
            ProviderAdjustment(reason, "REF", Money(cents)) for reason, cents in plb
        ),
    }
    return Remittance(**{**values, **changes})


def tenant(*, tenant_id: UUID = TENANT, version: int = 1) -> TenantChanged:
    """The billing company with its mailbox."""
    return TenantChanged(
        tenant_id=tenant_id, name="Billing Co", mode="test", edi_id="BILLINGCO", version=version
    )


def practice(*, version: int = 1, name: str = "Elm Street Clinic") -> PracticeChanged:
    """The practice that is paid."""
    return PracticeChanged(
        practice_id=PRACTICE,
        name=name,
        npi=NPI,
        tax_id="123456789",
        taxonomy="207Q00000X",
        address=BusinessAddress(
            line1="2 Elm Street", city="Springfield", state="IL", zip_code="627010002"
        ),
        phone="2175550100",
        email="office@example.invalid",
        version=version,
    )


def payer(*, version: int = 1, name: str = "Aster PPO") -> PayerChanged:
    """The payer of most cases."""
    return PayerChanged(
        payer_id=ASTER,
        code="ASTER",
        name=name,
        filing_indicator="CI",
        address=BusinessAddress(
            line1="3 Payer Way", city="Springfield", state="IL", zip_code="627010003"
        ),
        filing_days=90,
        answer_days=21,
        version=version,
    )
