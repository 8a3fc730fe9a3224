"""Waiting for an event or a time, in a way that a cancellation always ends.

`asyncio.wait_for` of Python 3.11 swallows a cancellation that meets the event; these do not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

SMALL_BATCH = 50
"""Fewer things than this are few: a transaction costs nearly the same for all of them."""

GATHER_TIMES, GATHER_AT_MOST_SECONDS = 3.0, 0.5
"""How long more work may come together after a little of it, against what that took."""


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def gather_more(stop: asyncio.Event, *, since: float) -> None:
    """After a small batch, begun at `since` (monotonic), let more come together for the next one.

    The pause grows with what the batch took: none to speak of while there is little to do, and
    fewer, larger batches under load.
    """
    took = time.monotonic() - since
    await wait_for(stop, min(GATHER_TIMES * took, GATHER_AT_MOST_SECONDS))


async def first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Until one of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
