"""A member in a process of its own: prints the size of its share whenever that changes."""

from __future__ import annotations

import asyncio
import sys

from shared.messaging.bus import Listener, Place
from tests.contracts.engines import Engine


async def main(engine: str, address: str, topic: str, group: str) -> None:
    """Take part and poll until killed."""
    owned: frozenset[Place] = frozenset()

    async def assigned(places: frozenset[Place]) -> None:
        nonlocal owned
        owned = places
        sys.stdout.write(f"{len(places)}\n")
        sys.stdout.flush()

    async def revoked(places: frozenset[Place]) -> None:
        del places

    bus = Engine(engine, address).bus()
    await bus.start()
    member = await bus.join(group, [topic], Listener(assigned, revoked))
    while True:
        await member.poll(owned, limit=10, wait_seconds=0.2)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
