"""Bounded waits on aiokafka, whose own may last for ever while a broker is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.errors import TryAgain

T = TypeVar("T")

ANSWER_SECONDS = 10.0
STOP_SECONDS = 4.0


async def answered(work: Awaitable[T]) -> T:
    """The client's answer within 10 s; its failures and silence are TryAgain."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await work
    except (KafkaError, OSError, TimeoutError) as error:
        raise TryAgain(f"Kafka is away: {type(error).__name__}") from error


async def stopped(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Stop a client in a task of its own: it may hang or raise into its caller (docs/trust, K8)."""
    task = asyncio.create_task(client.stop())
    _, hanging = await asyncio.wait({task}, timeout=STOP_SECONDS)
    if hanging:
        task.cancel()
        await asyncio.wait({task}, timeout=1)
    if task.done() and not task.cancelled():
        task.exception()
