"""`rcm dev`: a changed file starts the worker again, a broken one waits, nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cli import server_folder
from cli.dev.reloading import Worker, keep_running
from cli.dev.sources import PROGRAM, Sources
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
PROGRAM_THAT_TELLS = """
import runpy, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
plan = sys.stdin.readline().strip()
told = runpy.run_path(sys.argv[1])["told"]
open(sys.argv[2], "a").write(f"{told} {plan}\\n")
sys.stdin.read()
open(sys.argv[2], "a").write("ended\\n")
"""


class Bench:
    """A worker that appends to a journal what its one source file tells, kept running."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "program" / "told.py"
        self.journal = folder / "journal"
        self.said: list[str] = []

    def write(self, text: str) -> None:
        """Write the source so that its modification time surely differs."""
        earlier = self.source.stat().st_mtime_ns if self.source.exists() else 0
        self.source.parent.mkdir(exist_ok=True)
        self.source.write_text(text)
        os.utime(self.source, ns=(earlier + 1_000_000_000, earlier + 1_000_000_000))

    def lines(self) -> list[str]:
        """What the workers wrote so far."""
        return self.journal.read_text().splitlines() if self.journal.exists() else []


@asynccontextmanager
async def kept_running(bench: Bench) -> AsyncIterator[None]:
    command = [sys.executable, "-c", PROGRAM_THAT_TELLS, str(bench.source), str(bench.journal)]
    stopping = threading.Event()
    sources = Sources([bench.source.parent])
    work = asyncio.create_task(
        asyncio.to_thread(
            keep_running, Worker(command, "the plan"), sources, stopping, say=bench.said.append
        )
    )
    try:
        yield
    finally:
        stopping.set()
        await work


def is_there(bench: Bench, *lines: str) -> Callable[[], bool]:
    return lambda: bench.lines() == list(lines)


async def test_a_change_ends_the_worker_in_order_and_starts_the_next(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("told = 1")
    async with kept_running(bench):
        await eventually(is_there(bench, "1 the plan"), describe="the first worker")
        bench.write("told = 2")
        ended = ("1 the plan", "ended", "2 the plan")
        await eventually(is_there(bench, *ended), describe="the second worker")
    assert bench.lines() == [*ended, "ended"]
    assert bench.said == ["told.py changed: starting again"]


async def test_a_broken_change_waits_for_the_next_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("told = ")
    async with kept_running(bench):
        await eventually(lambda: len(bench.said) == 1, describe="told that it ended")
        bench.write("told = 3")
        await eventually(is_there(bench, "3 the plan"), describe="the mended worker")
    assert bench.said[0].startswith("it ended")


def test_sources_see_what_came_went_and_was_written(tmp_path: Path) -> None:
    for name in ("kept.py", "gone.sql", "written.json", "picture.png"):
        (tmp_path / name).write_text("1")
    (tmp_path / "__pycache__").mkdir()
    sources = Sources([tmp_path, tmp_path / "not-there"])
    assert sources.changes() == []
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "new.py").write_text("1")
    (tmp_path / "gone.sql").unlink()
    os.utime(tmp_path / "written.json", ns=(1, 1))
    os.utime(tmp_path / "picture.png", ns=(1, 1))
    (tmp_path / "__pycache__" / "kept.py").write_text("1")
    seen = [path.name for path in sources.changes()]
    assert seen == ["gone.sql", "new.py", "written.json"]
    assert sources.changes() == []


def test_the_program_is_watched() -> None:
    folders = {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()}
    assert folders - {"tests"} <= {folder.name for folder in PROGRAM}


@pytest.mark.slow
async def test_the_whole_system_starts_again_with_the_same_key(tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", "dev", "--watch", str(watched),
            cwd=ROOT,
            env={**os.environ, "RCM_HOME": str(tmp_path), "NO_COLOR": "1"},
            stdout=output,
            stderr=output,
        )  # fmt: skip
    try:
        await eventually(lambda: ready(log) == 1, timeout_seconds=90, describe=log.read_text)
        (watched / "new.py").write_text("")
        await eventually(lambda: ready(log) >= 2, timeout_seconds=90, describe=log.read_text)
        caller = json.loads((tmp_path / "dev" / "caller.json").read_text())
        headers = {"Authorization": f"Bearer {caller['key']}"}
        async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
            practices = (await client.get(f"{caller['url']}/v1/practices")).json()["data"]
        assert len(practices) == 3
        assert len(set(re.findall(r"sk_test_\S+", log.read_text()))) == 1
        assert "new.py changed: starting again" in log.read_text()
        assert str(tmp_path / "dev" / "mail") in log.read_text()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        code = await asyncio.wait_for(process.wait(), 60)
    server_folder.remove(tmp_path / "dev" / "postgres")
    assert code == 0
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.get(caller["url"])


def ready(log: Path) -> int:
    return log.read_text().count("ready after")
