"""HTTP shapes read into our own words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.coding.domain.encounter import (
    Circumstances,
    Coding,
    CoverageGiven,
    Line,
    Named,
    Submission,
)
from services.coding.domain.findings import Confirmation
from services.coding.schemas import (
    CompletionIn,
    CoverageIn,
    EncounterIn,
    LineIn,
    PersonIn,
)
from shared import ids
from shared.events.people import MemberIdentity, PersonIdentity, PostalAddress
from shared.money import ZERO, Money


def submission(body: EncounterIn) -> Submission:
    """An encounter as JSON says it; Invalid for an id that cannot be one."""
    referring = body.referring_provider_id
    return Submission(
        external_id=body.external_id.strip(),
        practice=Named(ids.read("practice", body.practice_id)),
        rendering=Named(ids.read("provider", body.rendering_provider_id)),
        referring=Named(ids.read("provider", referring)) if referring else None,
        patient_external_id=body.patient.external_id.strip(),
        patient=_person(body.patient),
        coverages=tuple(map(_coverage, body.coverages)),
        circumstances=Circumstances(
            body.service_from, body.service_to or body.service_from, body.place_of_service
        ),
        coding=coding(body.diagnoses, body.lines, first_day=body.service_from),
    )


def coding(diagnoses: Sequence[str], lines: Sequence[LineIn], *, first_day: date) -> Coding:
    """Codes as JSON says them; first_day dates lines without a date."""
    return Coding(
        tuple(diagnoses),
        tuple(
            Line(
                code=line.code,
                modifiers=tuple(line.modifiers),
                units=line.units,
                pointers=tuple(line.pointers),
                charge=Money(line.charge_cents) if line.charge_cents else ZERO,
                service_date=line.service_date or first_day,
            )
            for line in lines
        ),
    )


def confirmations(body: CompletionIn) -> tuple[Confirmation, ...]:
    """What the coder lets stand."""
    return tuple(Confirmation(one.rule, one.location, one.reason) for one in body.confirmations)


def _person(body: PersonIn) -> PersonIdentity:
    return PersonIdentity(
        last_name=body.last_name.strip(),
        first_name=body.first_name.strip(),
        birth_date=body.birth_date.isoformat(),
        sex=body.sex,
        address=PostalAddress(**body.address.model_dump()),
        email=body.email,
        phone=body.phone,
    )


def _coverage(body: CoverageIn) -> CoverageGiven:
    member = MemberIdentity(
        member_id=body.member_id.strip(),
        group_number=body.group_number,
        subscriber=_person(body.subscriber) if body.subscriber else None,
    )
    return CoverageGiven(body.payer_code, body.rank, body.relationship, member)
