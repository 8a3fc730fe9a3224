"""The HTTP shapes of notifications."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class DeliveryOut(BaseModel):
    """One attempt; conversations counts repeats under the same Message-ID."""

    channel: str
    attempt: int
    conversations: int
    message_id: str
    outcome: str | None
    code: str
    started_at: datetime
    ended_at: datetime | None


class NotificationOut(BaseModel):
    """A notification without anything that identifies a person."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "notification_id": "ntf_agrajgj4nf4pvhjrihnqvda7oy",
                "practice_id": "prc_agrajgj4nf4pvhjrihnqvda7oy",
                "account_id": "acc_agrajgj4nf4pvhjrihnqvda7oy",
                "statement_id": "stm_agrajgj4nf4pvhjrihnqvda7oy",
                "kind": "statement_ready",
                "channel": "email",
                "status": "sent",
                "reason": "250",
                "attempt": 1,
                "amount_cents": 2500,
                "created_at": "2026-11-23T18:00:04Z",
                "updated_at": "2026-11-23T18:00:05Z",
                "deliveries": [],
            }
        }
    )

    notification_id: str
    practice_id: str
    account_id: str
    statement_id: str
    kind: str
    channel: str
    status: str
    reason: str
    attempt: int
    amount_cents: int
    created_at: datetime
    updated_at: datetime
    deliveries: list[DeliveryOut] = Field(default_factory=list)


class NotificationSearch(BaseModel):
    """Which notifications to list, newest first."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"status": "queued"}})

    status: str | None = Field(None, max_length=20)
    channel: str | None = Field(None, max_length=20)
    account_id: str | None = Field(None, max_length=40)
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=1000)
