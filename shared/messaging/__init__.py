"""Messaging of a service: the bus and its engines, inbox and outbox, dead letters, due work."""

from shared.messaging.consumer import Consumer
from shared.messaging.desk import DeadLetterDesk
from shared.messaging.parked_runner import ParkedRunner
from shared.messaging.received import Subscription
from shared.messaging.relay import Relay
from shared.messaging.topics import declared_topics
from shared.messaging.wiring import attach, open_bus

__all__ = [
    "Consumer",
    "DeadLetterDesk",
    "ParkedRunner",
    "Relay",
    "Subscription",
    "attach",
    "declared_topics",
    "open_bus",
]
