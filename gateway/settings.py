"""What the gateway may be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from shared.settings import PORTS, ServiceSettings


class GatewaySettings(ServiceSettings, service="gateway"):
    """Settings of the gateway: RCM_GATEWAY_<NAME>."""

    signing_keys_dir: Path = Field(
        default=Path("signing"), description="Folder of the private keys that sign tokens."
    )
    signing_key_days: int = Field(
        default=30, ge=1, le=365, description="Days after which the next signing key is made."
    )
    token_seconds: int = Field(
        default=300, ge=60, le=900, description="How long a token for the services is good."
    )
    first_key: str = Field(
        default="", repr=False, description="The first operator key; empty: one is made."
    )
    operator_key_path: Path = Field(
        default=Path("operator-key"), description="Where a made first operator key is left, once."
    )
    requests_per_minute: int = Field(
        default=6000, ge=1, description="Limit of one API key; a tenant may use five times that."
    )
    upstream_timeout_seconds: float = Field(
        default=20.0, gt=0, le=60, description="Longest wait for a service's answer."
    )
    rotation_check_seconds: float = Field(
        default=3600, gt=0, description="How often the age of the signing key is looked at."
    )
    coding_url: str = Field(default="", description="Address of coding; empty: this machine.")
    eligibility_url: str = Field(default="", description="Address of eligibility.")
    claims_url: str = Field(default="", description="Address of claims.")
    payments_url: str = Field(default="", description="Address of payments.")
    notifications_url: str = Field(default="", description="Address of notifications.")

    def address_of(self, service: str) -> str:
        """Where a service answers; unless set, on this machine at its own port."""
        given: str = getattr(self, f"{service}_url")
        return given.rstrip("/") or f"http://127.0.0.1:{self.port_base + PORTS[service]}"
