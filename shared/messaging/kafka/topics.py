"""Topics on Kafka: what they are made with, what is found of them, how they go."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import UnknownTopicOrPartitionError, for_code

from shared.errors import TryAgain
from shared.messaging.bus import Inspected, Topic
from shared.messaging.kafka.answers import ANSWER_SECONDS, answered

LOOK_SECONDS = 0.1


def new_topic(topic: Topic, replication: int) -> NewTopic:
    """A topic with the settings every topic has (docs/operations, Names)."""
    configs = _configs(topic, replication)
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=configs)


def _configs(topic: Topic, replication: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_days * 86_400_000),
        "min.insync.replicas": str(max(1, replication - 1)),
        "unclean.leader.election.enable": "false",
        "max.message.bytes": str(1024 * 1024),
        "message.timestamp.type": "CreateTime",
    }


async def inspected(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic], replication: int
) -> dict[str, Inspected]:
    """Partitions, replicas and settings by topic, as found and as declared."""
    found = {}
    for row in await answered(admin.describe_topics([topic.name for topic in topics])):
        if not row["error_code"]:
            copies = min(len(each["replicas"]) for each in row["partitions"])
            found[row["topic"]] = _shape(len(row["partitions"]), copies)
    declared = {topic.name: _configs(topic, replication) for topic in topics if topic.name in found}
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(configs))
        for name, configs in declared.items()
    ]
    for answer in await answered(admin.describe_configs(asked)) if asked else ():
        for _, _, _, name, entries in answer.resources:
            found[name] |= {entry[0]: entry[1] for entry in entries}
    return {
        topic.name: Inspected(
            found[topic.name], _shape(topic.partitions, replication) | declared[topic.name]
        )
        for topic in topics
        if topic.name in found
    }


def _shape(partitions: int, replicas: int) -> dict[str, str]:
    return {"partitions": str(partitions), "replicas": str(replicas)}


async def deleted(admin: AIOKafkaAdminClient, names: Collection[str]) -> None:
    """Delete topics and wait until the cluster knows them no more; TryAgain when it takes long."""
    answer = await answered(admin.delete_topics(list(names)))
    for name, code in answer.topic_error_codes:
        error = for_code(code)
        if code and error is not UnknownTopicOrPartitionError:
            raise TryAgain(f"topic {name} was not deleted: {error.__name__}")
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await _gone(admin, names)
    except TimeoutError as error:
        raise TryAgain("the topics are still being deleted") from error


async def _gone(admin: AIOKafkaAdminClient, names: Collection[str]) -> None:
    while True:
        rows = await answered(admin.describe_topics(list(names)))
        if all(row["error_code"] for row in rows):
            return
        await asyncio.sleep(LOOK_SECONDS)
