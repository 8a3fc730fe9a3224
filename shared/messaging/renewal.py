"""A topic made anew without a gap: the only way a topic is ever deleted (docs/trust, K13).

Old committed offsets would let a group skip, silently, whatever the new topic holds below them.
"""

from __future__ import annotations

from collections.abc import Collection

from shared.errors import Conflict
from shared.messaging.bus import Bus, Place, Topic


async def recreate(bus: Bus, topic: Topic, groups: Collection[str]) -> None:
    """Delete a topic, make it as declared, let the groups begin at its beginning.

    groups: everyone who reads it. Conflict(`group_has_members`) while one of them has members.
    Its publisher's relay must be stopped (relay.stopped). May be repeated after a failure: offsets
    are reset before the topic goes, so that no moment leaves an old one above the new end, and
    after it came, in case somebody was faster than the first look.
    """
    await require_nobody(bus, groups)
    await _reset(bus, groups, await bus.start_offsets([topic.name]))
    await bus.delete_topics([topic.name])
    await bus.apply_topics([topic])
    places = [Place(topic.name, number) for number in range(topic.partitions)]
    await _reset(bus, groups, dict.fromkeys(places, 0))


async def require_nobody(bus: Bus, groups: Collection[str]) -> None:
    """Conflict(`group_has_members`) while one of the groups has members."""
    for group in groups:
        if await bus.members(group):
            raise Conflict("group_has_members", f"Stop the consumers of {group} first.")


async def _reset(bus: Bus, groups: Collection[str], offsets: dict[Place, int]) -> None:
    for group in groups if offsets else ():
        await bus.rewind(group, offsets)
