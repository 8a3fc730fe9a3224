"""The engine for production: Apache Kafka 4."""

from shared.messaging.kafka.client import KafkaBus

__all__ = ["KafkaBus"]
