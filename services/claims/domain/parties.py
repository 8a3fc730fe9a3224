"""Who stands on a claim: practice, providers, payer, patient and member, as the edits see them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from msgspec import Struct

from shared.events.people import MemberIdentity, PersonIdentity

SELF_RELATIONSHIP = "18"
MEDICARE_PART_B = "MB"


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an organisation."""

    line1: str
    line2: str
    city: str
    state: str
    zip_code: str


@dataclass(frozen=True, slots=True)
class Submitter:
    """The billing company as the clearinghouse knows it."""

    id: UUID
    name: str
    edi_id: str
    mode: str

    @property
    def is_live(self) -> bool:
        """Files of the other mode are marked as tests (ISA15)."""
        return self.mode == "live"


@dataclass(frozen=True, slots=True)
class Practice:
    """The billing provider."""

    id: UUID
    name: str
    npi: str
    tax_id: str
    taxonomy: str
    address: Address
    phone: str
    active: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """A person who rendered or referred."""

    id: UUID
    last_name: str
    first_name: str
    npi: str
    taxonomy: str
    active: bool


@dataclass(frozen=True, slots=True)
class Payer:
    """Who is asked to pay; the three numbers of days are dated master data."""

    id: UUID
    code: str
    name: str
    filing_indicator: str
    address: Address
    filing_days: int
    answer_days: int
    appeal_days: int
    active: bool
    version: int

    @property
    def is_medicare(self) -> bool:
        """Medicare Part B takes frequency 1 only and knows members by their MBI."""
        return self.filing_indicator == MEDICARE_PART_B


class Parties(Struct, frozen=True, kw_only=True):
    """The people of one coding version, kept sealed; members stand in the order of coverages."""

    patient: PersonIdentity
    members: tuple[MemberIdentity, ...]
