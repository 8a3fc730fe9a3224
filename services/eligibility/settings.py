"""Settings of the eligibility service."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings


class EligibilitySettings(ServiceSettings, service="eligibility"):
    """Everything an installation may set for eligibility."""

    clearinghouse_url: str = Field(
        "http://127.0.0.1:8090", description="Address that answers 270 inquiries."
    )
    clearinghouse_token: str = Field("", description="Bearer token for the clearinghouse.")
    clearinghouse_receiver: str = Field(
        "CLAIMSTREAMCH", description="Receiver id of the clearinghouse (ISA08, GS03)."
    )
    inquiry_timeout_seconds: float = Field(
        20.0, description="Limit of one inquiry; CORE real time asks for 20 s."
    )
    inquire_poll_seconds: float = Field(1.0, description="How often due inquiries are looked for.")
    inquiry_batch: int = Field(100, description="Most members asked about in one 270.")
