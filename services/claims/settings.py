"""Settings of claims, read from the environment once at start."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings


class ClaimsSettings(ServiceSettings, service="claims"):
    """What an installation may decide about claims."""

    undo_window_seconds: float = Field(
        60, ge=0, description="How long a clean claim can be stopped before it is sent."
    )
    verdict_wait_hours: float = Field(
        24, gt=0, description="A coded encounter without an eligibility verdict is held after this."
    )
    claims_per_batch: int = Field(
        500, ge=1, le=5000, description="Claims of one practice in one 837P at most."
    )
    submit_poll_seconds: float = Field(
        5, gt=0, description="How often claims that are ready are looked for without a wake-up."
    )
    gather_seconds: float = Field(
        1, ge=0, description="How long claims come together for the next 837P after one was made."
    )
    mailbox_poll_seconds: float = Field(
        60, gt=0, description="How often the clearinghouse's mailbox is asked; 0.5 in the demo."
    )
    mailbox_files: int = Field(
        100, ge=1, le=1000, description="Files of one mailbox worked in one step."
    )
    clearinghouse_url: str = Field(
        "http://127.0.0.1:8090", description="Where 837 files go and acknowledgements come from."
    )
    clearinghouse_id: str = Field(
        "CLAIMSTREAMCH", description="The clearinghouse's own id (ISA08, GS03)."
    )
    clearinghouse_token: str = Field(
        "", description="Bearer token for the clearinghouse.", repr=False
    )
    clearinghouse_timeout_seconds: float = Field(
        30, gt=0, description="After this the outcome of a sending counts as unknown."
    )
    retry_seconds: float = Field(
        30, gt=0, description="Back-off before a batch is sent again, doubled by each attempt."
    )
