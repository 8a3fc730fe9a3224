"""Settings of the notifications service."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings


class NotificationsSettings(ServiceSettings, service="notifications"):
    """Everything an installation may set for notifications."""

    smtp_host: str = Field("127.0.0.1", description="Mail relay that accepts our messages.")
    smtp_port: int = Field(8025, description="Port of the mail relay.")
    smtp_start_tls: bool = Field(False, description="Require STARTTLS; always on in `prod`.")
    smtp_username: str = Field("", description="User name at the mail relay; empty: none.")
    smtp_password: str = Field("", description="Password at the mail relay.")
    smtp_timeout_seconds: float = Field(20.0, description="Limit of one SMTP conversation.")
    mail_sender: str = Field(
        "billing@claimstream.invalid", description="Envelope and header sender of messages."
    )
    deliver_poll_seconds: float = Field(1.0, description="How often due deliveries are looked for.")
    deliver_batch: int = Field(20, description="Most notifications taken up at once.")
    deliver_at_once: int = Field(4, ge=1, description="Conversations with the mail relay at once.")
