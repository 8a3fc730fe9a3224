"""What the bus promises, alike on Kafka and on the embedded log (docs/trust, B1-B20)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import Any

import pytest

from shared import clock
from shared.errors import Conflict
from shared.messaging.bus import (
    MAX_VALUE_BYTES,
    Bus,
    CommitRefused,
    Incoming,
    Inspected,
    NeverSendable,
    NotSent,
    Place,
    Topic,
    lag,
    partition_of,
)
from shared.messaging.renewal import recreate
from shared.telemetry.metrics import RCM
from tests.contracts.engines import (
    OtherProcess,
    Rig,
    Watch,
    key_for,
    numbers,
    put,
    read,
    record,
)
from tests.support.eventually import eventually


async def test_b1_one_key_stays_in_one_partition_in_order(rig: Rig) -> None:
    places = await rig.topics()
    await put(rig.bus, rig.topic, *((f"key-{n % 20}", n) for n in range(200)))
    member, _ = await rig.join()
    records = await read(member, places, 200)
    for number in range(20):
        key = f"key-{number}".encode()
        mine = [each for each in records if each.key == key]
        assert {each.partition for each in mine} == {partition_of(key, len(places))}
        assert numbers(mine) == list(range(number, 200, 20))


async def test_b2_acknowledged_records_are_never_skipped(rig: Rig) -> None:
    places = await rig.topics()
    member, _ = await rig.join()
    clients = [await rig.client() for _ in range(8)]

    async def write(writer: int) -> None:
        for batch in range(10):
            first = writer * 1000 + batch * 20
            await put(clients[writer], rig.topic, *((f"w{n}", n) for n in range(first, first + 20)))

    reading = asyncio.create_task(read(member, places, 8 * 200, seconds=40))
    await asyncio.gather(*(write(writer) for writer in range(8)))
    records = await reading
    assert sorted(numbers(records)) == sorted(w * 1000 + n for w in range(8) for n in range(200))


async def test_b3_offsets_rise(rig: Rig) -> None:
    places = await rig.topics()
    for _ in range(5):
        await put(rig.bus, rig.topic, *((f"key-{n}", n) for n in range(12)))
    member, _ = await rig.join()
    records = await read(member, places, 60)
    for place in places:
        offsets = [each.offset for each in records if each.partition == place.partition]
        assert offsets == sorted(set(offsets))
        assert offsets


async def test_b4_resumes_at_the_commit(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    await put(rig.bus, rig.topic, *(("key", n) for n in range(10)))
    first, _ = await rig.join()
    assert numbers(await read(first, places, 10)) == list(range(10))
    await first.commit({places[0]: 6})
    await first.leave()
    second, _ = await rig.join()
    assert numbers(await read(second, places, 4)) == [6, 7, 8, 9]
    assert await rig.bus.committed(rig.group, [rig.topic]) == {places[0]: 6}


async def test_b5_partitions_are_committed_apart(rig: Rig) -> None:
    places = await rig.topics(partitions=2)
    left, right = key_for(0, 2), key_for(1, 2)
    await put(rig.bus, rig.topic, *((left, n) for n in range(5)), *((right, n) for n in range(5)))
    first, _ = await rig.join()
    await read(first, places, 10)
    await first.commit({places[0]: 5})
    await first.leave()
    second, _ = await rig.join()
    again = await read(second, places, 5)
    assert {each.partition for each in again} == {1}
    assert await rig.bus.committed(rig.group, [rig.topic]) == {places[0]: 5}


async def test_b6_a_former_owner_commits_nothing(rig: Rig) -> None:
    places = await rig.topics(partitions=2)
    await put(rig.bus, rig.topic, *((key_for(n % 2, 2), n) for n in range(10)))
    first, before = await rig.join()
    await read(first, places, 10)
    second, after = await rig.join(Watch())
    await _shared_out(first, second, (before, after), places)
    moved = next(iter(after.owned))
    await second.commit({moved: 5})
    with suppress(CommitRefused):
        await first.commit({moved: 1})
    await first.leave()
    with pytest.raises(CommitRefused):
        await first.commit({moved: 2})
    assert (await rig.bus.committed(rig.group, [rig.topic]))[moved] == 5


async def test_b7_every_partition_has_one_owner(rig: Rig) -> None:
    places = await rig.topics()
    first, mine = await rig.join()
    second, yours = await rig.join(Watch())
    await _shared_out(first, second, (mine, yours), places)
    assert not mine.owned & yours.owned
    await second.leave()
    await _polled(first, lambda: mine.owned == set(places), "the share of who left")


async def test_b7_the_share_of_a_dead_member_moves(rig: Rig) -> None:
    places = await rig.topics()
    first, mine = await rig.join()
    other = OtherProcess(rig.engine, rig.topic, rig.group)
    try:
        await _polled(first, lambda: len(mine.owned) < len(places), "the other gets a share")
    finally:
        other.kill()
    await _polled(first, lambda: mine.owned == set(places), "the share of the dead one")


async def test_b7_a_member_with_a_name_keeps_its_share_while_it_is_away(rig: Rig) -> None:
    """On Kafka only: a place of the embedded log is free as soon as it is let go (K6)."""
    places = await rig.topics()
    await put(rig.bus, rig.topic, *((key_for(n, 3), n) for n in range(3)))
    first, _ = await rig.join(name="pod-0")
    await read(first, places, 3)
    await first.commit(dict.fromkeys(places, 1))
    await first.leave()
    assert await rig.bus.members(rig.group) == (1 if rig.engine.name == "kafka" else 0)
    await put(rig.bus, rig.topic, *((key_for(n, 3), n + 3) for n in range(3)))
    again, watch = await rig.join(name="pod-0")
    assert sorted(numbers(await read(again, places, 3))) == [3, 4, 5]
    assert watch.owned == set(places)
    assert await rig.bus.members(rig.group) == 1


async def test_b8_a_partition_moves_after_its_owner_has_finished(rig: Rig) -> None:
    places = await rig.topics()
    first, mine = await rig.join()
    mine.hold()
    second, yours = await rig.join(Watch())
    polling = asyncio.create_task(_poll_on(second, places))
    try:
        await _polled(first, mine.entered.is_set, "the owner is asked to finish")
        assert not yours.owned
        assert not mine.finished
        mine.may_leave.set()
        await _polled(first, lambda: bool(yours.owned), "the partition moves")
        assert mine.finished
    finally:
        mine.may_leave.set()
        polling.cancel()


async def test_b9_a_new_group_starts_at_the_beginning(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    await put(rig.bus, rig.topic, *(("key", n) for n in range(3)))
    member, _ = await rig.join()
    assert numbers(await read(member, places, 3)) == [0, 1, 2]


@pytest.mark.parametrize("committed", [3, 999], ids=["trimmed away", "beyond the end"])
async def test_b9_out_of_range_goes_to_the_beginning_and_is_reported(
    rig: Rig, committed: int
) -> None:
    places = await rig.topics(partitions=1)
    await put(rig.bus, rig.topic, *(("key", n) for n in range(10)))
    await rig.bus.trim({places[0]: 6})
    await rig.bus.rewind(rig.group, {places[0]: committed})
    member, _ = await rig.join()
    assert numbers(await read(member, places, 4)) == [6, 7, 8, 9]
    reported = RCM.get_sample_value("rcm_offset_resets_total", {"group": rig.group})
    assert reported == 1


async def test_b10_bytes_come_back_as_they_went(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    headers = [("ce_id", b"x"), ("twice", b"1"), ("twice", b"\x00\xff"), ("empty", b"")]
    large = bytes(range(256)) * (MAX_VALUE_BYTES // 256)
    sent = [
        record(rig.topic, "a", large, headers=headers),
        record(rig.topic, "b", None),
        record(rig.topic, "c", b"")._replace(key=b"\x00\xfe\n"),
    ]
    assert await rig.bus.publish(sent) == [None, None, None]
    member, _ = await rig.join()
    records = await read(member, places, 3)
    assert [(each.key, each.value) for each in records] == [(s.key, s.value) for s in sent]
    assert list(records[0].headers) == headers
    refused = await rig.bus.publish([record(rig.topic, "a", large + b"x" * 2048)])
    assert isinstance(refused[0], NeverSendable)


async def test_b11_the_time_of_a_record_is_kept(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    at_ms = int(clock.system().timestamp() * 1000) - 86_400_000
    assert await rig.bus.publish([record(rig.topic, "key", at_ms=at_ms)]) == [None]
    member, _ = await rig.join()
    assert [each.timestamp for each in await read(member, places, 1)] == [at_ms]


async def test_b12_a_place_that_is_not_asked_for_waits(rig: Rig) -> None:
    places = await rig.topics(partitions=2)
    member, watch = await rig.join()
    joined = watch.assigned
    await put(rig.bus, rig.topic, (key_for(0, 2), 0), (key_for(1, 2), 1))
    assert numbers(await read(member, places[:1], 1)) == [0]
    for _ in range(5):
        assert await member.poll((), limit=10, wait_seconds=0) == []
    assert await member.poll(places[:1], limit=10, wait_seconds=0) == []
    assert numbers(await read(member, places[1:], 1)) == [1]
    assert watch.assigned == joined


async def test_b13_ends_lag_and_offsets_by_time(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    start = int(clock.system().timestamp() * 1000) - 10_000
    stamped = [record(rig.topic, "key", at_ms=start + n * 1000) for n in range(5)]
    assert await rig.bus.publish(stamped) == [None] * 5
    assert await rig.bus.end_offsets([rig.topic]) == {places[0]: 5}
    assert await rig.bus.offsets_at(rig.topic, start + 1500) == {places[0]: 2}
    assert await rig.bus.offsets_at(rig.topic, start + 60_000) == {places[0]: 5}
    assert await lag(rig.bus, rig.group, [rig.topic]) == {places[0]: 5}
    member, _ = await rig.join()
    await read(member, places, 5)
    await member.commit({places[0]: 4})
    assert await lag(rig.bus, rig.group, [rig.topic]) == {places[0]: 1}
    assert await member.behind() == 0


async def test_b14_trimming_takes_from_the_head_only(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    await put(rig.bus, rig.topic, *(("key", n) for n in range(10)))
    await rig.bus.trim({places[0]: 4})
    assert await rig.bus.start_offsets([rig.topic]) == {places[0]: 4}
    assert await rig.bus.end_offsets([rig.topic]) == {places[0]: 10}
    member, _ = await rig.join()
    assert numbers(await read(member, places, 6)) == [4, 5, 6, 7, 8, 9]


async def test_b15_a_failure_is_told_per_record_and_keeps_the_order(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    too_large = record(rig.topic, "bad", b"x" * (MAX_VALUE_BYTES + 2048))
    sent = [
        record(rig.topic, "good", b"1"),
        too_large,
        record(rig.topic, "bad", b"2"),
        record(f"{rig.topic}.missing", "good", b"3"),
        record(rig.topic, "good", b"4"),
    ]
    outcomes = await rig.bus.publish(sent)
    assert [type(each) for each in outcomes] == [
        type(None),
        NeverSendable,
        NotSent,
        NeverSendable,
        type(None),
    ]
    assert await rig.bus.publish([sent[2], record(rig.topic, "bad", b"5")]) == [None, None]
    member, _ = await rig.join()
    assert numbers(await read(member, places, 4)) == [1, 4, 2, 5]


async def test_b17_rewinding_waits_for_the_members_to_leave(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    await put(rig.bus, rig.topic, *(("key", n) for n in range(5)))
    member, _ = await rig.join()
    await read(member, places, 5)
    await member.commit({places[0]: 5})
    assert await rig.bus.members(rig.group) == 1
    assert await rig.bus.members("nobody") == 0
    with pytest.raises(Conflict, match="group_has_members"):
        await rig.bus.rewind(rig.group, {places[0]: 1})
    await member.leave()
    assert await rig.bus.members(rig.group) == 0
    await rig.bus.rewind(rig.group, {places[0]: 1})
    again, _ = await rig.join()
    assert numbers(await read(again, places, 4)) == [1, 2, 3, 4]


async def test_b18_a_deleted_topic_is_made_anew_and_known_senders_go_on(rig: Rig) -> None:
    places = await rig.topics(partitions=2)
    other = await rig.client()
    left, right = key_for(0, 2), key_for(1, 2)
    for bus in (rig.bus, other):
        await put(bus, rig.topic, *((key, n) for key in (left, right) for n in range(5)))
    await rig.bus.delete_topics([rig.topic, f"{rig.topic}.missing"])
    assert await rig.bus.inspect([Topic(rig.topic)]) == {}
    assert await rig.topics(partitions=2) == places
    assert await rig.bus.end_offsets([rig.topic]) == dict.fromkeys(places, 0)

    async def sent(bus: Bus, number: int) -> bool:
        """A sender that knew the old topic may learn of the new one by one failure."""
        outcomes = await bus.publish([record(rig.topic, left, str(number).encode())])
        return outcomes == [None]

    for number, bus in enumerate((rig.bus, other)):
        await eventually(lambda b=bus, n=number: sent(b, n), describe="sent to the new topic")  # type: ignore[misc]
    member, _ = await rig.join()
    assert numbers(await read(member, places, 2)) == [0, 1]


async def test_b18_a_topic_made_anew_is_read_from_its_beginning(rig: Rig) -> None:
    places = await rig.topics(partitions=1)
    await put(rig.bus, rig.topic, *(("key", n) for n in range(5)))
    member, _ = await rig.join()
    await read(member, places, 5)
    await member.commit({places[0]: 5})
    with pytest.raises(Conflict, match="group_has_members"):
        await recreate(rig.bus, Topic(rig.topic, 1), [rig.group])
    assert await rig.bus.end_offsets([rig.topic]) == {places[0]: 5}
    await member.leave()
    await recreate(_ForgetsNothing(rig, places[0]), Topic(rig.topic, 1), [rig.group])
    await put(rig.bus, rig.topic, *(("key", n) for n in range(10, 18)))
    again, _ = await rig.join()
    assert numbers(await read(again, places, 8)) == list(range(10, 18))


async def test_b19_topics_are_shown_as_they_are(rig: Rig) -> None:
    await rig.bus.apply_topics([Topic(rig.topic, 2, 3)])
    declared = Topic(rig.topic, 2, 3)

    async def inspected(topic: Topic) -> Inspected:
        return (await rig.bus.inspect([topic, Topic("missing")]))[rig.topic]

    async def known() -> bool:
        return rig.topic in await rig.bus.inspect([declared])

    await eventually(known, describe="the topic")
    assert (await inspected(declared)).differing == {}
    assert (await inspected(declared)).found["partitions"] == "2"
    other = (await inspected(Topic(rig.topic, 12, 14))).differing
    days, milliseconds = ("3", "14"), ("259200000", "1209600000")
    assert other.pop("partitions") == ("2", "12")
    assert other in ({"retention_days": days}, {"retention.ms": milliseconds})


async def test_b20_following_is_in_order_and_leaves_no_group_behind(rig: Rig) -> None:
    places = await rig.topics(partitions=2)
    left, right = key_for(0, 2), key_for(1, 2)
    await put(rig.bus, rig.topic, *((left, n) for n in range(5)))
    others = set(await rig.groups())
    found: list[Incoming] = []
    async with aclosing(rig.bus.follow({places[0]: 3, places[1]: 0})) as news:
        await put(rig.bus, rig.topic, *((key, n) for n in range(5, 8) for key in (left, right)))
        async for records in news:
            found += records
            if not records and len(found) >= 8:
                break
    assert numbers([each for each in found if each.partition == 0]) == [3, 4, 5, 6, 7]
    assert numbers([each for each in found if each.partition == 1]) == [5, 6, 7]
    assert set(await rig.groups()) <= others


class _ForgetsNothing:
    """A bus whose groups keep the offsets of a deleted topic, as K13 says of Kafka."""

    def __init__(self, rig: Rig, place: Place) -> None:
        self._rig, self._place = rig, place

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rig.bus, name)

    async def apply_topics(self, topics: Sequence[Topic]) -> None:
        """The new topic, and the old offset with it."""
        await self._rig.bus.apply_topics(topics)
        await self._rig.bus.rewind(self._rig.group, {self._place: 5})


async def _shared_out(first, second, watches, places) -> None:  # type: ignore[no-untyped-def]
    """Both poll until they share all partitions."""
    mine, yours = watches

    async def settled() -> bool:
        await asyncio.gather(
            first.poll(mine.owned, limit=1, wait_seconds=0.05),
            second.poll(yours.owned, limit=1, wait_seconds=0.05),
        )
        return bool(mine.owned and yours.owned and mine.owned | yours.owned == set(places))

    await eventually(settled, timeout_seconds=20, describe="two members share all partitions")


async def _polled(member, truth, describe: str) -> None:  # type: ignore[no-untyped-def]
    """Poll nothing until something is true, as a member does that waits."""

    async def look() -> bool:
        await member.poll((), limit=1, wait_seconds=0)
        return bool(truth())

    await eventually(look, timeout_seconds=20, describe=describe)


async def _poll_on(member, places: list[Place]) -> None:  # type: ignore[no-untyped-def]
    while True:
        await member.poll(places, limit=10, wait_seconds=0.1)
