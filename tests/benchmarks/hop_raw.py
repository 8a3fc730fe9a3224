"""The yardstick: the hop written by hand on asyncpg and aiokafka, without anything of the kernel.

Two lanes, one transaction per fetch, bulk statements, COPY where the superuser may, offsets behind
the work, a relay with batches made by hand. No row-level security, no CloudEvents attributes but
id, type and sequence, no dead letters, no traces, no metrics.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared import ids
from shared.events.claims import ClaimCreated
from tests.benchmarks.hop_workload import BATCH, IN_TOPIC, OUT_TOPIC, PARTITIONS, answer

_INBOX = """
insert into inbox (consumer, event_id) select 'raw', id from unnest($1::uuid[]) as id
on conflict do nothing returning event_id
"""
_UPSERT = """
insert into things as t (tenant_id, id, version, amount_cents)
select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
on conflict (tenant_id, id) do update
set version = excluded.version, amount_cents = excluded.amount_cents
where t.version < excluded.version
"""
_IDS = "select nextval('outbox_id_seq') from generate_series(1, $1)"
_NEXT = """
select o.id, o.key, o.headers, o.value
from (select id, day from outbox_unsent order by id limit $1) u
join outbox o on o.day = u.day and o.id = u.id order by o.id
"""
_DELETE = "delete from outbox_unsent where id = any($1::bigint[])"

_decode = msgspec.json.Decoder(ClaimCreated).decode
_encode = msgspec.json.Encoder().encode


async def run(servers: str, url: str, count: Callable[[int], None]) -> None:
    """Two lanes and a relay, until cancelled."""
    consumer = AIOKafkaConsumer(
        IN_TOPIC,
        bootstrap_servers=servers,
        group_id=f"raw.{ids.new().hex}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=100,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=512 * 1024,
    )
    connections = [await asyncpg.connect(url) for _ in range(3)]
    await consumer.start()
    await producer.start()
    done: dict[TopicPartition, int] = {}
    wake = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            for lane in range(2):
                work = _lane(consumer, connections[lane], lane, done=done, wake=wake, count=count)
                group.create_task(work)
            group.create_task(_relay(producer, connections[2], wake))
            group.create_task(_commit(consumer, done))
    finally:
        await consumer.stop()
        await producer.stop()
        for connection in connections:
            await connection.close()


async def _lane(
    consumer: AIOKafkaConsumer,
    connection: asyncpg.Connection,
    lane: int,
    *,
    done: dict[TopicPartition, int],
    wake: asyncio.Event,
    count: Callable[[int], None],
) -> None:
    places = [TopicPartition(IN_TOPIC, n) for n in range(PARTITIONS) if n % 2 == lane]
    day = await connection.fetchval("select (current_timestamp at time zone 'UTC')::date")
    while True:
        fetched = await consumer.getmany(*places, timeout_ms=1000, max_records=BATCH)
        records = [record for part in fetched.values() for record in part]
        if not records:
            continue
        await _handle(connection, records, day)
        for place, part in fetched.items():
            done[place] = part[-1].offset + 1
        wake.set()
        count(len(records))


async def _handle(connection: asyncpg.Connection, records: list[Any], day: Any) -> None:
    events = []
    for record in records:
        headers = dict(record.headers)
        tenant, event_id = headers["ce_tenantid"].decode(), headers["ce_id"].decode()
        events.append((event_id, tenant, _decode(record.value)))
    async with connection.transaction():
        seen = await connection.fetch(_INBOX, [event_id for event_id, _, _ in events])
        fresh = {str(row[0]) for row in seen}
        events = [event for event in events if event[0] in fresh]
        last = {(tenant, event.claim_id): event for _, tenant, event in events}
        await connection.execute(
            _UPSERT,
            [tenant for tenant, _ in last],
            [claim_id for _, claim_id in last],
            [event.generation for event in last.values()],
            [event.charge_cents for event in last.values()],
        )
        numbers = [row[0] for row in await connection.fetch(_IDS, len(events))]
        rows, unsent = [], []
        for number, (event_id, tenant, event) in zip(numbers, events, strict=True):
            key = event.claim_id
            told = ids.derived(ids.NIL, event_id)
            headers_text = f"{told} RemittanceClaimMatched"
            value = _encode(answer(event))
            rows.append((number, day, tenant, OUT_TOPIC, key, headers_text, value))
            unsent.append((number, day, tenant, key))
        await connection.copy_records_to_table(
            "outbox",
            records=rows,
            columns=["id", "day", "tenant_id", "topic", "key", "headers", "value"],
        )
        await connection.copy_records_to_table(
            "outbox_unsent", records=unsent, columns=["id", "day", "tenant_id", "key"]
        )


async def _commit(consumer: AIOKafkaConsumer, done: dict[TopicPartition, int]) -> None:
    while True:
        await asyncio.sleep(0.05)
        if done:
            offsets = dict(done)
            done.clear()
            await consumer.commit(offsets)


async def _relay(
    producer: AIOKafkaProducer, connection: asyncpg.Connection, wake: asyncio.Event
) -> None:
    while True:
        wake.clear()
        rows = await connection.fetch(_NEXT, 2_000)
        if not rows:
            await wake.wait()
            continue
        batches: dict[int, list[Any]] = {}
        for row in rows:
            key = str(row[1]).encode()
            batches.setdefault(zlib.crc32(key) % PARTITIONS, []).append((key, row))
        await asyncio.gather(*(_send(producer, n, part) for n, part in batches.items()))
        await connection.execute(_DELETE, [row[0] for row in rows])


async def _send(producer: AIOKafkaProducer, partition: int, part: list[Any]) -> None:
    done = 0
    while done < len(part):
        batch = producer.create_batch()
        while done < len(part):
            key, row = part[done]
            event_id, kind = row[2].split(" ")
            headers = [
                ("ce_id", event_id.encode()),
                ("ce_type", kind.encode()),
                ("ce_sequence", str(row[0]).encode()),
            ]
            if not batch.append(timestamp=None, key=key, value=row[3], headers=headers):
                break
            done += 1
        batch.close()
        sent = await producer.send_batch(batch, OUT_TOPIC, partition=partition)
        await sent
