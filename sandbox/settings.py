"""Settings of the sandbox."""

from __future__ import annotations

from pydantic import Field, model_validator

from shared.settings import ServiceSettings

OWN_PORT = 90
"""Added to port_base."""


class SandboxSettings(ServiceSettings, service="sandbox"):
    """Everything the pretend outside world may be told."""

    database_url: str = Field(
        "", repr=False, description="Database address; empty = that of the owner role."
    )
    token: str = Field(
        "", repr=False, description="Bearer token that callers must show; empty = everybody may."
    )
    seed: int = Field(1, description="The same seed and inputs give the same bytes.")
    step_seconds: float = Field(
        0.2, ge=0, description="Time from a file to its 277CA, on to the 835, on to the deposit."
    )
    cycle_days: int = Field(
        0, ge=0, le=31, description="Days between two payment runs of a payer; 0 = at once."
    )
    body_limit_bytes: int = Field(
        52_428_800, ge=1024, description="Largest file that is taken; 500 claims are below 1 MB."
    )

    @model_validator(mode="after")
    def _never_in_prod(self) -> SandboxSettings:
        if self.profile == "prod":
            raise ValueError("the sandbox pretends to be payers: it has no place in prod")
        return self

    @property
    def database(self) -> str:
        """The address the sandbox works with: no tenants, no row-level security, one role."""
        return self.database_url or self.database_url_owner

    @property
    def listening_port(self) -> int:
        """The HTTP port: the configured one, else port_base + 90."""
        return self.port or self.port_base + OWN_PORT
