"""What an 837 says, typed, for professional, institutional and dental claims alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from shared.x12.parties import (
    Adjustment,
    Amount,
    Party,
    Period,
    Procedure,
    Raw,
    Reference,
    find_reference,
)
from shared.x12.views import View


class BatchHead(NamedTuple):
    """BHT and the two ends; `reference` is BHT03, which a 277CA answers with.

    `kind` CH chargeable, RP reporting, 31 subrogation; `purpose` 00 original, 18 reissue.
    """

    reference: str
    created: date | None
    time: str
    submitter: Party
    receiver: Party
    kind: str = "CH"
    purpose: str = "00"


class Diagnosis(NamedTuple):
    """One diagnosis: `qualifier` ABK first, then ABF (ICD-9: BK, BF); no point in the code."""

    qualifier: str
    code: str
    present_on_admission: str = ""


class Drug(NamedTuple):
    """LIN and CTP, loop 2410: NDC `code` under `qualifier` N4, with quantity and unit."""

    code: str
    quantity: Decimal | None = None
    unit: str = ""
    qualifier: str = "N4"
    references: tuple[Reference, ...] = ()


class LineAdjudication(NamedTuple):
    """SVD, loop 2430: what another payer did with a line."""

    payer_id: str
    paid: Decimal
    procedure: Procedure | None
    units: Decimal | None = None
    bundled_line: str = ""
    revenue_code: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    dates: tuple[Period, ...] = ()
    amounts: tuple[Amount, ...] = ()


class ServiceLine(NamedTuple):
    """LX with SV1, SV2 or SV3, loop 2400.

    `details` are the elements of SV1 behind the pointers, SV2 behind the units, or SV304 and on;
    `rest` are segments no field names, in the guide's order when written.
    """

    procedure: Procedure | None
    charge: Decimal
    units: Decimal | None = None
    unit: str = "UN"
    pointers: tuple[int, ...] = ()
    facility: str = ""
    revenue_code: str = ""
    details: Raw = ()
    dates: tuple[Period, ...] = ()
    references: tuple[Reference, ...] = ()
    amounts: tuple[Amount, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    drugs: tuple[Drug, ...] = ()
    providers: tuple[Party, ...] = ()
    adjudications: tuple[LineAdjudication, ...] = ()
    rest: tuple[Raw, ...] = ()

    @property
    def service_date(self) -> Period | None:
        """DTP*472."""
        return next((d for d in self.dates if d.qualifier == "472"), None)

    @property
    def line_control(self) -> str:
        """REF*6R."""
        return find_reference(self.references, "6R")


class OtherPayer(NamedTuple):
    """SBR, loop 2320: another payer of the claim and what it did."""

    rank: str
    relationship: str
    insured: Party
    payer: Party
    filing: str = ""
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    amounts: tuple[Amount, ...] = ()
    benefits_assigned: str = "Y"
    patient_signature: str = ""
    release: str = "Y"
    providers: tuple[Party, ...] = ()
    rest: tuple[Raw, ...] = ()

    @property
    def paid(self) -> Decimal | None:
        """AMT*D."""
        return next((a.value for a in self.amounts if a.qualifier == "D"), None)


@dataclass(frozen=True, slots=True)
class Claim(View):
    """CLM, loop 2300, with the levels above it.

    `kind` P, I or D. `relationship` is SBR02: 18 when the subscriber is the patient, else empty
    with `patient` and `patient_relationship` (PAT01) given. `facility` and `frequency` are CLM05.
    `codes` are HI segments other than diagnoses, each a tuple of composites.
    """

    kind: str
    claim_id: str
    charge: Decimal
    facility: str
    billing: Party
    subscriber: Party
    payer: Party
    diagnoses: tuple[Diagnosis, ...] = ()
    lines: tuple[ServiceLine, ...] = ()
    frequency: str = "1"
    rank: str = "P"
    relationship: str = "18"
    filing: str = ""
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = ""
    patient: Party | None = None
    patient_relationship: str = ""
    provider_signature: str = "Y"
    assignment: str = "A"
    benefits_assigned: str = "Y"
    release: str = "Y"
    patient_signature: str = ""
    accident: tuple[str, ...] = ()
    special_program: str = ""
    predetermination: str = ""
    delay_reason: str = ""
    dates: tuple[Period, ...] = ()
    references: tuple[Reference, ...] = ()
    amounts: tuple[Amount, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    codes: tuple[tuple[tuple[str, ...], ...], ...] = ()
    providers: tuple[Party, ...] = ()
    other_payers: tuple[OtherPayer, ...] = ()
    pay_to: Party | None = None
    pay_to_plan: Party | None = None
    currency: tuple[str, ...] = ()
    subscriber_condition: tuple[str, ...] = ()
    patient_condition: tuple[str, ...] = ()
    rest: tuple[Raw, ...] = ()

    @property
    def payer_control_number(self) -> str:
        """REF*F8: the payer's own number of the claim that is replaced or voided."""
        return find_reference(self.references, "F8")

    def provider(self, *entities: str) -> Party | None:
        """DN or P3 referring, 82 rendering, 77 facility, DQ supervising, 71 attending ..."""
        return next((p for p in self.providers if p.name.entity in entities), None)


class ClaimBatch(NamedTuple):
    """One ST of an 837."""

    head: BatchHead
    claims: tuple[Claim, ...]


def batch_of(values: Iterable[object]) -> ClaimBatch | None:
    """The values read from one ST put together; None without a BHT."""
    held = list(values)
    head = next((v for v in held if isinstance(v, BatchHead)), None)
    return head and ClaimBatch(head, tuple(v for v in held if isinstance(v, Claim)))
