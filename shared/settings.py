"""Settings of a service: read from the environment once at start, each documented here.

A value comes from `RCM_<SERVICE>_<NAME>`, else `RCM_<NAME>`; each also as `…_FILE`, the path of a
file that holds it (secrets). The more specific name wins.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
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

ON_THE_BUS = frozenset({"events", "relay"})
"""Process roles that can do nothing without an event log."""

NO_BUS = "RCM_KAFKA_BOOTSTRAP_SERVERS or RCM_BUS_URL must be set: there is no event log without"

_ROLES = ("owner", "http", "pipeline", "checker")
_DATABASE_ROLES = {"migrate": ("owner",), "api": ("http", "pipeline")}
"""Process role -> the database roles it connects as; the others as pipeline."""


class BadSetting(ValueError):
    """The environment sets something in a way nobody can read; the message names it, no value."""


class ServiceSettings(BaseSettings):
    """What every service may be told; a service adds its own fields in a subclass."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True
    )

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
    member_name: str = Field(
        "",
        description="Static name of this process in its Kafka groups, unique among living ones: "
        "the pod's, in a StatefulSet. Empty = a member that comes and goes.",
    )
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
        own, usual = values.get("port") or 0, cls.model_fields["port_base"].default
        try:
            port, base = int(own), int(values.get("port_base", usual))
        except (TypeError, ValueError):
            return values  # the check of the field says what is wrong with it
        if port == 0 and cls.service in PORTS:
            return {**values, "port": base + PORTS[cls.service]}
        return values

    @field_validator("key_encryption_key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        if not re.fullmatch("(?:[0-9a-fA-F]{64})?", value):
            raise ValueError("a key is 64 hex digits")
        return value

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

    @property
    def has_bus(self) -> bool:
        """Whether it says where an event log is."""
        return bool(self.kafka_bootstrap_servers or self.bus_url)

    def missing(self, roles: Collection[str]) -> list[str]:
        """What a process of these roles needs and nobody set, a line each; empty when all is set.

        roles: api, events, jobs, relay, migrate.
        """
        connects = {each for role in roles for each in _DATABASE_ROLES.get(role, ("pipeline",))}
        unset = [
            f"RCM_{self.service}_DATABASE_URL_{each}".upper()
            for each in _ROLES
            if each in connects and not getattr(self, f"database_url_{each}")
        ]
        lines = [f"{name} must be set: {', '.join(roles)} cannot run without" for name in unset]
        return lines if self.has_bus or not ON_THE_BUS.intersection(roles) else [*lines, NO_BUS]

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
        if not self.anchors_dir:
            found.append("prod wants an anchors_dir, outside the database")
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

    BadSetting when a name is set both plain and as a file, or the file cannot be read.
    """
    known = os.environ if environment is None else environment
    names = [f"RCM_{service}_{name}".upper()] if service else []
    for variable in [*names, f"RCM_{name}".upper()]:
        plain, path = known.get(variable), known.get(f"{variable}_FILE")
        if plain is not None and path is not None:
            raise BadSetting(f"both {variable} and {variable}_FILE are set: keep one of them")
        if plain is not None:
            return plain
        if path is not None:
            return _from_file(variable, Path(path))
    return None


def _from_file(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"the file of {variable}_FILE cannot be read") from error


def problems_of(error: ValidationError | BadSetting, service: str = "") -> list[str]:
    """What is wrong with settings, a line each: the variable and why.

    Values are left out, they may be secrets. service: whose settings they are, where it is known.
    """
    if isinstance(error, BadSetting):
        return [str(error)]
    found = error.errors(include_input=False, include_url=False)
    return [
        _problem(one["loc"], one["msg"].removeprefix("Value error, "), service) for one in found
    ]


def _problem(place: tuple[int | str, ...], message: str, service: str) -> str:
    if not place:
        return f"settings: {message}"
    names = [f"RCM_{one}_{place[0]}".upper() for one in ([service] if service else PORTS)]
    known = {name for name in os.environ if name.startswith("RCM_")}
    set_ones = [name for name in names if known & {name, f"{name}_FILE"}]
    return f"{[*set_ones, f'RCM_{place[0]}'.upper()][0]}: {message}"


def _parsed(field: FieldInfo, value: str) -> Any:
    """Lists and mappings are written as JSON; everything else pydantic reads from text."""
    is_json = value[:1] in "[{" and field.annotation not in (str, Path)
    try:
        return json.loads(value) if is_json and value else value
    except ValueError:
        return value  # the check of the field says what it should be
