"""What most code does: one message, one ORM session, one commit, one send at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared import clock, ids
from shared.events.claims import ClaimCreated
from tests.benchmarks.hop_workload import IN_TOPIC, OUT_TOPIC, answer

_decode = msgspec.json.Decoder(ClaimCreated).decode
_encode = msgspec.json.Encoder().encode


class Base(DeclarativeBase):
    """The variant's own mapping."""


class Thing(Base):
    """The aggregate's row."""

    __tablename__ = "things"
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    amount_cents: Mapped[int]
    note: Mapped[str] = mapped_column(default="")


class Seen(Base):
    """The inbox's row."""

    __tablename__ = "inbox"
    consumer: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)


class Told(Base):
    """The outbox's row."""

    __tablename__ = "outbox"
    day: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    topic: Mapped[str]
    key: Mapped[UUID]
    headers: Mapped[str]
    value: Mapped[bytes]


async def run(servers: str, url: str, count: Callable[[int], None]) -> None:
    """One message after the other, until cancelled."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    consumer = AIOKafkaConsumer(
        IN_TOPIC,
        bootstrap_servers=servers,
        group_id=f"orm.{ids.new().hex}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True)
    await consumer.start()
    await producer.start()
    number = 0
    try:
        async for record in consumer:
            number += 1
            headers = dict(record.headers)
            async with sessions() as session, session.begin():
                told = await _handle(session, record.value, headers, number)
            await producer.send_and_wait(OUT_TOPIC, told.value, key=str(told.key).encode())
            await consumer.commit()
            count(1)
    finally:
        await consumer.stop()
        await producer.stop()
        await engine.dispose()


async def _handle(
    session: AsyncSession, value: bytes, headers: dict[str, bytes], number: int
) -> Told:
    event, tenant = _decode(value), UUID(headers["ce_tenantid"].decode())
    session.add(Seen(consumer="orm", event_id=UUID(headers["ce_id"].decode())))
    thing = await session.get(Thing, (tenant, event.claim_id), with_for_update=True)
    if thing is None:
        thing = Thing(tenant_id=tenant, id=event.claim_id, version=0, amount_cents=0)
        session.add(thing)
    if event.generation > thing.version:
        thing.version, thing.amount_cents = event.generation, event.charge_cents
    told = Told(
        day=clock.today(),
        id=number,
        tenant_id=tenant,
        topic=OUT_TOPIC,
        key=event.claim_id,
        headers="",
        value=_encode(answer(event)),
    )
    session.add(told)
    return told
