"""Where an own PostgreSQL keeps its files: beside a closed folder, and gone when that is gone."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli import server_folder
from cli.local_process import Account, EngineUnavailable

SOMEBODY = Account("somebody", 54_321, 54_321)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that nobody else may enter; the folder to share is one of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix="rcm-"))  # short: a socket's address has 107 characters
    (folder / "shared").mkdir()
    monkeypatch.setattr(server_folder, "SHARED_FOLDER", folder / "shared")
    (folder / "closed").mkdir(mode=0o700)
    yield folder / "closed"
    shutil.rmtree(folder)


def made(wanted: Path) -> Path:
    """The folder made for it, with something in it."""
    directory = server_folder.make(wanted, SOMEBODY)
    (directory / "data").mkdir(exist_ok=True)
    return directory


@contextmanager
def served(directory: Path) -> Iterator[None]:
    """Somebody answers at the socket of a server."""
    (directory / "socket").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "socket" / ".s.PGSQL.5432"))
        listener.listen()
        yield


def test_files_are_where_they_were_asked_for_when_the_server_may_go_there(closed: Path) -> None:
    assert server_folder.make(closed / "data", None) == closed / "data"
    server_folder.remove(closed / "data")
    assert not (closed / "data").exists()


def test_files_beside_a_closed_folder_stay_with_it(closed: Path) -> None:
    directory = made(closed / "data")
    assert closed not in directory.parents
    assert made(closed / "data") == directory
    assert (closed / "data" / "elsewhere").read_text() == f"{directory}\n"


def test_files_are_removed_from_both_places(closed: Path) -> None:
    directory = made(closed / "data")
    server_folder.remove(closed / "data")
    assert not directory.exists()
    assert not (closed / "data").exists()
    server_folder.remove(closed / "data")


def test_files_of_a_folder_that_is_gone_are_not_taken_over(closed: Path) -> None:
    directory = made(closed / "data")
    shutil.rmtree(closed / "data")
    assert server_folder.make(closed / "data", SOMEBODY) == directory
    assert not (directory / "data").exists()


def test_files_of_a_folder_that_is_gone_go_at_the_next_start_of_any(closed: Path) -> None:
    gone, kept = made(closed / "gone"), made(closed / "kept")
    shutil.rmtree(closed / "gone")
    made(closed / "another")
    assert not gone.exists()
    assert (kept / "data").exists()


def test_files_that_a_server_runs_on_are_left_alone(closed: Path) -> None:
    directory = made(closed / "data")
    with served(directory):
        with pytest.raises(EngineUnavailable, match="Ctrl-C"):
            server_folder.remove(closed / "data")
        shutil.rmtree(closed / "data")
        with pytest.raises(EngineUnavailable, match="Ctrl-C"):
            made(closed / "data")
        made(closed / "another")
        assert (directory / "data").exists()
    made(closed / "third")
    assert not directory.exists()
