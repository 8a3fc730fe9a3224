"""A server that this process starts for itself and that never outlives it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Reads process ids from a pipe that only its starter holds open. When the starter is gone, however
# it went, the pipe ends: the last process named is stopped and the folder given is removed.
# A frozen process must be woken to hear the signal.
_WATCHER = """
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s "$1" "$pid"; kill -s CONT "$pid"
  tries=0
  while kill -s 0 "$pid" && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -s KILL "$pid"
fi
if [ -n "$2" ]; then rm -rf -- "$2"; fi
"""


class EngineUnavailable(RuntimeError):
    """An engine could not be found or started; the message names the remedy."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user that a server runs as when this process is root."""

    name: str
    uid: int
    gid: int


class LocalProcess:
    """One server process, stopped with `stop_signal` when it is asked to or when its starter dies.

    `remove_folder`, if given, is deleted on `release` and when the starter dies. `exit_code` is
    that of the last one that ended, as subprocess gives it (-9: killed).
    """

    def __init__(self, stop_signal: signal.Signals, *, remove_folder: Path | None = None) -> None:
        self._stop_signal = stop_signal
        self._remove_folder = remove_folder
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self.exit_code: int | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, or None when it does not run."""
        if self._process is None:
            return None
        if self._process.poll() is not None:
            self.exit_code = self._process.returncode
            self._process = None
            self._tell_watcher("")
            return None
        return self._process.pid

    def spawn(
        self,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        account: Account | None = None,
    ) -> None:
        """Start `command`, its output appended to `log`, out of reach of the terminal's Ctrl-C."""
        if self.pid is not None:
            raise EngineUnavailable(f"{command[0]} is already running as process {self.pid}")
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment) if environment is not None else None,
                cwd="/",
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self._tell_watcher(str(self._process.pid))

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server, if it runs."""
        if self.pid is not None and self._process is not None:
            self._process.send_signal(number)

    def freeze(self) -> None:
        """SIGSTOP, and wait until none of the server's threads runs any more."""
        self.send(signal.SIGSTOP)
        if self.pid is not None:
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def stop(self, number: signal.Signals | None = None, *, timeout_seconds: float = 30) -> None:
        """Stop the server with `number` (else its stop signal), by SIGKILL after the time-out."""
        process = self._process
        if self.pid is None or process is None:
            return
        self.send(number or self._stop_signal)
        self.send(signal.SIGCONT)
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.exit_code = process.returncode
        self._process = None
        self._tell_watcher("")

    def release(self) -> None:
        """Stop the server for good and remove the folder that was to be removed."""
        self.stop()
        if self._watcher is not None and self._watcher.stdin is not None:
            self._watcher.stdin.close()
            self._watcher.wait()
            self._watcher = None
        if self._remove_folder is not None:
            shutil.rmtree(self._remove_folder, ignore_errors=True)

    def _tell_watcher(self, line: str) -> None:
        if self._watcher is None:
            self._watcher = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHER, "watcher", *self._watcher_arguments()],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        if self._watcher.stdin is not None:
            self._watcher.stdin.write(f"{line}\n".encode())
            self._watcher.stdin.flush()

    def _watcher_arguments(self) -> tuple[str, str]:
        name = self._stop_signal.name.removeprefix("SIG")
        return name, str(self._remove_folder or "")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until(
    ready: Callable[[], bool], process: LocalProcess, *, timeout_seconds: float, log: Path
) -> None:
    """Wait until `ready()`; EngineUnavailable with the log's end when the server dies first."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if process.pid is None:
            raise EngineUnavailable(f"the server stopped while starting:\n{log_tail(log)}")
        if time.monotonic() > deadline:
            process.stop()
            reason = f"the server was not ready after {timeout_seconds:.0f} s"
            raise EngineUnavailable(f"{reason}:\n{log_tail(log)}")
        time.sleep(0.02)


def log_tail(log: Path, *, lines: int = 15) -> str:
    """The last lines of a server's log, or where it should have been."""
    if not log.exists():
        return f"(no log at {log})"
    with log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 16_384))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])
