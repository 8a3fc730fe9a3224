"""`rcm demo` as a user runs it: what it prints, how it ends, what it leaves, how it starts anew."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx
import pytest

from cli import server_folder
from cli.api import Api
from cli.demo import command
from cli.demo.command import Wishes, forget, play
from cli.demo.counting import Figures
from cli.demo.opening import Company
from cli.demo.run import Result
from cli.engines import Engines
from cli.local_postgres import LocalPostgres
from shared import clock
from shared.errors import Conflict
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
KEYS = {
    "first_paid_claim_seconds", "encounters", "claims", "money", "ledger_sum_cents", "bus",
    "dead_letters", "seconds",
}  # fmt: skip
MORE = 2
"""Encounters beside the scenarios."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for the runs of this module; closed to others, as a user's own is."""
    home = tmp_path_factory.mktemp("home")
    yield home
    server_folder.remove(home / "demo" / "postgres")


@asynccontextmanager
async def demo(home: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command as a process of its own; its output lies in `out` and `err`."""
    environment = {name: value for name, value in os.environ.items() if name[:4] != "RCM_"}
    with (home / "out").open("wb") as out, (home / "err").open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", "demo", *options,
            cwd=ROOT,
            env={**environment, "RCM_HOME": str(home), "NO_COLOR": "1"},
            stdout=out,
            stderr=err,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def left_running(home: Path) -> list[str]:
    """Processes that were told this home, as their command lines."""
    told, found = f"RCM_HOME={home}\0".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if told in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:  # it ended while we looked
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
async def test_ctrl_c_ends_a_demo_that_stays_and_leaves_nothing_running(place: Path) -> None:
    errors = place / "err"
    async with demo(place, "--encounters", "0") as process:
        await eventually(
            lambda: "Ctrl-C ends it" in errors.read_text(),
            timeout_seconds=240,
            describe=errors.read_text,
        )
        caller = json.loads((place / "demo" / "caller.json").read_text())
        headers = {"Authorization": f"Bearer {caller['key']}"}
        async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
            practices = (await client.get(f"{caller['url']}/v1/practices")).json()["data"]
        assert len(practices) == 3
        assert left_running(place)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    await eventually(lambda: left_running(place) == [], describe="nothing runs")
    assert "Traceback" not in errors.read_text()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
async def test_a_demo_that_starts_anew_ends_well_and_says_so_in_json(place: Path) -> None:
    key = place / "demo" / "operator-key"
    before = key.read_text() if key.exists() else ""
    options = ("--reset", "--once", "--json", "--encounters", str(MORE))
    async with demo(place, *options) as process:
        code = await asyncio.wait_for(process.wait(), 300)
    assert code == 0, (place / "err").read_text()
    told = json.loads((place / "out").read_text())
    assert set(told) == KEYS
    assert told["encounters"] > MORE
    assert 0 < sum(told["claims"].values()) <= told["encounters"]
    assert all(isinstance(cents, int) for cents in told["money"].values())
    assert told["money"]["insurer_paid_cents"] > 0
    assert (told["ledger_sum_cents"], told["dead_letters"]) == (0, 0)
    assert told["bus"] == "embedded"
    assert 0 < told["first_paid_claim_seconds"] < told["seconds"]
    assert key.read_text() != before
    assert left_running(place) == []


def result(figures: Figures, *, dead_letters: int = 0) -> Result:
    """What came of a run in which little happened."""
    company = Company(Api("http://127.0.0.1:9", "key"), "tnt_1", {}, {}, clock.today(), "1")
    return Result(figures, company, "clm_1", 1.0, 2.0, dead_letters, "embedded")


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Result], int]:
    """The exit code of `rcm demo --once --json` when this came of it."""

    @contextmanager
    def engines(*_: object) -> Iterator[Engines]:
        yield Engines("", "")

    @asynccontextmanager
    async def everything(*_: object) -> AsyncIterator[Any]:
        running = asyncio.create_task(asyncio.Event().wait())
        yield SimpleNamespace(installed=SimpleNamespace(gateway_url=""), running=running)
        running.cancel()

    def play_it(ended: Result) -> int:
        async def run(*_: object, **__: object) -> Result:
            return ended

        monkeypatch.setattr(command, "run", run)
        wishes = Wishes(once=True, json=True, reset=False, bus="embedded")
        return play(wishes, started_at=time.monotonic())

    monkeypatch.setenv("RCM_HOME", str(tmp_path))
    monkeypatch.setattr(command, "engines", engines)
    monkeypatch.setattr(command, "everything", everything)
    return play_it


@pytest.mark.parametrize(
    ("ended", "code", "said"),
    [
        (result(Figures()), 0, ""),
        (result(replace(Figures(), ledger_sum_cents=-5)), 1, "the ledger sums to -5 cents"),
        (result(Figures(), dead_letters=2), 1, "2 events became dead letters: see `rcm dlq ls`"),
    ],
)
def test_money_that_is_lost_or_an_event_that_is_dead_fails_the_demo(
    ended: Result,
    code: int,
    said: str,
    played: Callable[[Result], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert played(ended) == code
    printed = capsys.readouterr()
    assert json.loads(printed.out)["dead_letters"] == ended.dead_letters
    assert said in printed.err


async def test_databases_of_a_configured_server_are_named_and_not_dropped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "operator-key").write_text("key")
    with LocalPostgres(durable=False) as server:
        monkeypatch.setenv("RCM_DATABASE_ADMIN_URL", server.admin_url)
        connection = await asyncpg.connect(server.admin_url)
        await connection.execute("create database rcm_claims")
        with pytest.raises(Conflict, match=r"\(drop database rcm_claims\), or unset"):
            await asyncio.to_thread(forget, folder)
        assert (folder / "operator-key").exists()
        await connection.execute("drop database rcm_claims")
        await connection.close()
        await asyncio.to_thread(forget, folder)
    assert not folder.exists()
