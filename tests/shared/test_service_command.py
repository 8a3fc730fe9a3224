"""A service refuses to start on settings that are missing or wrong: exit code 78, the name said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.claims.__main__ import service as claims
from shared.service import run

ROOT = Path(__file__).parents[2]
BAD_CONFIGURATION = 78
DATABASES = {
    f"RCM_CLAIMS_DATABASE_URL_{role}": "postgresql://nobody:secret@127.0.0.1:9/none"
    for role in ("OWNER", "HTTP", "PIPELINE", "CHECKER")
}
WHOLE = {**DATABASES, "RCM_BUS_URL": "postgresql://nobody:secret@127.0.0.1:9/none"}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RCM_")]:
        monkeypatch.delenv(name)


def refusal(
    role: str,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    """What a service says that refuses to start as a role."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run(claims, [role]) == BAD_CONFIGURATION
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(
    ("role", "left_out", "named"),
    [
        ("api", "RCM_CLAIMS_DATABASE_URL_HTTP", "RCM_CLAIMS_DATABASE_URL_HTTP must be set"),
        ("api", "RCM_CLAIMS_DATABASE_URL_PIPELINE", "RCM_CLAIMS_DATABASE_URL_PIPELINE must"),
        ("jobs", "RCM_CLAIMS_DATABASE_URL_PIPELINE", "RCM_CLAIMS_DATABASE_URL_PIPELINE must"),
        ("migrate", "RCM_CLAIMS_DATABASE_URL_OWNER", "RCM_CLAIMS_DATABASE_URL_OWNER must be"),
        ("events", "RCM_BUS_URL", "RCM_KAFKA_BOOTSTRAP_SERVERS or RCM_BUS_URL must be set"),
        ("relay", "RCM_BUS_URL", "RCM_KAFKA_BOOTSTRAP_SERVERS or RCM_BUS_URL must be set"),
        ("all", "RCM_BUS_URL", "RCM_KAFKA_BOOTSTRAP_SERVERS or RCM_BUS_URL must be set"),
    ],
)
def test_a_setting_that_a_role_needs_is_missing(
    role: str,
    left_out: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = {name: value for name, value in WHOLE.items() if name != left_out}
    said = refusal(role, environment, monkeypatch, capsys)
    assert named in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("RCM_KEY_ENCRYPTION_KEY", "zz", "RCM_KEY_ENCRYPTION_KEY: a key is 64 hex digits"),
        ("RCM_CLAIMS_KEY_ENCRYPTION_KEY", "zz", "RCM_CLAIMS_KEY_ENCRYPTION_KEY: a key is"),
        ("RCM_PORT_BASE", "abc-secret", "RCM_PORT_BASE: Input should be a valid integer"),
        ("RCM_BATCH_SIZE", "501", "RCM_BATCH_SIZE: Input should be less than or equal to 500"),
        ("RCM_BUS_URL_FILE", "/no/secret", "both RCM_BUS_URL and RCM_BUS_URL_FILE are set"),
        ("RCM_KEYS_DIR_FILE", "/no/secret", "the file of RCM_KEYS_DIR_FILE cannot be read"),
        ("RCM_PROFILE", "prod", "settings: prod wants"),
    ],
)
def test_a_setting_is_wrong(
    name: str,
    value: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refusal("api", {**WHOLE, name: value}, monkeypatch, capsys)
    assert named in said
    assert "secret" not in said
    assert "zz" not in said


@pytest.mark.parametrize("module", ["gateway", "services.claims"])
def test_a_service_is_called_as_its_usage_says(module: str) -> None:
    command = [sys.executable, "-m", module, "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"usage: python -m {module} ")
