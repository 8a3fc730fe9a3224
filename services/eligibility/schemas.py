"""The HTTP shapes of eligibility."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class CheckOut(BaseModel):
    """A check and its verdict; `unknown` and `payer_down` say nothing about coverage."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "check_id": "elg_agrajgj4nf4pvhjrihnqvda7oy",
                "encounter_id": "enc_agrajgj4nf4pvhjrihnqvda7oy",
                "practice_id": "prc_agrajgj4nf4pvhjrihnqvda7oy",
                "coverage_id": "cov_agrajgj4nf4pvhjrihnqvda7oy",
                "payer_id": "pyr_agrajgj4nf4pvhjrihnqvda7oy",
                "rank": 1,
                "service_date": "2026-11-23",
                "state": "active",
                "owner_of_next_action": "NONE",
                "reported_by": "PAYER",
                "reason": "",
                "plan": "ASTER PPO",
                "copay_cents": 2500,
                "deductible_left_cents": 0,
                "tries": 1,
                "created_at": "2026-11-23T18:00:01Z",
                "as_of": "2026-11-23T18:00:02Z",
            }
        }
    )

    check_id: str
    encounter_id: str
    practice_id: str
    coverage_id: str
    payer_id: str
    rank: int
    service_date: date
    state: str
    owner_of_next_action: str
    reported_by: str
    reason: str
    plan: str
    copay_cents: int | None
    deductible_left_cents: int | None
    tries: int
    created_at: datetime
    as_of: datetime | None


class CheckSearch(BaseModel):
    """Which checks to list, newest first; several states may be given."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"states": ["needs_correction", "unknown"]}}
    )

    states: list[str] = Field(default_factory=list, max_length=10)
    encounter_id: str | None = Field(None, max_length=40)
    payer_id: str | None = Field(None, max_length=40)
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=1000)
