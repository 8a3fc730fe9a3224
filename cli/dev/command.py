"""The command `rcm dev`: engines that stay, a worker that is started again on every change."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from cli.answers import OK, errors, plainly
from cli.dev.reloading import Worker, keep_running
from cli.dev.sources import PROGRAM, Sources
from cli.engines import engines
from cli.places import home
from cli.ports import port_base

WORKER = (sys.executable, "-m", "cli.dev.worker")


def develop(bus: str, *, watched: Sequence[Path] | None = None) -> int:
    """Run until Ctrl-C; the exit code. What is missing or set wrongly ends it as in answers.py.

    watched: folders whose change starts the worker again, instead of the program's own.
    """
    folder = home() / "dev"
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    sources = Sources(watched or PROGRAM)
    with plainly():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with engines(folder, bus) as found:
            plan = json.dumps([*found, str(folder), port_base()])
            errors.print("starting; a changed source file starts it again, Ctrl-C ends it")
            keep_running(Worker(WORKER, plan), sources, stopping, say=errors.print)
    return OK
