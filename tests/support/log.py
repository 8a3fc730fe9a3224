"""Reads whole topics back, as a group of its own, to compare them with what should be there."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from cli.everything import Installed
from shared import ids
from shared.events.catalog import TOPICS
from shared.messaging import open_bus
from shared.messaging.bus import Bus, Incoming, Listener, Place
from tests.support.eventually import eventually


class Logged(NamedTuple):
    """A record of a topic, as far as order and repeats go."""

    topic: str
    key: bytes
    source: str
    event_id: UUID
    sequence: int


async def read_log(place: Installed) -> list[Logged]:
    """Every record of the event topics, in order per partition."""
    return [_logged(record) for record in await read_records(place)]


async def read_records(place: Installed) -> list[Incoming]:
    """The same as the records themselves, with headers and content."""
    bus = open_bus(place.settings["gateway"], role="checker")
    await bus.start()
    try:
        return await _everything(bus)
    finally:
        await bus.stop()


async def _everything(bus: Bus) -> list[Incoming]:
    ends = {at: end for at, end in (await bus.end_offsets(TOPICS)).items() if end}
    found: list[Incoming] = []
    owned: set[Place] = set()

    async def assigned(places: frozenset[Place]) -> None:
        owned.update(places)

    async def revoked(places: frozenset[Place]) -> None:
        owned.difference_update(places)

    member = await bus.join(f"checker.{ids.new().hex}", list(TOPICS), Listener(assigned, revoked))
    reached = dict.fromkeys(ends, 0)

    async def at_the_end() -> bool:
        for record in await member.poll(tuple(owned), limit=500, wait_seconds=0.5):
            found.append(record)
            reached[Place(record.topic, record.partition)] = record.offset + 1
        return all(reached[at] >= end for at, end in ends.items())

    try:
        await eventually(at_the_end, timeout_seconds=60, describe="the topics read to their ends")
    finally:
        await member.leave()
    return found


def _logged(record: Incoming) -> Logged:
    headers = dict(record.headers)
    return Logged(
        record.topic,
        record.key or b"",
        headers["ce_source"].decode(),
        UUID(headers["ce_id"].decode()),
        int(headers["ce_sequence"]),
    )
