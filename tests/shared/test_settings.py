"""Settings: which name wins, secrets from files, and what `prod` refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from shared.settings import ServiceSettings, environment_value


class ClaimsSettings(ServiceSettings, service="claims"):
    """A service's settings."""

    undo_window_seconds: int = Field(60, ge=0, description="Time to change one's mind.")
    senders: list[str] = Field([], description="Who may send.")


class OtherSettings(ServiceSettings, service="payments"):
    """Another service's settings."""


SAFE = {
    "RCM_PROFILE": "prod",
    "RCM_KAFKA_BOOTSTRAP_SERVERS": "kafka:9093",
    "RCM_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "RCM_KEY_ENCRYPTION_KEY": "00" * 32,
    "RCM_ANCHORS_DIR": "/var/lib/claimstream/anchors",
    "RCM_DATABASE_URL_HTTP": "postgresql://a:b@db/rcm_claims?sslmode=verify-full",
}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RCM_")]:
        monkeypatch.delenv(name)


def put(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_the_defaults_are_for_one_machine() -> None:
    settings = ClaimsSettings()
    assert settings.profile == "dev"
    assert (settings.batch_size, settings.lanes) == (500, 2)
    assert settings.http_host == "127.0.0.1"
    assert settings.undo_window_seconds == 60


def test_the_name_with_the_service_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {"RCM_BATCH_SIZE": "9", "RCM_CLAIMS_BATCH_SIZE": "7"})
    assert ClaimsSettings().batch_size == 7
    assert OtherSettings().batch_size == 9


def test_an_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {"RCM_CLAIMS_BATCH_SIZE": "7"})
    assert ClaimsSettings(batch_size=3).batch_size == 3


@pytest.mark.parametrize("name", ["RCM_DATABASE_URL_HTTP", "RCM_CLAIMS_DATABASE_URL_HTTP"])
def test_a_secret_may_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://a:b@db/x\n", encoding="utf-8")
    put(monkeypatch, {f"{name}_FILE": str(secret)})
    assert ClaimsSettings().database_url_http == "postgresql://a:b@db/x"


def test_a_services_file_wins_over_the_common_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("own", encoding="utf-8")
    put(monkeypatch, {"RCM_CLAIMS_BUS_URL_FILE": str(secret), "RCM_BUS_URL": "common"})
    assert ClaimsSettings().bus_url == "own"


def test_plain_and_file_together_are_refused(tmp_path: Path) -> None:
    known = {"RCM_BUS_URL": "x", "RCM_BUS_URL_FILE": str(tmp_path)}
    with pytest.raises(ValueError, match="both RCM_BUS_URL and RCM_BUS_URL_FILE"):
        environment_value("bus_url", "claims", environment=known)


def test_a_file_that_is_not_there_is_refused_by_its_name_only() -> None:
    known = {"RCM_BUS_URL_FILE": "/nowhere/at/all"}
    with pytest.raises(ValueError, match="RCM_BUS_URL_FILE cannot be read"):
        environment_value("bus_url", environment=known)


def test_what_nobody_set_is_none() -> None:
    assert environment_value("bus_url", "claims", environment={"RCM_PAYMENTS_BUS_URL": "x"}) is None


def test_lists_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {"RCM_CLAIMS_SENDERS": '["a", "b"]'})
    assert ClaimsSettings().senders == ["a", "b"]


@pytest.mark.parametrize(
    "values",
    [{"RCM_BATCH_SIZE": "501"}, {"RCM_BATCH_SIZE": "many"}, {"RCM_PROFILE": "production"}],
)
def test_a_value_out_of_its_limits_is_refused(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    put(monkeypatch, values)
    with pytest.raises(ValidationError):
        ClaimsSettings()


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(ValidationError):
        ClaimsSettings(batchsize=3)  # type: ignore[call-arg]


def test_ports_follow_the_service_and_move_together(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (ClaimsSettings().port, OtherSettings().port) == (8103, 8104)
    put(monkeypatch, {"RCM_PORT_BASE": "20000"})
    assert ClaimsSettings().port == 20103
    put(monkeypatch, {"RCM_CLAIMS_PORT": "9999"})
    assert ClaimsSettings().port == 9999


def test_each_role_has_an_admin_port() -> None:
    settings = ClaimsSettings()
    roles = ("api", "events", "jobs", "relay", "all")
    assert [settings.admin_port_of(role) for role in roles] == [9103, 9203, 9303, 9403, 9103]
    assert ClaimsSettings(admin_port=7).admin_port_of("jobs") == 7


def test_no_secret_is_in_the_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {"RCM_DATABASE_URL_HTTP": "canary", "RCM_KAFKA_PASSWORD": "canary"})
    put(monkeypatch, {"RCM_KEY_ENCRYPTION_KEY": "ca" * 32, "RCM_BUS_URL": "canary"})
    assert "canary" not in repr(ClaimsSettings())
    assert "ca" * 32 not in repr(ClaimsSettings())


def test_every_field_says_what_it_is() -> None:
    for name, field in ClaimsSettings.model_fields.items():
        assert field.description, name


def test_prod_accepts_what_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, SAFE)
    assert ClaimsSettings().profile == "prod"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RCM_DATABASE_URL_HTTP", "postgresql://a:b@db/x", "sslmode=verify-full"),
        ("RCM_DATABASE_URL_OWNER", "postgresql://a:b@db/x?sslmode=disable", "url_owner"),
        ("RCM_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT", "SASL_SSL"),
        ("RCM_KAFKA_BOOTSTRAP_SERVERS", "", "embedded_bus_in_prod"),
        ("RCM_KEY_ENCRYPTION_KEY", "", "key_encryption_key"),
        ("RCM_ANCHORS_DIR", "", "anchors_dir"),
    ],
)
def test_prod_refuses_what_is_not(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    put(monkeypatch, {**SAFE, name: value})
    with pytest.raises(ValidationError, match=said) as refusal:
        ClaimsSettings()
    assert "a:b@" not in str(refusal.value)
