"""The pause after a small batch: as the work took, bounded, and over when told to stop."""

from __future__ import annotations

import asyncio
import time

from shared.messaging.waiting import GATHER_AT_MOST_SECONDS, gather_more


async def paused(stop: asyncio.Event, *, work_took: float) -> float:
    began = time.monotonic()
    await gather_more(stop, since=began - work_took)
    return time.monotonic() - began


async def test_long_work_is_followed_by_the_longest_pause() -> None:
    took = await paused(asyncio.Event(), work_took=3600)
    assert took >= 0.9 * GATHER_AT_MOST_SECONDS, "more could come together"
    assert took < 20 * GATHER_AT_MOST_SECONDS, "and it does not wait an hour"


async def test_without_much_to_do_it_hardly_pauses() -> None:
    assert await paused(asyncio.Event(), work_took=0.001) < GATHER_AT_MOST_SECONDS


async def test_the_pause_is_over_when_told_to_stop() -> None:
    stop = asyncio.Event()
    stop.set()
    assert await paused(stop, work_took=3600) < GATHER_AT_MOST_SECONDS
