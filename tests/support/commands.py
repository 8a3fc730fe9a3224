"""Commands of `rcm` in this process, against the sample service's database and an event log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from cli import bus_commands, installation, recovery_commands
from cli.main import app
from shared.database import Database
from shared.messaging import Subscription
from shared.sealing import Keyring

NOWHERE = "postgresql://a:b@127.0.0.1:1/nothing"


class Answer(NamedTuple):
    """What a command answered: exit code, its JSON (else None), what it said, its complaints."""

    code: int
    json: Any
    says: str
    complains: str


async def rcm(*words: str) -> Answer:
    """A command in this process, in a thread because it has an event loop of its own."""
    told = await asyncio.to_thread(CliRunner().invoke, app, [*words])
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    is_json = "--json" in words and told.stdout.strip()
    return Answer(told.exit_code, json.loads(told.stdout) if is_json else None, *_said(told))


def _said(told: Any) -> tuple[str, str]:
    return told.stdout, told.stderr


class Commands:
    """Lets commands find one service, and an event log where one is named."""

    def __init__(self, patch: pytest.MonkeyPatch, keys: Path) -> None:
        self._patch = patch
        self._keys = keys

    def find(
        self, database: Database, subscription: Subscription, *, bus_url: str = "", kafka: str = ""
    ) -> None:
        """From now on `rcm` works on these; the database seals with keys that commands find.

        The service is called as its group is; a gateway that consumes nothing stands beside it.
        """
        patch = self._patch
        database.keys = Keyring(self._keys, create_missing=True)
        own = subscription.consumer
        known = {own: subscription, "gateway": Subscription("rcm.gateway", {})}
        patch.setattr(installation, "PORTS", dict.fromkeys(known, 80))
        for module in (recovery_commands, bus_commands):
            patch.setattr(module, "subscription_of", known.__getitem__)
        patch.setenv("RCM_CLAIMS_DATABASE_URL_CHECKER", NOWHERE)
        for service in known:
            for role, url in database.urls._asdict().items():
                patch.setenv(f"RCM_{service}_DATABASE_URL_{role}".upper(), url)
        patch.setenv("RCM_KEYS_DIR", str(self._keys))
        patch.setenv("RCM_BUS_URL", bus_url)
        patch.setenv("RCM_KAFKA_BOOTSTRAP_SERVERS", kafka)
        installation.settings.cache_clear()


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Commands]:
    """What commands find is theirs for one test only."""
    yield Commands(monkeypatch, tmp_path / "keys")
    installation.settings.cache_clear()
