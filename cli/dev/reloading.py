"""Keeps one worker process running, and starts a new one when a source file has changed.

The worker reads one line of JSON, its plan, from its standard input. It stops on SIGTERM, and when
that input ends: so it does not outlive the process that started it, however that went.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from cli.dev.sources import Sources

POLL_SECONDS = 0.3
STOP_SECONDS = 30.0

Say = Callable[[str], None]


class Worker:
    """One process at a time, of one command."""

    def __init__(self, command: Sequence[str], plan: str) -> None:
        self._command = command
        self._plan = plan
        self._process: subprocess.Popen[str] | None = None

    @property
    def runs(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it out of reach of the terminal's Ctrl-C, and tell it its plan."""
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write(self._plan + "\n")
            stdin.flush()

    def stop(self) -> None:
        """End its input, send SIGTERM and wait; what does not end in time is killed."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None


def keep_running(worker: Worker, sources: Sources, stopping: threading.Event, *, say: Say) -> None:
    """Until stopping: a change restarts the worker; one that ended by itself waits for a change."""
    worker.start()
    told = False
    try:
        while not stopping.wait(POLL_SECONDS):
            if changed := sources.changes():
                say(f"{_named(changed)} changed: starting again")
                worker.stop()
                worker.start()
                told = False
            elif not worker.runs and not told:
                say("it ended; the next change of a file starts it again")
                told = True
    finally:
        worker.stop()


def _named(changed: Sequence[Path]) -> str:
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"{changed[0].name}{more}"
