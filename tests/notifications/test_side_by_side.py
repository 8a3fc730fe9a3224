"""Deliveries side by side: slow conversations overlap, and one that fails holds up no other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from cli.mail_sink import MailSink
from services.notifications import handlers, jobs
from services.notifications.channels import documents
from services.notifications.settings import NotificationsSettings
from shared.database import Database
from shared.service import Workplace
from tests.notifications.samples import issued
from tests.support.builders import TENANT
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver

AT_ONCE = 3
STATUS = text("select status, count(*) from notifications group by 1 order by 1")
MAKE_DUE = text("update due_work set not_before = 'epoch'")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("notifications")


def workplace(database: Database, port: int) -> Workplace:
    settings = NotificationsSettings(
        smtp_port=port, smtp_timeout_seconds=20, deliver_at_once=AT_ONCE
    )
    return Workplace("notifications", settings, database, asyncio.Event())


async def statuses(database: Database) -> dict[str, int]:
    async with database.pipeline([TENANT]) as tx:
        return dict(tuple(row) for row in await tx.rows(STATUS))


class Together:
    """A relay that takes no message before AT_ONCE of them are on their way."""

    def __init__(self) -> None:
        self.most = self.here = 0
        self._all_here = asyncio.Barrier(AT_ONCE)

    async def handle_DATA(  # noqa: N802 - the name is aiosmtpd's
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        self.here += 1
        self.most = max(self.most, self.here)
        await self._all_here.wait()
        self.here -= 1
        return "250 ok"


async def test_as_many_conversations_at_once_as_the_setting_says(database: Database) -> None:
    relay = Together()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(relay, hostname="together.invalid"), "127.0.0.1", 0
    )
    await deliver(
        database, handlers.on_statements_issued, [issued(database.keys) for _ in range(2 * AT_ONCE)]
    )
    port = server.sockets[0].getsockname()[1]
    assert await jobs.deliver(workplace(database, port)) == 2 * AT_ONCE
    server.close()
    assert await statuses(database) == {"sent": 2 * AT_ONCE}
    assert relay.most == AT_ONCE


async def test_one_that_fails_holds_up_no_other(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = MailSink(tmp_path)
    await sink.start()
    whole = documents.protected
    await deliver(
        database, handlers.on_statements_issued, [issued(database.keys) for _ in range(5)]
    )
    place = workplace(database, sink.port)

    bugs = [ValueError("a bug made by a test")]

    def with_a_bug(document: bytes, password: str) -> bytes:
        if bugs:
            raise bugs.pop()
        return whole(document, password)

    monkeypatch.setattr(documents, "protected", with_a_bug)
    with pytest.raises(ValueError, match="made by a test"):
        await jobs.deliver(place)
    assert await statuses(database) == {"queued": 1, "sent": 4}
    assert await jobs.deliver(place) == 0, "not at once again"
    async with database.pipeline([TENANT]) as tx:
        await tx.run(MAKE_DUE)
    assert await jobs.deliver(place) == 1
    assert await statuses(database) == {"sent": 5}
    assert len(set(sink.message_ids)) == len(sink.message_ids) == 5
    await sink.stop()
