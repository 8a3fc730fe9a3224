"""Settings of the coding service."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings


class CodingSettings(ServiceSettings, service="coding"):
    """Everything an installation may set for coding."""

    task_due_hours: int = Field(
        24, ge=1, le=720, description="Hours after which a coding task is overdue."
    )
    fhir_entries_limit: int = Field(
        5_000, ge=1, le=50_000, description="Most entries of one FHIR bundle."
    )
    fhir_encounters_limit: int = Field(
        200, ge=1, le=1_000, description="Most encounters of one FHIR bundle."
    )
