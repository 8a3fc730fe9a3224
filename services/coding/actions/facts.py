"""Encounters as the facts coding tells the other services."""

from __future__ import annotations

from typing import Any

from services.coding.domain.encounter import Content, CoverageKept
from services.coding.repository.encounters import Encounter
from services.coding.repository.tasks import Task
from shared.database import Transaction
from shared.events.coding import (
    CodedLine,
    CodingTaskCompleted,
    CodingTaskOpened,
    EncounterCoded,
    EncounterReceived,
)
from shared.events.envelope import Origin
from shared.events.people import Coverage, Patient

SUBMITTED, BY_CODER = "submitted", "coder"


class Teller:
    """Tells the facts of one encounter in order; what identifies the patient is sealed once."""

    def __init__(self, tx: Transaction, encounter: Encounter, content: Content) -> None:
        self._tx = tx
        self._encounter = encounter
        place = (encounter.tenant_id, encounter.practice_id, encounter.id)
        self._origin = Origin(*place)
        self._shared = _shared(tx, encounter, content)

    def received(self) -> None:
        """The encounter was accepted."""
        self._tell(EncounterReceived(**self._shared))

    def coded(
        self, encounter: Encounter, *, method: str, set_versions: dict[str, str], coder_id: str = ""
    ) -> None:
        """The charges are final for this coding version."""
        fact = EncounterCoded(
            **self._shared,
            coding_version=encounter.coding_version,
            diagnoses=list(encounter.coding.diagnoses),
            lines=[
                CodedLine(
                    line=number,
                    code=line.code,
                    modifiers=list(line.modifiers),
                    units=line.units,
                    pointers=list(line.pointers),
                    charge_cents=line.charge.cents,
                    service_date=line.service_date,
                )
                for number, line in enumerate(encounter.coding.lines, start=1)
            ],
            coder_id=coder_id,
            method=method,
            set_versions=set_versions,
        )
        self._tell(fact)

    def task_opened(self, task: Task) -> None:
        """A coder has to look."""
        fact = CodingTaskOpened(
            task_id=task.id,
            encounter_id=task.encounter_id,
            kind=task.kind,
            reason_codes=list(task.reason_codes),
            due=task.due_at,
        )
        self._tell(fact)

    def task_completed(self, task: Task) -> None:
        """The coder is done."""
        fact = CodingTaskCompleted(
            task_id=task.id,
            encounter_id=task.encounter_id,
            kind=task.kind,
            outcome="coded",
            coder_id=task.coder_id,
        )
        self._tell(fact)

    def _tell(
        self, fact: EncounterReceived | EncounterCoded | CodingTaskOpened | CodingTaskCompleted
    ) -> None:
        self._tx.publish(fact, subject=self._encounter.id, caused_by=self._origin)


def _shared(tx: Transaction, encounter: Encounter, content: Content) -> dict[str, Any]:
    """The fields that EncounterReceived and EncounterCoded have in common."""
    tenant, span = encounter.tenant_id, encounter.circumstances
    identity = tx.keys.seal_event(tenant, content.patient)
    return {
        "encounter_id": encounter.id,
        "practice_id": encounter.practice_id,
        "patient": Patient(patient_id=encounter.patient_id, identity=identity),
        "coverages": [_coverage(tx, encounter, one) for one in content.coverages],
        "rendering_provider_id": encounter.rendering_provider_id,
        "referring_provider_id": encounter.referring_provider_id,
        "service_from": span.service_from,
        "service_to": span.service_to,
        "place_of_service": span.place_of_service,
    }


def _coverage(tx: Transaction, encounter: Encounter, kept: CoverageKept) -> Coverage:
    return Coverage(
        coverage_id=kept.coverage_id,
        payer_id=kept.payer_id,
        rank=kept.rank,
        relationship=kept.relationship,
        member=tx.keys.seal_event(encounter.tenant_id, kept.member),
    )
