"""How a service's database and process get their messaging: the hooks, and the engine in use."""

from __future__ import annotations

import ssl
import time
from typing import Any

from sqlalchemy import text

from shared.database import Database, Transaction
from shared.messaging import due, outbox, parking
from shared.messaging.bus import Bus
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.kafka import KafkaBus
from shared.messaging.relay import HINT_CHANNEL
from shared.settings import ServiceSettings

HINT_SECONDS = 0.05

_HINT = text("select pg_notify(:channel, '')")


def attach(database: Database) -> None:
    """Let every commit of the database write its facts, releases and intentions; once each."""
    hint = _Hint()

    async def flush(tx: Transaction) -> None:
        if tx.parked:
            raise RuntimeError("only a handler may park an event")
        await outbox.flush(tx)
        await parking.flush_released(tx)
        await due.flush(tx)
        await hint.give(tx)

    database.on_before_commit.append(flush)


def open_bus(settings: ServiceSettings, *, role: str = "all") -> Bus:
    """Kafka where its servers are set, else the embedded log; one per process, not yet started."""
    if settings.kafka_bootstrap_servers:
        return KafkaBus(
            settings.kafka_bootstrap_servers,
            client_id=f"rcm.{settings.service}.{role}",
            replication=3 if settings.profile == "prod" else 1,
            options=_security(settings),
        )
    if not settings.bus_url:
        raise ValueError("set RCM_KAFKA_BOOTSTRAP_SERVERS or RCM_BUS_URL")
    return EmbeddedBus(settings.bus_url)


def _security(settings: ServiceSettings) -> dict[str, Any]:
    if settings.kafka_security_protocol == "PLAINTEXT":
        return {}
    context = ssl.create_default_context(cafile=settings.kafka_ca_file or None)
    return {
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": context,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": settings.kafka_password,
    }


class _Hint:
    """Wakes a relay in another process after a request; rate-limited, since NOTIFY serialises."""

    def __init__(self) -> None:
        self._last = 0.0

    async def give(self, tx: Transaction) -> None:
        """Notify with the commit, if the transaction is a request's and the last hint is old."""
        now = time.monotonic()
        if not tx.published or tx.actor.startswith("service:") or now - self._last < HINT_SECONDS:
            return
        self._last = now
        await tx.execute(_HINT, {"channel": HINT_CHANNEL})
