"""Two clocks: system time, which is never moved, and business time, which a test may advance.

System time stamps records, locks, time-outs and tokens. Business time is system time plus one
offset for the installation; every `due_at` is business time (docs/architecture.md, Clocks).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta


class _Clock:
    """The process's view of both clocks; tests freeze them, TestClockAdvanced moves the offset."""

    def __init__(self) -> None:
        self.frozen_at: datetime | None = None
        self.offset = timedelta()


_clock = _Clock()


def system() -> datetime:
    """Now, UTC, never moved."""
    return _clock.frozen_at or datetime.now(UTC)


def business() -> datetime:
    """Now for deadlines and cycles: system time plus the installation's offset, UTC."""
    return system() + _clock.offset


def today() -> date:
    """The business date, UTC."""
    return business().date()


def offset_seconds() -> int:
    """The installation's offset in whole seconds."""
    return int(_clock.offset.total_seconds())


def set_offset(seconds: int) -> None:
    """Take over the installation's offset (from the database or TestClockAdvanced)."""
    _clock.offset = timedelta(seconds=seconds)


@contextmanager
def fixed(at: datetime) -> Iterator[None]:
    """Freeze system time at an instant with zone, and business time with it; for tests."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    before = _clock.frozen_at, _clock.offset
    _clock.frozen_at, _clock.offset = at.astimezone(UTC), timedelta()
    try:
        yield
    finally:
        _clock.frozen_at, _clock.offset = before
