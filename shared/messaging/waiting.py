"""Waiting for an event or a time, in a way that a cancellation always ends.

`asyncio.wait_for` of Python 3.11 swallows a cancellation that meets the event; these do not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Until one of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
