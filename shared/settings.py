"""Settings of a service: read from the environment once at start, each documented here.

A value comes from `RCM_<SERVICE>_<NAME>`, else `RCM_<NAME>`; each also as `…_FILE`, the path of a
file that holds it (secrets). The more specific name wins.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

PORTS: dict[str, int] = {
    "gateway": 80,
    "coding": 101,
    "eligibility": 102,
    "claims": 103,
    "payments": 104,
    "notifications": 105,
}
"""Added to port_base."""

ADMIN_PORTS: dict[str, int] = {"api": 1000, "events": 1100, "jobs": 1200, "relay": 1300}
"""Added to the port of a service."""

_ROLES = ("owner", "http", "pipeline", "checker")


class ServiceSettings(BaseSettings):
    """What every service may be told; a service adds its own fields in a subclass."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, validate_default=True)

    service: ClassVar[str] = ""

    profile: Literal["dev", "demo", "prod"] = Field(
        "dev", description="prod refuses what is only good enough for one machine."
    )
    service_version: str = Field(
        "",
        description="What is deployed, such as the image's tag; empty = as the program knows it. A "
        "consumer that stopped at its limit goes on with another version.",
    )
    database_url_owner: str = Field(
        "", repr=False, description="Database address of the role that migrates."
    )
    database_url_http: str = Field(
        "", repr=False, description="Database address of the role that serves HTTP: one tenant."
    )
    database_url_pipeline: str = Field(
        "", repr=False, description="Database address of the role for events, jobs and relay."
    )
    database_url_checker: str = Field(
        "", repr=False, description="Database address of the role that may only read, everything."
    )
    http_pool_size: int = Field(
        5, ge=1, le=50, description="Database connections for HTTP; requests above it wait."
    )
    pipeline_pool_size: int = Field(
        5, ge=2, le=50, description="Database connections for lanes, jobs and relay together."
    )
    bus_url: str = Field(
        "", repr=False, description="Database address of the embedded event log (rcm_bus)."
    )
    kafka_bootstrap_servers: str = Field(
        "", description="Kafka brokers, host:port with commas; empty means the embedded event log."
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to speak to Kafka; prod accepts SASL_SSL only."
    )
    kafka_username: str = Field("", description="SCRAM-SHA-512 user of this service at Kafka.")
    kafka_password: str = Field("", repr=False, description="Password of the Kafka user.")
    kafka_ca_file: str = Field("", description="Certificate authority of the brokers, a path.")
    embedded_bus_in_prod: bool = Field(
        False, description="Let prod start on the embedded event log, for a small office."
    )
    keys_dir: Path = Field(
        Path("keys"), description="Folder of the tenants' keys: <tenant>/<family>-<number>."
    )
    key_encryption_key: str = Field(
        "", repr=False, description="Key that wraps the key files, 64 hex digits; empty = plain."
    )
    anchors_dir: str = Field(
        "",
        description="Folder, outside the database, of the audit chains' signed ends; empty = none.",
    )
    jwks_file: Path = Field(
        Path("jwks.json"), description="Public keys of the gateway's tokens (JWKS)."
    )
    http_host: str = Field("127.0.0.1", description="Address the HTTP port listens on.")
    admin_host: str = Field("127.0.0.1", description="Address the admin port listens on.")
    port_base: int = Field(8000, ge=0, le=60000, description="Moves all ports together.")
    port: int = Field(0, ge=0, le=65535, description="HTTP port; 0 = the service's own.")
    admin_port: int = Field(
        0, ge=0, le=65535, description="Admin port; 0 = HTTP port + 1000 to 1300 by role."
    )
    batch_size: int = Field(
        500, ge=1, le=500, description="Records of one lane batch, one transaction."
    )
    lanes: int = Field(2, ge=1, le=8, description="Lane batches that run at the same time.")
    body_limit_bytes: int = Field(
        1_048_576, ge=1024, le=104_857_600, description="Largest request body unless a route says."
    )
    outbox_keep_days: int = Field(
        21, ge=1, le=400, description="Days that sent outbox rows stay, to rebuild topics from."
    )
    inbox_keep_days: int = Field(
        21, ge=8, le=400, description="Days an event id is remembered: topic retention + 7."
    )
    operator_token: str = Field(
        "", repr=False, description="Shows the single checks on the admin port; empty = nobody."
    )
    otlp_endpoint: str = Field("", description="Where traces go (OTLP); empty = nowhere.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is logged."
    )

    def __init_subclass__(cls, *, service: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if service:
            cls.service = service

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Takes the class keyword `service`, which pydantic hands on."""

    @override
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then our own reading of the environment."""
        return init_settings, _Environment(settings_cls)

    @model_validator(mode="before")
    @classmethod
    def _own_port(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not int(values.get("port") or 0) and cls.service in PORTS:
            base = int(values.get("port_base", cls.model_fields["port_base"].default))
            values = {**values, "port": base + PORTS[cls.service]}
        return values

    @model_validator(mode="after")
    def _safe_in_prod(self) -> Self:
        if self.profile == "prod":
            problems = self._unsafe()
            if problems:
                raise ValueError("; ".join(problems))
        return self

    def admin_port_of(self, role: str) -> int:
        """The admin port of a process role (`all` answers on that of api)."""
        return self.admin_port or self.port + ADMIN_PORTS.get(role, ADMIN_PORTS["api"])

    def _unsafe(self) -> list[str]:
        found = []
        for role in _ROLES:
            url = getattr(self, f"database_url_{role}")
            if url and parse_qs(urlsplit(url).query).get("sslmode") != ["verify-full"]:
                found.append(f"prod wants sslmode=verify-full in database_url_{role}")
        if self.kafka_bootstrap_servers and self.kafka_security_protocol != "SASL_SSL":
            found.append("prod wants kafka_security_protocol=SASL_SSL")
        if not self.kafka_bootstrap_servers and not self.embedded_bus_in_prod:
            found.append("prod wants Kafka, or embedded_bus_in_prod=true")
        if not self.key_encryption_key:
            found.append("prod wants a key_encryption_key")
        return found


class _Environment(PydanticBaseSettingsSource):
    """Looks a field up under its two names, each plain or as a file."""

    def __call__(self) -> dict[str, Any]:
        service = getattr(self.settings_cls, "service", "")
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            value = environment_value(name, service)
            if value is not None:
                found[name] = _parsed(field, value)
        return found

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Part of pydantic's interface; this source answers for all fields at once."""
        raise NotImplementedError(field_name)


def environment_value(
    name: str, service: str = "", *, environment: Mapping[str, str] | None = None
) -> str | None:
    """The text a setting has in the environment, None when nobody set it.

    ValueError when a name is set both plain and as a file, or the file cannot be read.
    """
    known = os.environ if environment is None else environment
    names = [f"RCM_{service}_{name}".upper()] if service else []
    for variable in [*names, f"RCM_{name}".upper()]:
        plain, path = known.get(variable), known.get(f"{variable}_FILE")
        if plain is not None and path is not None:
            raise ValueError(f"both {variable} and {variable}_FILE are set")
        if plain is not None:
            return plain
        if path is not None:
            return _from_file(variable, Path(path))
    return None


def _from_file(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except OSError as error:
        raise ValueError(f"the file of {variable}_FILE cannot be read") from error


def _parsed(field: FieldInfo, value: str) -> Any:
    """Lists and mappings are written as JSON; everything else pydantic reads from text."""
    is_json = value[:1] in "[{" and field.annotation not in (str, Path)
    return json.loads(value) if is_json and value else value
