"""Who an encounter is about and who may pay for it, as every encounter event carries them."""

from __future__ import annotations

from msgspec import Struct

from shared.events.marks import Code, Id, Number, Part, Sealed


class PostalAddress(Struct, frozen=True, kw_only=True):
    """A US address as claims and statements need it."""

    line1: str
    line2: str = ""
    city: str
    state: str
    zip_code: str


class PersonIdentity(Struct, frozen=True, kw_only=True):
    """The direct identifiers of a person; exists in the open only inside a service.

    birth_date is ISO 8601, sex is F, M or U (X12 DMG03), phone is 10 digits.
    """

    last_name: str
    first_name: str
    birth_date: str
    sex: str
    address: PostalAddress
    email: str = ""
    phone: str = ""


class MemberIdentity(Struct, frozen=True, kw_only=True):
    """Who the payer knows: member id, group, and the subscriber where it is not the patient."""

    member_id: str
    group_number: str = ""
    subscriber: PersonIdentity | None = None


class Patient(Part, frozen=True, kw_only=True):
    """identity: a sealed PersonIdentity."""

    patient_id: Id
    identity: Sealed


class Coverage(Part, frozen=True, kw_only=True):
    """One coverage of the patient on the date of service.

    rank: 1 primary, 2 secondary, 3 tertiary. relationship: X12 individual relationship code
    (18 self, 01 spouse, 19 child). member: a sealed MemberIdentity.
    """

    coverage_id: Id
    payer_id: Id
    rank: Number
    relationship: Code
    member: Sealed
