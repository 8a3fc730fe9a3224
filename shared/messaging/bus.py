"""The port to the event log: what Kafka and the embedded log both promise, and nothing more.

The promises are B1-B20 of tests/contracts/test_bus_conformance.py, run against both engines.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

MAX_KEY_BYTES = 1024
MAX_VALUE_BYTES = 256 * 1024
COMMIT_SECONDS = 5.0
PUBLISH_SECONDS = 30.0


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Topic(NamedTuple):
    """A topic as declared; partitions are fixed for its life, because a change moves keys."""

    name: str
    partitions: int = 12
    retention_days: int = 14


class Inspected(NamedTuple):
    """A topic's settings by name, as the log has them and as this program would make them."""

    found: Mapping[str, str]
    declared: Mapping[str, str]

    @property
    def differing(self) -> dict[str, tuple[str, str]]:
        """Settings that are not as declared: name -> (found, declared)."""
        return {
            name: (self.found.get(name, ""), value)
            for name, value in self.declared.items()
            if self.found.get(name, "") != value
        }


class Outgoing(NamedTuple):
    """A record to be published; at_ms is the time of sending, epoch milliseconds."""

    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]
    at_ms: int


class Incoming(Protocol):
    """A record as read; timestamp is what the sender stamped, epoch milliseconds."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class NotSent(Exception):
    """The record may or may not be in the log: send it again, in order, later."""


class NeverSendable(Exception):
    """The record can never be sent as it is: too large, or its topic does not exist."""


class ClockAhead(NotSent):
    """The log refuses records stamped so far ahead; this machine's clock needs care."""


class CommitRefused(Exception):
    """The offsets were not committed: not the owner any more, or the log did not answer in time."""


class Listener(NamedTuple):
    """What a member tells its owner about its share of the partitions.

    `revoked` must finish (work stopped, offsets committed) before the partitions are handed on;
    `assigned` follows every change, with the whole new share.
    """

    assigned: Callable[[frozenset[Place]], Awaitable[None]]
    revoked: Callable[[frozenset[Place]], Awaitable[None]]


class Member(Protocol):
    """One member of a consumer group. Positions start at the committed offset, else earliest."""

    async def poll(
        self, places: Collection[Place], *, limit: int, wait_seconds: float
    ) -> list[Incoming]:
        """At most `limit` next records of the places, in order per partition; [] after the wait.

        Every poll, also one of no places, says that this member is alive and well. Records of a
        place that is not asked for wait; that is how a place is paused. Raises TryAgain.
        """
        ...

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Store the next offset to be read of each place; CommitRefused within COMMIT_SECONDS."""
        ...

    async def behind(self) -> int:
        """How many records of the own share were not handed out yet; raises TryAgain."""
        ...

    async def leave(self) -> None:
        """Revoke, leave the group, close; bounded, never raises."""
        ...


class Bus(Protocol):
    """One client of the event log; one per process. Its failures are TryAgain or named here."""

    system: str

    async def start(self) -> None:
        """Open what needs opening; an absent log raises TryAgain."""
        ...

    async def stop(self) -> None:
        """Close within 5 s, whatever the log does."""
        ...

    async def apply_topics(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are missing; existing ones stay as they are."""
        ...

    async def inspect(self, topics: Sequence[Topic]) -> dict[str, Inspected]:
        """What there is of the topics, by name; those that are not there are left out."""
        ...

    async def delete_topics(self, names: Collection[str]) -> None:
        """Delete topics and all their records; those that are not there are no error.

        Offsets of groups may stay behind (K13): only shared/messaging/renewal.py calls this.
        """
        ...

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Append in order per partition; per record None (in the log) or NotSent/NeverSendable.

        After the first failure of a partition nothing of it is sent any more in this call, so a
        key never overtakes itself. Answers within PUBLISH_SECONDS.
        """
        ...

    async def join(
        self, group: str, topics: Collection[str], listener: Listener, *, member: str = ""
    ) -> Member:
        """Become a member of the group; `member` is a static name where one is wanted."""
        ...

    def follow(self, offsets: Mapping[Place, int]) -> AsyncGenerator[Sequence[Incoming], None]:
        """Records from the offsets on, as they come and as no group's, until it is closed.

        In order per partition; an empty list whenever none came for half a second. TryAgain.
        """
        ...

    async def end_offsets(self, topics: Collection[str]) -> dict[Place, int]:
        """The offset the next record will get, per partition."""
        ...

    async def start_offsets(self, topics: Collection[str]) -> dict[Place, int]:
        """The oldest offset that is still there, per partition."""
        ...

    async def offsets_at(self, topic: str, at_ms: int) -> dict[Place, int]:
        """Per partition the first offset stamped at or after an instant; the end where none is."""
        ...

    async def committed(self, group: str, topics: Collection[str]) -> dict[Place, int]:
        """The group's committed offsets; places without one are absent."""
        ...

    async def members(self, group: str) -> int:
        """How many members the group has now; 0 for one that never was."""
        ...

    async def rewind(self, group: str, offsets: Mapping[Place, int]) -> None:
        """Set committed offsets; Conflict(`group_has_members`) while somebody is in the group."""
        ...

    async def trim(self, offsets: Mapping[Place, int]) -> None:
        """Forget the records below the offsets."""
        ...


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: the same in both engines and in every release."""
    return zlib.crc32(key) % partitions


def sort_out(
    records: Sequence[Outgoing], partitions: Mapping[str, int]
) -> tuple[list[Exception | None], dict[Place, list[int]]]:
    """What cannot be sent, per record, and the numbers of the records that each place gets.

    partitions: topic -> how many, 0 where it does not exist. Behind a record that can never be
    sent, those of its key stay back: they may not overtake it.
    """
    outcomes: list[Exception | None] = [None] * len(records)
    shares: dict[tuple[str, int], list[int]] = {}
    stopped: set[tuple[str, bytes]] = set()
    for number, (topic, key, value, _, _) in enumerate(records):
        count = partitions[topic]
        if not count or len(value or b"") > MAX_VALUE_BYTES or len(key) > MAX_KEY_BYTES:
            outcomes[number] = NeverSendable("too large" if count else "no such topic")
            stopped.add((topic, key))
        elif stopped and (topic, key) in stopped:
            outcomes[number] = NotSent("an earlier record of its key was not sent")
        else:
            place = (topic, partition_of(key, count))
            if place in shares:
                shares[place].append(number)
            else:
                shares[place] = [number]
    return outcomes, {Place(*place): numbers for place, numbers in shares.items()}


async def lag(bus: Bus, group: str, topics: Collection[str]) -> dict[Place, int]:
    """Records the group has still to read, per partition; measured from outside the group."""
    ends = await bus.end_offsets(topics)
    starts = await bus.start_offsets(topics)
    committed = await bus.committed(group, topics)
    return {
        place: end - max(committed.get(place, 0), starts.get(place, 0))
        for place, end in ends.items()
    }
