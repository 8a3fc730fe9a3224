"""From StatementIssued to a message in the recipient's mail, over real SMTP."""

from __future__ import annotations

import asyncio
import email
import io
from collections.abc import AsyncIterator
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from pypdf import PdfReader
from sqlalchemy import text

from cli.mail_sink import MailSink
from services.notifications import handlers, jobs
from services.notifications.settings import NotificationsSettings
from shared.database import Database
from shared.events.notifications import NotificationFailed, NotificationSent
from shared.service import Workplace
from tests.notifications.samples import issued, line, statement
from tests.support.builders import TENANT
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver, published

HANDLE = handlers.on_statements_issued
STATUS = text("select status, attempt, reason from notifications")
DELIVERIES = text("select attempt, conversations, outcome, code from deliveries order by attempt")
MAKE_DUE = text("update due_work set not_before = 'epoch', leased_until = null")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("notifications")


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    made = MailSink(tmp_path)
    await made.start()
    yield made
    await made.stop()


def workplace(database: Database, port: int) -> Workplace:
    settings = NotificationsSettings(smtp_port=port, smtp_timeout_seconds=2)
    return Workplace("notifications", settings, database, asyncio.Event())


async def one(database: Database) -> tuple[str, int, str]:
    async with database.pipeline([TENANT]) as tx:
        row = await tx.row(STATUS)
    assert row is not None
    return row.status, row.attempt, row.reason


async def attempts(database: Database) -> list[tuple[int, int, str, str]]:
    async with database.pipeline([TENANT]) as tx:
        return [tuple(row) for row in await tx.rows(DELIVERIES)]


async def again(database: Database) -> None:
    async with database.pipeline([TENANT]) as tx:
        await tx.run(MAKE_DUE)


class Grumpy:
    """A relay that answers DATA with the next of its lines, or hangs up on None."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.message_ids: list[str] = []

    async def handle_DATA(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        message = email.message_from_bytes(envelope.original_content or b"", policy=default)
        self.message_ids.append(message["Message-ID"])
        answer = self.answers.pop(0)
        if answer is None:
            assert server.transport is not None
            server.transport.close()
            return ""
        return answer


@pytest.fixture
async def relay() -> AsyncIterator[tuple[Grumpy, int]]:
    grumpy = Grumpy()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(grumpy, hostname="grumpy.invalid"), "127.0.0.1", 0
    )
    yield grumpy, server.sockets[0].getsockname()[1]
    server.close()


async def test_a_statement_arrives_once_and_says_so(database: Database, sink: MailSink) -> None:
    fact = issued(database.keys)
    await deliver(database, HANDLE, [fact])
    await deliver(database, HANDLE, [fact])
    place = workplace(database, sink.port)
    assert await jobs.deliver(place) == 1
    assert await jobs.deliver(place) == 0
    assert len(sink.message_ids) == 1
    assert await one(database) == ("sent", 1, "250")
    [event] = await published(database)
    assert isinstance(event.data, NotificationSent)
    assert event.data.subject_id == fact.statement_id


async def test_the_mailed_pdf_says_what_the_ledger_says(database: Database, sink: MailSink) -> None:
    body = statement(line(2500), line(14_520, "Office visit, longer"))
    await deliver(database, HANDLE, [issued(database.keys, body)])
    await jobs.deliver(workplace(database, sink.port))
    message = email.message_from_bytes((sink.folder / "1.eml").read_bytes(), policy=default)
    [attached] = list(message.iter_attachments())
    reader = PdfReader(io.BytesIO(attached.get_content()), password="02031980")
    assert "Amount due $170.20" in reader.pages[0].extract_text()
    cover = message.get_body()
    assert cover is not None
    told = f"{message.items()} {cover.get_content()}".encode()
    for secret in (b"Ada Example", b"Lakeside Family", b"170.20"):
        assert secret not in told + attached.get_content()


async def test_a_relay_that_says_later_is_a_new_attempt(
    database: Database, relay: tuple[Grumpy, int]
) -> None:
    grumpy, port = relay
    grumpy.answers = ["451 try later", "250 ok"]
    await deliver(database, HANDLE, [issued(database.keys)])
    await jobs.deliver(workplace(database, port))
    assert await one(database) == ("queued", 2, "451")
    assert await jobs.deliver(workplace(database, port)) == 0, "the back-off is kept"
    await again(database)
    await jobs.deliver(workplace(database, port))
    assert await one(database) == ("sent", 2, "250")
    assert len(set(grumpy.message_ids)) == 2


async def test_an_unknown_outcome_repeats_the_same_message_id(
    database: Database, relay: tuple[Grumpy, int]
) -> None:
    grumpy, port = relay
    grumpy.answers = [None, "250 ok"]
    await deliver(database, HANDLE, [issued(database.keys)])
    await jobs.deliver(workplace(database, port))
    assert (await attempts(database))[0][:3] == (1, 1, "unknown")
    await again(database)
    await jobs.deliver(workplace(database, port))
    assert await one(database) == ("sent", 1, "250")
    assert await attempts(database) == [(1, 2, "sent", "250")]
    assert len(grumpy.message_ids) == 2
    assert len(set(grumpy.message_ids)) == 1


async def test_a_refusal_fails_and_says_so(database: Database, relay: tuple[Grumpy, int]) -> None:
    grumpy, port = relay
    grumpy.answers = ["550 no such person"]
    await deliver(database, HANDLE, [issued(database.keys)])
    await jobs.deliver(workplace(database, port))
    assert await one(database) == ("failed", 1, "550")
    assert isinstance((await published(database))[-1].data, NotificationFailed)


async def test_a_relay_that_is_away_is_tried_again(database: Database) -> None:
    await deliver(database, HANDLE, [issued(database.keys)])
    await jobs.deliver(workplace(database, 1))
    assert (await one(database))[:2] == ("queued", 2)


async def test_without_an_address_it_waits_on_paper(database: Database, sink: MailSink) -> None:
    body = statement(line(), email="")
    await deliver(database, HANDLE, [issued(database.keys, body)])
    assert await jobs.deliver(workplace(database, sink.port)) == 1
    assert await jobs.deliver(workplace(database, sink.port)) == 0
    assert await one(database) == ("queued", 1, "")
    assert sink.message_ids == []
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select document_sealed is not null from notifications"))


async def test_a_statement_that_does_not_add_up_is_a_dead_letter(database: Database) -> None:
    wrong = issued(database.keys, amount_cents=2501)
    good = issued(database.keys)
    with pytest.raises(Exception, match="statement_total"):
        await deliver(database, HANDLE, [wrong])
    await deliver(database, HANDLE, [good])
    async with database.pipeline([TENANT]) as tx:
        assert await tx.scalar(text("select count(*) from notifications")) == 1


async def test_nothing_readable_is_kept(database: Database, sink: MailSink) -> None:
    await deliver(database, HANDLE, [issued(database.keys)])
    await jobs.deliver(workplace(database, sink.port))
    async with database.pipeline([TENANT]) as tx:
        whole = await tx.scalar(text("select cast(notifications as text) from notifications"))
    for secret in ("Ada Example", "Lakeside Family", "1980-02-03", "ada@example.test"):
        assert secret not in whole
