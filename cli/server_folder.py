"""Where a PostgreSQL of our own keeps its files, and how they go when nobody needs them any more.

Root cannot run PostgreSQL, and the user who does cannot enter a folder closed to others. The files
then lie in a folder of ours below /var/tmp. Two notes tie them together: the folder that was asked
for says where they are, and they say whose they are. When that folder is gone, they go too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from cli.local_process import Account, EngineUnavailable

SHARED_FOLDER = Path("/var/tmp")  # noqa: S108 - the one folder that survives and everyone may enter
_THEY_ARE_IN = "elsewhere"
_KEPT_FOR = "kept-for"


def make(wanted: Path | None, account: Account | None) -> Path:
    """The folder for password, log, socket and data, made where missing; temporary without one.

    account: who runs the server, None for ourselves.
    """
    if wanted is None:
        parent = Path(tempfile.gettempdir())
        if account is not None and not may_enter(parent, account):
            parent = SHARED_FOLDER
        directory = Path(tempfile.mkdtemp(prefix="claimstream-postgres-", dir=parent))
    elif account is None or may_enter(_whole(wanted).parent, account):
        directory = _whole(wanted)
        directory.mkdir(parents=True, exist_ok=True)
    else:
        directory = _elsewhere_for(_whole(wanted))
    directory.chmod(0o700 if account is None else 0o711)
    return directory


def remove(wanted: Path) -> None:
    """Delete what a server keeps for `wanted`; EngineUnavailable while one runs on it."""
    for directory in (_elsewhere(_whole(wanted)), _whole(wanted)):
        _delete(directory)


def may_enter(folder: Path, account: Account) -> bool:
    """Whether `account` may pass through every existing folder down to `folder`."""
    resolved = folder.resolve()
    existing = [path for path in (resolved, *resolved.parents) if path.exists()]
    return all(_may_pass(path.stat(), account) for path in existing)


def own_shared_folder() -> Path:
    """A folder of ours below /var/tmp that others may pass through but not write to."""
    folder = _own_shared_folder()
    folder.mkdir(mode=0o711, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise EngineUnavailable(f"{folder} belongs to somebody else; remove it.")
    folder.chmod(0o711)
    return folder


def digest(text: str) -> str:
    """A short name for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _own_shared_folder() -> Path:
    return SHARED_FOLDER / f"claimstream-{os.geteuid()}"


def _elsewhere(wanted: Path) -> Path:
    return _own_shared_folder() / f"data-{digest(str(wanted))}"


def _elsewhere_for(wanted: Path) -> Path:
    """The folder outside of a closed one, made and noted on both sides.

    What lies there from a folder that was removed since is not taken over.
    """
    _remove_stale(own_shared_folder())
    directory = _elsewhere(wanted)
    if not (wanted / _THEY_ARE_IN).exists():
        _delete(directory)
    wanted.mkdir(parents=True, exist_ok=True)
    (wanted / _THEY_ARE_IN).write_text(f"{directory}\n")
    directory.mkdir(exist_ok=True)
    (directory / _KEPT_FOR).write_text(f"{wanted}\n")
    return directory


def _delete(directory: Path) -> None:
    if not directory.exists():
        return
    if _is_served(directory):
        raise EngineUnavailable(
            f"A PostgreSQL runs on {directory}: end what started it (Ctrl-C), then try again."
        )
    shutil.rmtree(directory)


def _remove_stale(shared: Path) -> None:
    """Delete data whose folder is gone and that nobody serves."""
    for note in shared.glob(f"data-*/{_KEPT_FOR}"):
        with suppress(OSError):  # another start of ours may be at it, too
            wanted = Path(note.read_text().removesuffix("\n"))
            if not (wanted / _THEY_ARE_IN).exists() and not _is_served(note.parent):
                shutil.rmtree(note.parent)


def _is_served(directory: Path) -> bool:
    """Whether a server answers at the socket in its folder."""
    sockets = [path for path in (directory / "socket").glob(".s.PGSQL.*") if path.is_socket()]
    return any(_answers(path) for path in sockets)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except TimeoutError:  # it is there, and busy
            return True
        except OSError:
            return False
    return True


def _whole(path: Path) -> Path:
    return path.parent.resolve() / path.name


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
