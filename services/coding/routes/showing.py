"""What coding keeps, in the shapes that HTTP shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.coding.actions.coding import Completed
from services.coding.actions.intake import Received
from services.coding.domain.encounter import Content, CoverageKept
from services.coding.domain.findings import Finding
from services.coding.domain.lifecycle import OWNER_OF_NEXT_ACTION, TaskStatus
from services.coding.repository.encounters import Encounter
from services.coding.repository.tasks import Task
from services.coding.schemas import (
    AddressOut,
    ClinicalFactOut,
    CompletedOut,
    CoverageOut,
    EncounterOut,
    EncounterRow,
    FindingOut,
    LineOut,
    PersonOut,
    ReceivedOut,
    TaskOut,
    TaskRow,
)
from shared import ids
from shared.events.people import PersonIdentity


def received(one: Received) -> ReceivedOut:
    """What became of a submission."""
    return ReceivedOut(
        encounter_id=ids.shown("encounter", one.encounter.id),
        external_id=one.external_id,
        status=one.encounter.status,
        findings=findings(one.encounter.findings),
        task_id=ids.shown("task", one.task.id) if one.task else None,
    )


def findings(found: Sequence[Finding]) -> list[FindingOut]:
    """Findings as HTTP shows them."""
    return [
        FindingOut(
            rule=one.rule,
            location=one.location,
            severity=one.severity.value,
            confirmable=one.confirmable,
            message=one.message,
            remedy=one.remedy,
        )
        for one in found
    ]


def encounter_row(one: Encounter, task: Task | None) -> EncounterRow:
    """An encounter in a list."""
    return EncounterRow(
        encounter_id=ids.shown("encounter", one.id),
        practice_id=ids.shown("practice", one.practice_id),
        patient_id=ids.shown("patient", one.patient_id),
        status=one.status,
        owner_of_next_action=OWNER_OF_NEXT_ACTION[one.status],
        service_from=one.circumstances.service_from,
        service_to=one.circumstances.service_to,
        coding_version=one.coding_version,
        task_id=ids.shown("task", task.id) if task else None,
        created_at=one.created_at,
    )


def encounter(one: Encounter, content: Content, task: Task | None) -> EncounterOut:
    """An encounter with all that is known of it."""
    referring = one.referring_provider_id
    return EncounterOut(
        **encounter_row(one, task).model_dump(),
        external_id=content.external_id,
        patient=_person(content.patient),
        coverages=[_coverage(each) for each in content.coverages],
        rendering_provider_id=ids.shown("provider", one.rendering_provider_id),
        referring_provider_id=ids.shown("provider", referring) if referring else None,
        place_of_service=one.circumstances.place_of_service,
        diagnoses=list(one.coding.diagnoses),
        lines=[
            LineOut(
                line=number,
                code=line.code,
                modifiers=list(line.modifiers),
                units=line.units,
                pointers=list(line.pointers),
                charge_cents=line.charge.cents,
                service_date=line.service_date,
            )
            for number, line in enumerate(one.coding.lines, start=1)
        ],
        facts=[
            ClinicalFactOut(kind=fact.kind, system=fact.system, code=fact.code, text=fact.text)
            for fact in content.facts
        ],
        findings=findings(one.findings),
    )


def task_row(one: Task) -> TaskRow:
    """A coding task in a list."""
    return TaskRow(
        task_id=ids.shown("task", one.id),
        encounter_id=ids.shown("encounter", one.encounter_id),
        practice_id=ids.shown("practice", one.practice_id),
        kind=one.kind,
        status=one.status,
        reason_codes=list(one.reason_codes),
        owner_of_next_action="CODER" if one.status is TaskStatus.OPEN else "NONE",
        coder_id=one.coder_id,
        due_at=one.due_at,
        created_at=one.created_at,
        done_at=one.done_at,
    )


def task(one: Task, about: Encounter, content: Content) -> TaskOut:
    """A coding task with its encounter."""
    return TaskOut(
        **task_row(one).model_dump(),
        encounter=encounter(about, content, one),
        findings=findings(about.findings),
    )


def completed(one: Completed) -> CompletedOut:
    """A finished coding task."""
    return CompletedOut(
        task_id=ids.shown("task", one.task.id),
        status=one.task.status,
        encounter_id=ids.shown("encounter", one.encounter.id),
        encounter_status=one.encounter.status,
        findings=findings(one.encounter.findings),
    )


def _coverage(one: CoverageKept) -> CoverageOut:
    return CoverageOut(
        coverage_id=ids.shown("coverage", one.coverage_id),
        payer_id=ids.shown("payer", one.payer_id),
        payer_code=one.payer_code,
        rank=one.rank,
        relationship=one.relationship,
        member_id=one.member.member_id,
        group_number=one.member.group_number,
        subscriber=_person(one.member.subscriber) if one.member.subscriber else None,
    )


def _person(one: PersonIdentity) -> PersonOut:
    address = one.address
    return PersonOut(
        last_name=one.last_name,
        first_name=one.first_name,
        birth_date=date.fromisoformat(one.birth_date),
        sex=one.sex,
        address=AddressOut(
            line1=address.line1,
            line2=address.line2,
            city=address.city,
            state=address.state,
            zip_code=address.zip_code,
        ),
        email=one.email,
        phone=one.phone,
    )
