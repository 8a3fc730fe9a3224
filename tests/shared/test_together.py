"""Work in one go: one transaction when all is well, each thing by itself when something fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest

from shared.errors import TryAgain
from shared.service.together import together

Calls = list[tuple[int, ...]]
Work = Callable[[Sequence[int]], Awaitable[None]]


def refusing(bad: set[int], calls: Calls, error: Exception) -> Work:
    async def work(numbers: Sequence[int]) -> None:
        calls.append(tuple(numbers))
        if bad.intersection(numbers):
            raise error

    return work


async def test_all_in_one_go() -> None:
    calls: Calls = []
    assert await together([1, 2, 3], refusing(set(), calls, ValueError())) == []
    assert calls == [(1, 2, 3)]


async def test_one_that_fails_holds_up_no_other() -> None:
    calls: Calls = []
    error = ValueError("2 is bad")
    assert await together([1, 2, 3], refusing({2}, calls, error)) == [(2, error)]
    assert calls == [(1, 2, 3), (1,), (2,), (3,)]


async def test_nothing_to_do_opens_no_transaction() -> None:
    calls: Calls = []
    assert await together([], refusing(set(), calls, ValueError())) == []
    assert calls == []


async def test_a_database_that_is_away_is_not_asked_for_each() -> None:
    calls: Calls = []
    with pytest.raises(TryAgain):
        await together([1, 2], refusing({1}, calls, TryAgain("the database")))
    assert calls == [(1, 2)]
