"""Named places where a fault test makes this process kill itself; nothing at all otherwise.

RCM_FAIL_POINT="<point>:<n>", read once at start, kills with SIGKILL at the n-th passing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

POINTS = frozenset(
    {
        "after_fetch",
        "mid_run",
        "before_commit",
        "after_commit",
        "between_handlers",
        "during_retry",
        "after_offset_commit",
        "before_send",
        "after_send",
        "before_delete",
        "after_commit_before_answer",
    }
)


def _nowhere(_point: str) -> None:
    """No fail point is set."""


def armed(setting: str, kill: Callable[[], None]) -> Callable[[str], None]:
    """The function behind `passing` for a setting; ValueError for a point nobody passes."""
    if not setting:
        return _nowhere
    wanted, _, count = setting.partition(":")
    if wanted not in POINTS:
        raise ValueError(f"RCM_FAIL_POINT names no fail point: {wanted}")
    left = int(count or "1")

    def pass_by(point: str) -> None:
        nonlocal left
        if point == wanted:
            left -= 1
            if left == 0:
                kill()

    return pass_by


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


passing = armed(os.environ.get("RCM_FAIL_POINT", ""), _kill)
