"""The own Kafka: keeps what it acknowledged through SIGKILL, can be frozen, names remedies."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.local_kafka import LocalKafka, answers_metadata, missing_tool, require_java
from cli.local_process import EngineUnavailable, free_port
from tests.support.kafka import require_kafka

TOPIC = TopicPartition("kept", 0)


@pytest.fixture(scope="module")
def broker() -> Iterator[LocalKafka]:
    """A broker that these tests may kill."""
    require_kafka()
    with LocalKafka() as server:
        yield server


async def make_topic(servers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC.topic, 1, 1)])
    await admin.close()


async def publish(servers: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait(TOPIC.topic, value)
    await producer.stop()


async def read(servers: str, *, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await consumer.start()
    consumer.assign([TOPIC])
    await consumer.seek_to_beginning(TOPIC)
    values = [(await asyncio.wait_for(consumer.getone(), 20)).value for _ in range(count)]
    await consumer.stop()
    return values


@pytest.mark.kafka
async def test_what_was_acknowledged_survives_a_kill(broker: LocalKafka) -> None:
    servers = broker.bootstrap_servers
    await make_topic(servers)
    await publish(servers, b"before")
    await asyncio.to_thread(broker.kill)
    assert not broker.running
    assert not answers_metadata(broker.port)
    assert await asyncio.to_thread(broker.start) == servers
    await publish(servers, b"after")
    assert await read(servers, count=2) == [b"before", b"after"]


@pytest.mark.kafka
async def test_a_frozen_broker_accepts_and_does_not_answer(broker: LocalKafka) -> None:
    broker.freeze()
    try:
        assert broker.running
        assert not await asyncio.to_thread(answers_metadata, broker.port)
    finally:
        broker.thaw()
    assert await asyncio.to_thread(answers_metadata, broker.port)


def test_nobody_listening_is_not_ready() -> None:
    assert not answers_metadata(free_port())


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ('openjdk version "17.0.15" 2025-04-15', None),
        ('openjdk version "21" 2023-09-19', None),
        ('openjdk version "11.0.2" 2019-01-15', "cannot run on this Java"),
        ('java version "1.8.0_202"', "cannot run on this Java"),
        ("nonsense", "cannot run on this Java"),
    ],
)
def test_an_old_java_is_refused(
    monkeypatch: pytest.MonkeyPatch, told: str, problem: str | None
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/java")
    answer = subprocess.CompletedProcess(["java"], 0, stdout="", stderr=told)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    if problem is None:
        require_java()
        return
    with pytest.raises(EngineUnavailable, match=problem):
        require_java()


def test_a_machine_without_java_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "Install Java 17" in str(missing_tool())


def test_without_kafka_a_test_skips_and_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no real Kafka"):
        require_kafka()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI must test"):
        require_kafka()
