"""What the simulated coder of the demo answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Body = dict[str, Any]


def coded_by_hand(diagnoses: Sequence[str]) -> Body:
    """How the simulated coder completes a task: an office visit for what was diagnosed.

    Without a diagnosis it codes a check-up. The fee schedule prices the line.
    """
    if not diagnoses:
        return {"diagnoses": ["Z00.00"], "lines": [_line("99396", 1)]}
    pointed = min(len(diagnoses), 4)
    code = "99214" if pointed > 2 else "99213"
    return {"diagnoses": list(diagnoses), "lines": [_line(code, pointed)]}


def _line(code: str, pointed: int) -> Body:
    return {"code": code, "modifiers": [], "units": 1, "pointers": list(range(1, pointed + 1))}
