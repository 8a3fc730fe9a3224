"""F11, F13: events that cannot be handled step aside; too many of them stop the consumer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database
from shared.events.envelope import Envelope
from shared.events.marks import Fact
from shared.messaging import Consumer, DeadLetterDesk, ParkedRunner, consumer, open_bus
from shared.messaging.bus import MAX_VALUE_BYTES, Bus, NeverSendable, Outgoing
from shared.messaging.envelope import decode_headers
from shared.messaging.limits import IN_A_ROW
from shared.service.version import running_version
from shared.settings import ServiceSettings
from tests.faults.conftest import BUS_PARAMS, Run
from tests.support.builders import TENANT, envelope, envelopes
from tests.support.commands import Commands, commands, rcm
from tests.support.databases import DatabaseFactory
from tests.support.eventually import eventually
from tests.support.messaging import (
    Troubles,
    caught_up,
    counts,
    funds,
    outgoing,
    running,
    sample_topics,
    subscription,
    things,
)
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.fault
__all__ = ["commands"]

TOPIC = "rcm.payments.v1"
BATCH, MIDDLE = 500, 250
AFTERWARDS = 1_000
PARTITIONS = 4
COPIES = text("select headers from outbox where topic = 'rcm.sample.dlq.v1'")
DEAD_LETTER_HEADERS = {
    f"dlq_{name}"
    for name in (
        *("original_topic", "original_partition", "original_offset", "original_timestamp"),
        *("consumer", "error_class", "error_code", "error_fingerprint", "attempts"),
        *("first_failed_at", "last_failed_at", "service_version"),
    )
}


def _value(value: bytes | None) -> Callable[[Outgoing], Outgoing]:
    """Another content."""
    return lambda record: record._replace(value=value)


def _header(name: str, value: bytes) -> Callable[[Outgoing], Outgoing]:
    """Another value of one header."""
    return lambda record: record._replace(
        headers=[(each, value if each == name else old) for each, old in record.headers]
    )


POISON: dict[int, tuple[str, Callable[[Outgoing], Outgoing]]] = {
    0: ("unreadable", _value(b"{")),
    100: ("contract", _header("ce_dataschema", b"urn:claimstream:rcm/events/FundsReceived/99")),
    MIDDLE: ("unreadable", _value(None)),
    MIDDLE + 1: ("contract", _value(b'{"deposit_id": 7}')),
    400: ("contract", _value(b'{"deposit_id": "' + b"7" * (MAX_VALUE_BYTES - 100) + b'"}')),
    BATCH - 1: ("unreadable", _header("content-type", b"application/avro")),
}
"""Place in the batch -> class of its dead letter, and what is wrong: broken JSON, a version nobody
knows, no content, two contents against the schema (one as large as the bus takes), another format.
"""


@pytest.fixture(params=BUS_PARAMS)
async def bus(request: pytest.FixtureRequest, postgres: PostgresServer) -> AsyncIterator[Bus]:
    """A log with the sample's topics; on Kafka its groups have read what was there before."""
    async with postgres.database() as url:
        servers = request.getfixturevalue("kafka") if request.param == "kafka" else ""
        settings = ServiceSettings(bus_url=url, kafka_bootstrap_servers=servers)
        made = open_bus(settings, role="faults")
        await made.start()
        await made.apply_topics(sample_topics())
        yield made
        await made.stop()


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    """The sample service's database."""
    return await service_database("sample")


async def test_f11_poison_steps_aside(bus: Bus, run: Run, database: Database) -> None:
    troubles, held = Troubles(), ids.new()
    events, records = _with_poison(held)
    followers = [envelope(funds(held)) for _ in range(3)]
    wanted = subscription(troubles)
    desk = DeadLetterDesk(database, wanted)
    too_large = outgoing(envelope(funds()), value=b" " * (MAX_VALUE_BYTES + 1))
    told = await bus.publish([*records, too_large, *map(outgoing, followers)])
    assert isinstance(told.pop(BATCH), NeverSendable)
    assert told == [None] * (BATCH + 3)
    async with running(Consumer(bus, database, wanted), ParkedRunner(database, wanted)):
        await caught_up(bus, [TOPIC])
        bad = {events[place].id: why for place, (why, _) in POISON.items()}
        letters = await desk.list()
        assert {letter.event_id: letter.error_class for letter in letters} == bad
        assert {letter.attempts for letter in letters} == {1}
        assert await _copies(database) == set(bad)
        assert len(await things(database, TENANT)) == BATCH - len(bad)
        assert (await counts(database, "parked_events"))["parked_events"] == len(followers)
        seconds = await _more_goes_through(bus, database)
        for letter in letters:
            await desk.discard(letter.id, by="user:test", reason="poison made by a test")
        await eventually(lambda: _added(database, held, len(followers)), describe="followers freed")
    assert await counts(database, "parked_events", "key_holds") == {
        "parked_events": 0,
        "key_holds": 0,
    }
    told_in_short = f"{len(bad)} bad of {BATCH}, too large one refused, 3 followers freed"
    run.saw(f"{told_in_short}, next {AFTERWARDS} in {seconds:.1f} s")


async def test_f11_a_refusal_is_replayed_before_its_followers(
    bus: Bus, run: Run, database: Database
) -> None:
    troubles, held = Troubles(), ids.new()
    events = envelopes([funds() for _ in range(BATCH)])
    events[100] = envelope(funds(held, trace="refuse"))
    events[101] = envelope(funds(held, trace="refuse"))
    wanted = subscription(troubles)
    desk = DeadLetterDesk(database, wanted)
    assert await bus.publish([outgoing(event) for event in events]) == [None] * BATCH
    async with running(Consumer(bus, database, wanted), ParkedRunner(database, wanted)):
        await caught_up(bus, [TOPIC])
        (letter,) = await desk.list()
        assert letter.event_id == events[100].id
        assert len(await things(database, TENANT)) == BATCH - 2
        troubles.mended = True
        assert (await desk.replay(letter.id, by="user:test")).error == ""
        await eventually(lambda: _added(database, held, 2), describe="both applied, in order")
    assert await counts(database, "parked_events", "key_holds") == {
        "parked_events": 0,
        "key_holds": 0,
    }
    run.saw(f"1 dead letter, 1 follower parked, {BATCH - 2} applied, replay freed both")


@pytest.mark.parametrize("remedy", ["resume", "another version"])
async def test_f13_a_bad_deploy_stops_the_consumer(  # noqa: PLR0917 - fixtures, given by name
    bus: Bus,
    run: Run,
    database: Database,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    remedy: str,
) -> None:
    monkeypatch.setattr(consumer, "LIMIT_SECONDS", 0.1)
    troubles = Troubles()
    events = envelopes([funds(trace="refuse") for _ in range(BATCH)])
    wanted = subscription(troubles, service_version=_deployed(monkeypatch, "2026.11.1"))
    commands.find(database, wanted)
    assert await bus.publish([outgoing(event) for event in events]) == [None] * BATCH
    bad = Consumer(bus, database, wanted)
    async with running(bad):
        await eventually(lambda: bad.state["limit_tripped"], timeout_seconds=60, describe="stops")
        assert bad.alive
        assert not bad.ready
    dead = (await counts(database, "dead_letters"))["dead_letters"]
    assert IN_A_ROW <= dead <= IN_A_ROW * PARTITIONS
    again = Consumer(bus, database, wanted)
    async with running(again):
        await eventually(lambda: again.state["limit_tripped"], describe="a restart obeys")
        assert (await counts(database, "dead_letters"))["dead_letters"] == dead
        troubles.mended = True
        if remedy == "resume":
            assert (await rcm("dlq", "resume", "sample", "--yes")).code == 0
            await caught_up(bus, [TOPIC])
    if remedy == "another version":
        version = _deployed(monkeypatch, "2026.11.2")
        async with running(Consumer(bus, database, wanted._replace(service_version=version))):
            await caught_up(bus, [TOPIC])
    assert (await rcm("dlq", "replay", "sample", "--all", "--yes")).code == 0
    known = await things(database, TENANT)
    assert len(known) == BATCH
    assert set(known.values()) == {(1, 100, "")}
    run.saw(f"stopped after {dead} dead letters of {BATCH}, none lost after {remedy} and replay")


def _deployed(monkeypatch: pytest.MonkeyPatch, version: str) -> str:
    """What a process calls its version when it is deployed like this."""
    monkeypatch.setenv("RCM_SERVICE_VERSION", version)
    return running_version(ServiceSettings().service_version)


def _with_poison(held: UUID) -> tuple[list[Envelope[Fact]], list[Outgoing]]:
    """A batch: bad first and last and here and there, two bad ones of one key in its middle."""
    events = envelopes([funds() for _ in range(BATCH)])
    events[MIDDLE : MIDDLE + 2] = [envelope(funds(held)), envelope(funds(held))]
    records = [outgoing(event) for event in events]
    for place, (_, spoil) in POISON.items():
        records[place] = spoil(records[place])
    return events, records


async def _copies(database: Database) -> set[UUID]:
    """The events of which a copy with every header of a dead letter waits for outside tools."""
    async with database.pipeline(()) as tx:
        rows = await tx.rows(COPIES)
    found = [decode_headers(row.headers) for row in rows]
    return {UUID(headers["ce_id"]) for headers in found if headers.keys() >= DEAD_LETTER_HEADERS}


async def _more_goes_through(bus: Bus, database: Database) -> float:
    before = len(await things(database, TENANT))
    began = time.monotonic()
    events = envelopes([funds() for _ in range(AFTERWARDS)])
    assert await bus.publish([outgoing(event) for event in events]) == [None] * AFTERWARDS
    await caught_up(bus, [TOPIC])
    assert len(await things(database, TENANT)) == before + AFTERWARDS
    return time.monotonic() - began


async def _added(database: Database, deposit: UUID, times: int) -> bool:
    known = (await things(database, TENANT)).get(deposit)
    return known == (times, times * 100, "")
