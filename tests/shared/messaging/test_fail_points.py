"""Fail points kill at the n-th passing, refuse unknown names, and are nothing when unset."""

from __future__ import annotations

import pytest

from shared.messaging.fail_points import POINTS, armed


def test_kills_at_the_nth_passing() -> None:
    killed: list[int] = []
    passing = armed("mid_run:3", lambda: killed.append(1))
    for _ in range(2):
        passing("mid_run")
        passing("after_fetch")
    assert not killed
    passing("mid_run")
    assert killed == [1]


def test_a_point_nobody_passes_is_refused() -> None:
    with pytest.raises(ValueError, match="no fail point: elsewhere"):
        armed("elsewhere:1", lambda: None)


def test_nothing_happens_when_unset() -> None:
    passing = armed("", lambda: pytest.fail("killed"))
    for point in POINTS:
        passing(point)
