"""Settings of the payments service."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings


class PaymentsSettings(ServiceSettings, service="payments"):
    """Everything an installation may set for payments."""

    clearinghouse_url: str = Field(
        "http://127.0.0.1:8090", description="Where remittances and deposits are collected."
    )
    clearinghouse_token: str = Field("", description="Bearer token at the clearinghouse.")
    clearinghouse_timeout_seconds: float = Field(
        20.0, description="Limit of one call to the clearinghouse."
    )
    mailbox_poll_seconds: float = Field(
        60.0, description="How often each tenant's mailbox and bank are asked."
    )
    mailbox_batch: int = Field(100, description="Most files or deposits listed in one call.")
    post_poll_seconds: float = Field(
        1.0, description="How often remittances with claims to post are looked for."
    )
    post_batch: int = Field(500, description="Most claim payments posted in one transaction.")
    unmatched_after_seconds: int = Field(
        900,
        description="Business time a claim payment waits for its claim before somebody is told.",
    )
    retry_seconds: float = Field(2.0, description="First pause before waiting work is tried again.")
    statement_poll_seconds: float = Field(
        1.0, description="How often due statements are looked for."
    )
    statement_delay_days: int = Field(
        3, description="Business days between the last payer's decision and the statement."
    )
    statement_due_days: int = Field(21, description="Days the patient has to pay a statement.")
    body_limit_bytes: int = Field(
        10 * 1024 * 1024,
        ge=1024,
        le=104_857_600,
        description="Largest request body: an 835 file that is uploaded.",
    )
