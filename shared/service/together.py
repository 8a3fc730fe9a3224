"""Work on many things in one go, so that one that fails holds up no other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from shared.errors import TryAgain

T = TypeVar("T")
Failures = list[tuple[T, Exception]]


async def together(
    things: Sequence[T], work: Callable[[Sequence[T]], Awaitable[None]]
) -> Failures[T]:
    """Do the work, a transaction, for all things at once; where it fails, for each by itself.

    Gives what failed by itself and why. TryAgain, when the database is away, is raised at once.
    """
    if not things:
        return []
    try:
        await work(things)
    except TryAgain:
        raise
    except Exception as error:  # noqa: BLE001 - the caller is told
        if len(things) == 1:
            return [(things[0], error)]
    else:
        return []
    return [failure for thing in things for failure in await together([thing], work)]
