"""Wait for what becomes true later, and say what was last seen when it does not."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")


class NeverHappened(AssertionError):
    """The probe was not satisfied in time; the message says what it saw last."""


@overload
async def eventually(
    probe: Callable[[], Awaitable[T]],
    *,
    timeout_seconds: float = ...,
    describe: str | Callable[[], str] = ...,
    interval_seconds: float = ...,
) -> T: ...


@overload
async def eventually(
    probe: Callable[[], T],
    *,
    timeout_seconds: float = ...,
    describe: str | Callable[[], str] = ...,
    interval_seconds: float = ...,
) -> T: ...


async def eventually(
    probe: Callable[[], object],
    *,
    timeout_seconds: float = 10.0,
    describe: str | Callable[[], str] = "",
    interval_seconds: float = 0.02,
) -> object:
    """Call `probe` until it returns something true, and return that.

    An AssertionError from the probe counts as "not yet", so a probe may simply assert; any other
    exception is a failure at once. `describe` names what is awaited, or is asked for it at the
    end.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        seen: object
        try:
            outcome = probe()
            value = await outcome if inspect.isawaitable(outcome) else outcome
        except AssertionError as refusal:
            seen = f"{refusal}" or "an assertion without a message"
        else:
            if value:
                return value
            seen = value
        if time.monotonic() >= deadline:
            raise NeverHappened(_failure(probe, describe, timeout_seconds, seen))
        await asyncio.sleep(interval_seconds)


def _failure(
    probe: Callable[[], object],
    describe: str | Callable[[], str],
    timeout_seconds: float,
    seen: object,
) -> str:
    awaited = describe() if callable(describe) else describe
    what = awaited or getattr(probe, "__name__", "the probe")
    return f"not within {timeout_seconds:g} s: {what}; last seen: {seen!r}"
