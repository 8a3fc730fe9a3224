"""A circuit: whether somebody outside who keeps failing is called at all, as a pure value.

closed     every call goes out; FAILURES in a row open it
open       no call goes out until the pause is over
half open  one call, the probe; it closes the circuit, or opens it for twice as long
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

FAILURES = 5
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)


class Circuit(NamedTuple):
    """Closed while `opened_at` is None. All instants are system time; failures are in a row."""

    failures: int = 0
    opened_at: datetime | None = None
    pause: timedelta = timedelta()
    is_probed: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether every call goes out."""
        return self.opened_at is None

    def wait(self, at: datetime) -> timedelta:
        """How long until a probe may go out; zero when closed, or for a clock that was set back."""
        if self.opened_at is None or at < self.opened_at:
            return timedelta()
        return max(self.opened_at + self.pause - at, timedelta())

    def admits(self, at: datetime) -> bool:
        """Whether a call may begin."""
        return not self.is_probed and not self.wait(at)

    def begun(self) -> Circuit:
        """A call that was admitted begins; unless the circuit is closed it is the probe."""
        return self._replace(is_probed=not self.is_closed)

    def ended(self, *, well: bool, as_probe: bool, at: datetime) -> Circuit:
        """A call ends; of those begun before the circuit opened nothing is learned any more."""
        if not self.is_closed and not as_probe:
            return self
        if well:
            return Circuit()
        failures = self.failures + 1
        if failures < FAILURES:
            return self._replace(failures=failures)
        pause = min(max(FIRST_PAUSE, 2 * self.pause), LONGEST_PAUSE)
        return Circuit(failures, opened_at=at, pause=pause)

    def given_up(self, *, as_probe: bool) -> Circuit:
        """A call was cut off on our side, which says nothing of the other; the next may probe."""
        return self._replace(is_probed=False) if as_probe else self
