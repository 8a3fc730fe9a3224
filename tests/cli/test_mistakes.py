"""Mistakes of whoever types a command: an exit code with its meaning, a remedy, no traceback."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.answers import out, plainly, show
from cli.installation import settings
from cli.main import app
from shared import telemetry
from shared.errors import NotFound

ROOT = Path(__file__).parents[2]
USAGE, NOT_FOUND, UNAVAILABLE, BAD_CONFIGURATION = 2, 3, 69, 78
SERVICES = "gateway coding eligibility claims payments notifications"
NOBODY = "postgresql://postgres:secret@127.0.0.1:9/postgres"
CHECKERS = {f"RCM_{name.upper()}_DATABASE_URL_CHECKER": NOBODY for name in SERVICES.split()}
CLAIMS = ROOT / "tests" / "shared" / "x12" / "messages" / "837p_charge_off_by_a_cent.edi"
NO_BUS = "RCM_KAFKA_BOOTSTRAP_SERVERS or RCM_BUS_URL must be set"

MISTAKES: dict[str, tuple[tuple[str, ...], dict[str, str], int, str]] = {
    "a service nobody has": (("migrate", "nosuch"), CHECKERS, USAGE, "there are gateway, coding"),
    "letters of no service": (("dlq", "ls", "--service", "x"), {}, USAGE, "there are gateway"),
    "a group of no service": (("groups", "lag", "[/x]"), CHECKERS, BAD_CONFIGURATION, NO_BUS),
    "no installation": (("parked", "ls"), {}, BAD_CONFIGURATION, "`make demo`"),
    "nobody to call": (("claim", "show", "clm_1"), {}, BAD_CONFIGURATION, "Set RCM_API_URL"),
    "doctor without a log": (("doctor",), CHECKERS, BAD_CONFIGURATION, NO_BUS),
    "topics without a log": (("topics", "plan"), CHECKERS, BAD_CONFIGURATION, NO_BUS),
    "rewind without a log": (
        ("groups", "rewind", "claims", "--to", "2026-11-01"), CHECKERS, BAD_CONFIGURATION, NO_BUS,
    ),
    "a setting that is no number": (
        ("parked", "ls"), {**CHECKERS, "RCM_LANES": "many"}, BAD_CONFIGURATION, "RCM_LANES: Input",
    ),
    "a setting given twice": (
        ("parked", "ls"), {**CHECKERS, "RCM_BUS_URL": "a", "RCM_BUS_URL_FILE": "/b"},
        BAD_CONFIGURATION, "both RCM_BUS_URL and RCM_BUS_URL_FILE",
    ),
    "databases that are away": (("parked", "ls"), CHECKERS, UNAVAILABLE, "cannot be reached"),
    "a demo on a server that is away": (
        ("demo", "--once"), {"RCM_DATABASE_ADMIN_URL": NOBODY}, UNAVAILABLE, "Start it or correct",
    ),
    "a demo to forget on it": (
        ("demo", "--reset"), {"RCM_DATABASE_ADMIN_URL": NOBODY}, UNAVAILABLE, "or unset it",
    ),
    "dev on a server that is away": (
        ("dev",), {"RCM_DATABASE_ADMIN_URL": NOBODY}, UNAVAILABLE, "Start it or correct",
    ),
    "an address without a password": (
        ("demo",), {"RCM_DATABASE_ADMIN_URL": "postgresql://postgres@127.0.0.1:9/x"}, UNAVAILABLE,
        "RCM_DATABASE_ADMIN_URL must hold the password",
    ),
    "an address of nothing": (
        ("demo",), {"RCM_DATABASE_ADMIN_URL": "http://a:b@[/x]"}, UNAVAILABLE, "does not let us in",
    ),
    "dev on ports of no number": (
        ("dev",), {"RCM_PORT_BASE": "abc"}, BAD_CONFIGURATION, "RCM_PORT_BASE must be a whole",
    ),
    "an answer to no folder": (
        ("x12", "ack", "{home}/claims.edi", "-o", "{home}/no[/x]/it"), {}, NOT_FOUND,
        "no[/x]: make it first",
    ),
    "an answer to a folder": (
        ("x12", "ack", "{home}/claims.edi", "-o", "{home}"), {}, USAGE, "is a directory",
    ),
    "a list in no known alphabet": (
        ("x12", "lint", "{home}/claims.edi", "--lists", "{home}"), {}, BAD_CONFIGURATION,
        "save it as UTF-8",
    ),
    "no file": (("x12", "lint", "{home}/[/x] [abc]"), {}, NOT_FOUND, "There is no file"),
    "a visit of no file": (("encounter", "send", "{home}/none"), {}, USAGE, "does not exist"),
    "a visit that is no JSON": (
        ("encounter", "send", "{home}/carc.txt"), {}, USAGE, "is no JSON object",
    ),
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where `rcm` keeps its things, with some files to hand in; nothing is set or installed."""
    for name in [name for name in os.environ if name.startswith("RCM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RCM_HOME", str(tmp_path))
    shutil.copy(CLAIMS, tmp_path / "claims.edi")
    (tmp_path / "carc.txt").write_bytes(b"1\n\xff\xfe\n")
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_its_remedy(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, environment, code, remedy = MISTAKES[name]
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    line = [word.replace("{home}", str(home)) for word in words]
    monkeypatch.setattr(telemetry, "configure_logs", lambda **_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    ended, said = answered(line)
    assert remedy in said
    assert ended == code
    assert "Traceback" not in said
    assert "secret" not in said


def answered(line: Sequence[str]) -> tuple[int, str]:
    """The exit code and all that is said; a failure that nobody answered is raised."""
    told = CliRunner().invoke(app, line)
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return told.exit_code, unfolded(told.stdout + told.stderr)


def unfolded(text: str) -> str:
    """Without the frame and the line breaks of a narrow terminal."""
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("text", ["[/x]", "[abc] [red]x[/red]", ":warning: [link=x]y", "a\\[b]"])
def test_brackets_of_users_and_files_are_shown_as_they_are(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit), plainly():
        raise NotFound("nothing", text)
    show([{text: text}], as_json=False, title=text)
    show([], as_json=False, title=text)
    out.print(text)
    said = capsys.readouterr()
    assert said.err == f"{text}\n"
    assert said.out.count(text) == 5


def test_a_bug_is_not_told_as_a_mistake() -> None:
    with pytest.raises(ZeroDivisionError), plainly():
        raise ZeroDivisionError
