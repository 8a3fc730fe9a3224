"""The engine without a broker: a log in PostgreSQL."""

from shared.messaging.embedded.client import EmbeddedBus

__all__ = ["EmbeddedBus"]
