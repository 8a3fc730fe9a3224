"""`eventually` waits, returns what it found, and explains what it did not find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.eventually import NeverHappened, eventually


async def test_returns_what_the_probe_finds() -> None:
    answers: Iterator[str] = iter(["", "", "found"])
    assert await eventually(lambda: next(answers)) == "found"


async def test_an_assertion_means_not_yet() -> None:
    seen: list[int] = []

    async def probe() -> bool:
        seen.append(len(seen))
        assert len(seen) >= 3, f"only {len(seen)}"
        return True

    assert await eventually(probe, interval_seconds=0)
    assert len(seen) == 3


async def test_says_what_was_last_seen() -> None:
    with pytest.raises(NeverHappened, match=r"not within 0 s: rows are three; last seen: 0"):
        await eventually(lambda: 0, timeout_seconds=0, describe="rows are three")
    with pytest.raises(NeverHappened, match=r"two_of_three; last seen: 'two of three'"):
        await eventually(two_of_three, timeout_seconds=0)


async def test_another_exception_is_a_failure_at_once() -> None:
    async def probe() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await eventually(probe)


def two_of_three() -> bool:
    raise AssertionError("two of three")
