"""JSON log lines on an allow-list: a key that is not listed is dropped, an exception has no text.

`log.warning("one literal sentence", topic=…)`: the sentence never holds a value. An exception
becomes its class, the place and its own frames. Lines of libraries keep their template, never
their arguments (docs/trust, PHI rules).
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import msgspec
import structlog
from structlog.contextvars import get_contextvars

ALLOWED = frozenset(
    {"ts", "level", "service", "role", "message", "request_id", "trace_id", "correlation_id"}
    | {"tenant", "event_id", "topic", "partition", "offset", "duration_ms"}
    | {"error", "where", "stack", "code", "status", "method", "route", "job", "count"}
    | {"part", "suppressed", "event_type", "group", "version", "port", "seconds"}
)
_ROOT = Path(__file__).resolve().parents[2]
_FRAMES = 8
_REPEATS = 5
_WINDOW_SECONDS = 60.0

Line = MutableMapping[str, Any]

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines say which part of the system speaks."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return bound


def request_id() -> str:
    """The id of the HTTP request that this task answers; empty outside of one."""
    return str(get_contextvars().get("request_id", ""))


def where_of(error: BaseException) -> list[str]:
    """The frames of an exception as `file:line:function`, innermost last; never a value."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno}:{frame.name}" for frame in frames]


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])


def _name_exception(_logger: object, _method: str, line: Line) -> Line:
    """Replace `exc_info` by class and place; the text of an exception may quote a value."""
    found = line.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        stack = where_of(error)
        line["error"] = type(error).__name__
        line["where"] = stack[-1] if stack else ""
        line["stack"] = stack
        if error.__cause__ is not None:
            line["error"] += f" from {type(error.__cause__).__name__}"
    return line


def _keep_listed(_logger: object, _method: str, line: Line) -> Line:
    line["message"] = line.pop("event", "")
    return {key: value for key, value in line.items() if key in ALLOWED}


class _Repeats:
    """Lets the same warning pass a few times a minute and counts the rest (an outage repeats)."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, ...], tuple[float, int]] = {}

    def __call__(self, _logger: object, method: str, line: Line) -> Line:
        if method in {"debug", "info"}:
            return line
        names = ("event", "service", "role", "error", "topic", "job", "part")
        key = tuple(str(line.get(name, "")) for name in names)
        since, count = self._seen.get(key, (0.0, 0))
        now = time.monotonic()
        if now - since > _WINDOW_SECONDS:
            if count > _REPEATS:
                line["suppressed"] = count - _REPEATS
            if len(self._seen) > 1000:
                self._seen.clear()
            self._seen[key] = (now, 1)
            return line
        self._seen[key] = (since, count + 1)
        if count >= _REPEATS:
            raise structlog.DropEvent
        return line


class _Libraries(logging.Handler):
    """Takes over the lines of libraries: the template only, since arguments may hold values."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        level = record.levelname.lower()
        write = getattr(log, level if level in {"info", "warning", "error"} else "error")
        write(text, part=record.name, exc_info=record.exc_info or None)


def _json(line: Line, **_: object) -> str:
    return msgspec.json.encode(line).decode()


def configure_logs(
    *, service: str = "", role: str = "", level: int = logging.INFO, out: TextIO | None = None
) -> None:
    """Send every line of this process, those of libraries too, to `out` (standard error) as JSON.

    service and role are what lines say that belong to no task of a role.
    """
    _configure_own(service, role, level=level, out=out)
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)


def _configure_own(service: str, role: str, *, level: int, out: TextIO | None = None) -> None:

    def speak(_logger: object, _method: str, line: Line) -> Line:
        line.setdefault("service", service)
        line.setdefault("role", role)
        return line

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            speak,
            _name_exception,
            _Repeats(),
            _keep_listed,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(out or sys.stderr),
        cache_logger_on_first_use=False,
    )


_configure_own("", "", level=logging.WARNING)  # safe also where nobody configures anything
