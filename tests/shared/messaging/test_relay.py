"""The relay: every row once, in order per key, one relay at a time, whatever goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database
from shared.messaging import Relay, outbox, relay
from shared.messaging.bus import Bus, ClockAhead, NeverSendable, NotSent, Outgoing
from tests.support.builders import TENANT, origin
from tests.support.eventually import eventually
from tests.support.messaging import counts, funds, running

KEYS = [ids.derived(ids.NIL, f"key {number}") for number in range(5)]


class Scripted:
    """A bus that answers as told and keeps what it accepted."""

    system = "scripted"

    def __init__(self) -> None:
        self.accepted: list[Outgoing] = []
        self.answers: dict[bytes, list[Exception]] = {}
        self.calls = 0

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """The first record of a key meets the key's next answer; the rest of it stays back."""
        self.calls += 1
        stopped: dict[bytes, Exception] = {}
        outcomes: list[Exception | None] = []
        for record in records:
            if record.key not in stopped and self.answers.get(record.key):
                stopped[record.key] = self.answers[record.key].pop(0)
                outcomes.append(stopped[record.key])
            elif record.key in stopped:
                outcomes.append(NotSent("behind"))
            else:
                self.accepted.append(record)
                outcomes.append(None)
        return outcomes

    def numbers(self, key: UUID) -> list[int]:
        """The sequence numbers accepted for a key, in order."""
        wanted = str(key).encode()
        return [int(dict(r.headers)["ce_sequence"]) for r in self.accepted if r.key == wanted]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a test can wait for."""
    monkeypatch.setattr(relay, "BACKOFF_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(relay, "POLL_SECONDS", 0.05)


async def tell(database: Database, *deposits: UUID) -> None:
    """Facts of deposits, in one transaction."""
    async with database.pipeline({TENANT}) as tx:
        for deposit in deposits:
            tx.publish(funds(deposit), subject=deposit, caused_by=origin())


async def unsent(database: Database) -> int:
    """Rows that wait."""
    return (await counts(database, "outbox_unsent"))["outbox_unsent"]


async def all_sent(database: Database) -> bool:
    """Nothing waits."""
    return await unsent(database) == 0


async def test_rows_go_out_in_order_and_are_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 7)
    bus = Scripted()
    await tell(database, *(KEYS * 8))
    async with running(Relay(bus, database)):  # type: ignore[arg-type]
        await eventually(lambda: all_sent(database), describe="everything is sent")
        await tell(database, *KEYS)
        await eventually(lambda: all_sent(database), describe="what came later is sent")
    for key in KEYS:
        assert bus.numbers(key) == sorted(set(bus.numbers(key)))
        assert len(bus.numbers(key)) == 9
    assert await counts(database, "outbox") == {"outbox": 45}


async def test_what_is_not_sent_is_sent_again_in_order(database: Database) -> None:
    bus = Scripted()
    bus.answers[str(KEYS[0]).encode()] = [NotSent("away"), ClockAhead("ahead"), NotSent("away")]
    await tell(database, *(KEYS * 3))
    async with running(Relay(bus, database)):  # type: ignore[arg-type]
        await eventually(lambda: all_sent(database), describe="everything is sent")
    assert bus.calls >= 4
    assert all(len(bus.numbers(key)) == 3 for key in KEYS)
    assert bus.numbers(KEYS[0]) == sorted(bus.numbers(KEYS[0]))


async def test_a_row_that_can_never_go_holds_its_key_only(database: Database) -> None:
    bus = Scripted()
    bus.answers[str(KEYS[0]).encode()] = [NeverSendable("no such topic")]
    await tell(database, *(KEYS * 3))
    async with running(Relay(bus, database)):  # type: ignore[arg-type]
        await eventually(lambda: len(bus.accepted) >= 12, describe="the other keys go")
        await tell(database, KEYS[1])
        await eventually(lambda: len(bus.accepted) >= 13, describe="and go on")
        assert await unsent(database) == 3
        async with database.pipeline({ids.NIL}) as tx:
            rows = await tx.rows(text("select failure from outbox_unsent order by id"))
            assert [row.failure for row in rows] == ["no such topic", None, None]
            assert await outbox.forgive(tx) == 1
        await eventually(lambda: all_sent(database), describe="forgiven rows go")
    assert bus.numbers(KEYS[0]) == sorted(bus.numbers(KEYS[0]))
    assert len(bus.numbers(KEYS[0])) == 3


async def test_one_relay_at_a_time_and_a_stand_by_takes_over(database: Database) -> None:
    first, second = Relay(Scripted(), database), Relay(Scripted(), database)  # type: ignore[arg-type]
    async with running(first):
        await eventually(lambda: first.active, describe="the first holds the lock")
        async with running(second):
            assert not second.active
            await _break_the_lock(database)
            await eventually(lambda: first.active != second.active, describe="one takes over")
            await tell(database, *KEYS)
            await eventually(lambda: all_sent(database), describe="and sends")


async def test_a_lost_lock_connection_is_made_anew(database: Database) -> None:
    bus = Scripted()
    async with running(Relay(bus, database)):  # type: ignore[arg-type]
        await tell(database, *KEYS)
        await eventually(lambda: all_sent(database), describe="everything is sent")
        await _break_the_lock(database)
        await tell(database, *KEYS)
        await eventually(lambda: all_sent(database), describe="and goes on")
    assert len(bus.accepted) == 10


async def test_a_commit_wakes_the_relay_before_its_poll(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", 30.0)
    bus = Scripted()
    waiting = Relay(bus, database)  # type: ignore[arg-type]
    async with running(waiting):
        await eventually(lambda: waiting.active, describe="the relay is up")
        await tell(database, KEYS[0])
        await eventually(lambda: bus.accepted, timeout_seconds=5, describe="woken by a commit")


async def test_a_request_of_another_process_wakes_the_relay(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hint by NOTIFY: the in-process wake-up is taken away."""
    monkeypatch.setattr(relay, "POLL_SECONDS", 30.0)
    bus = Scripted()
    waiting = Relay(bus, database)  # type: ignore[arg-type]
    database.on_after_commit.clear()
    async with running(waiting):
        await eventually(lambda: waiting.active, describe="the relay is up")
        async with database.request(TENANT, actor="user:test") as tx:
            tx.publish(funds(KEYS[0]), subject=KEYS[0], caused_by=origin())
        await eventually(lambda: bus.accepted, timeout_seconds=5, describe="woken by a hint")


async def test_concurrent_writers_lose_nothing(database: Database, bus: Bus) -> None:
    """Ids are taken before commits: a high-water mark would lose the slower writer's."""
    writers = [tell(database, *KEYS) for _ in range(30)]
    async with running(Relay(bus, database)):
        await asyncio.gather(*writers)
        await eventually(lambda: all_sent(database), describe="everything is sent")
    assert sum((await bus.end_offsets(["rcm.payments.v1"])).values()) == 150


async def _break_the_lock(database: Database) -> None:
    import asyncpg

    connection = await asyncpg.connect(database.urls.pipeline)
    await connection.execute("""
        select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and pid <> pg_backend_pid()
            and database = (select oid from pg_database where datname = current_database())
    """)
    await connection.close()
