"""The servers an installation of one process stands on: PostgreSQL, and Kafka if wanted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.local_kafka import LocalKafka
from cli.local_postgres import postgres_admin_url


class Engines(NamedTuple):
    """Where they answer; kafka: bootstrap servers, empty for the embedded log."""

    admin_url: str
    kafka: str


@contextlib.contextmanager
def engines(folder: Path, bus: str) -> Iterator[Engines]:
    """What the environment names, else servers of our own that live as long as the block.

    bus: `embedded` or `kafka`. EngineUnavailable says what is missing.
    """
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres_admin_url(folder / "postgres"))
        kafka = os.environ.get("RCM_KAFKA_BOOTSTRAP_SERVERS", "")
        if bus == "kafka" and not kafka:
            kafka = stack.enter_context(LocalKafka(folder / "kafka")).bootstrap_servers
        yield Engines(url, kafka)
