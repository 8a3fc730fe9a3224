"""Door three is shut: nothing that coding does waits for a time."""

from __future__ import annotations

from shared.service import Recurring

JOBS: tuple[Recurring, ...] = ()
