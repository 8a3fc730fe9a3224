"""The declared list of topics; `rcm topics apply` makes what is missing of it."""

from __future__ import annotations

from shared.events.catalog import TOPICS
from shared.messaging.bus import Topic

SERVICES = ("coding", "eligibility", "claims", "payments", "notifications", "gateway")
DLQ_PARTITIONS = 3
DLQ_RETENTION_DAYS = 30


def dead_letter_topic(service: str) -> str:
    """One topic per consuming service, so that its owner is plain."""
    return f"rcm.{service}.dlq.v1"


def declared_topics(*, retention_days: int = 14) -> tuple[Topic, ...]:
    """Event topics and dead-letter topics; retention: 14 days or the backup window, the longer."""
    events = (Topic(name, retention_days=retention_days) for name in TOPICS)
    letters = (
        Topic(dead_letter_topic(service), DLQ_PARTITIONS, DLQ_RETENTION_DAYS)
        for service in SERVICES
    )
    return (*events, *letters)
