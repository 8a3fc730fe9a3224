"""A real single-node Kafka of our own: fetched with Maven, started, killed, frozen, stopped."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from cli.local_process import EngineUnavailable, LocalProcess, free_port, wait_until

OLDEST_JAVA = 17
FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "kafka"
_START = FOLDER / "start"
_METADATA_KEY, _METADATA_VERSION = 3, 4


class LocalKafka:
    """One broker on 127.0.0.1; dies with the process that started it.

    `directory` keeps the log between starts; without it the log is temporary.
    Thread-safe it is not; its calls block (`start` 4 to 10 s), so a coroutine calls them through a
    thread.
    """

    def __init__(self, directory: Path | None = None) -> None:
        temporary = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="claimstream-kafka-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._controller_port = free_port()
        self._process = LocalProcess(
            signal.SIGTERM, remove_folder=self.directory if temporary else None
        )

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients start from."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.directory / "server.log"

    @property
    def running(self) -> bool:
        """Whether the server process lives (a frozen one does)."""
        return self._process.pid is not None

    def start(self) -> str:
        """Fetch, format where new, start, wait until it answers; returns `bootstrap_servers`."""
        fetch_jars()
        ports = [str(self.port), str(self._controller_port)]
        self._process.spawn([str(_START), str(self.directory), *ports], log=self.log)
        wait_until(
            lambda: answers_metadata(self.port), self._process, timeout_seconds=90, log=self.log
        )
        return self.bootstrap_servers

    def stop(self) -> None:
        """Stop in order; the log stays."""
        self._process.stop()

    def kill(self) -> None:
        """SIGKILL: what was acknowledged must survive on the same directory."""
        self._process.stop(signal.SIGKILL)

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nobody answers."""
        self._process.freeze()

    def thaw(self) -> None:
        """SIGCONT."""
        self._process.send(signal.SIGCONT)

    def restart(self) -> str:
        """Stop, unless it was killed before, and start on the same directory and ports."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """Stop for good; a temporary log is removed."""
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


def fetch_jars() -> None:
    """Make sure that Java and Kafka's jars are there; Maven is needed for the first time only."""
    require_java()
    result = subprocess.run(
        [str(_START), "--jars-only"], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise EngineUnavailable(
            f"Kafka's jars could not be fetched: {result.stderr.strip()[-1000:]}\n"
            "Install Maven (Debian: apt-get install maven) and check that it reaches a repository."
        )


def require_java() -> None:
    """Raise EngineUnavailable unless a Java that can run Kafka 4 is on the path."""
    remedy = (
        f"Install Java {OLDEST_JAVA} or later (Debian: apt-get install openjdk-17-jre-headless)."
    )
    if shutil.which("java") is None:
        raise EngineUnavailable(f"Kafka needs Java, and there is none. {remedy}")
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    if found is None or int(found[1]) < OLDEST_JAVA:
        raise EngineUnavailable(f"Kafka 4 cannot run on this Java: {told.strip()[:100]}. {remedy}")


def missing_tool() -> str | None:
    """Why Kafka cannot be had here (no Java, or no Maven to fetch it with), or None."""
    try:
        require_java()
    except EngineUnavailable as problem:
        return str(problem)
    if not (FOLDER / "libs").exists() and shutil.which("mvn") is None:
        return "Kafka's jars are not here and there is no Maven to fetch them with."
    return None


def answers_metadata(port: int) -> bool:
    """Whether the broker on 127.0.0.1:`port` answers a metadata request and names itself."""
    client = b"rcm.probe"
    body = struct.pack(">i?", 0, False)  # no topics, and create none
    header = struct.pack(">hhih", _METADATA_KEY, _METADATA_VERSION, 1, len(client)) + client
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(header + body)) + header + body)
            answer = connection.makefile("rb").read(16)
    except OSError:
        return False
    if len(answer) < 16:
        return False
    _, correlation, _, brokers = struct.unpack(">iiii", answer)
    return bool(correlation == 1 and brokers >= 1)
