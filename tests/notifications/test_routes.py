"""The HTTP door of notifications."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from cli.mail_sink import MailSink
from services.notifications import handlers, jobs, routes
from shared import ids
from shared.database import Database
from shared.events.payments import StatementIssued
from tests.notifications.samples import issued, line, statement
from tests.notifications.test_delivery import workplace
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT
from tests.support.databases import DatabaseFactory
from tests.support.services import deliver
from tests.support.web import client_for, principal

ID = text("select id from notifications")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("notifications")


async def rendered(
    database: Database, folder: Path, email: str = ""
) -> tuple[StatementIssued, str]:
    fact = issued(database.keys, statement(line(), email=email))
    await deliver(database, handlers.on_statements_issued, [fact])
    sink = MailSink(folder)
    await jobs.deliver(workplace(database, await sink.start()))
    await sink.stop()
    async with database.pipeline([TENANT]) as tx:
        return fact, ids.shown("notification", await tx.scalar(ID))


async def test_a_notification_shows_its_attempts(database: Database, tmp_path: Path) -> None:
    _, shown = await rendered(database, tmp_path, "ada@example.test")
    async with client_for(routes.router, database) as client:
        answer = await client.get(f"/v1/notifications/{shown}")
    told = answer.json()
    assert (answer.status_code, told["status"], told["amount_cents"]) == (200, "sent", 2500)
    assert [one["outcome"] for one in told["deliveries"]] == ["sent"]
    assert "ada@example.test" not in answer.text


async def test_the_statement_can_be_printed(database: Database, tmp_path: Path) -> None:
    fact, _ = await rendered(database, tmp_path)
    place = f"/v1/statements/{ids.shown('statement', fact.statement_id)}/pdf"
    async with client_for(routes.router, database) as client:
        first, second = await client.get(place), await client.get(place)
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["cache-control"] == "no-store"
    assert first.content == second.content
    (tmp_path / "seen.pdf").write_bytes(first.content)
    assert "Amount due $25.00" in PdfReader(tmp_path / "seen.pdf").pages[0].extract_text()
    async with database.pipeline([TENANT]) as tx:
        acts = await tx.rows(text("select action from audit_entries"))
    assert [row.action for row in acts] == ["statement.read", "statement.read"]


async def test_paper_is_confirmed_once(database: Database, tmp_path: Path) -> None:
    _, shown = await rendered(database, tmp_path)
    place = f"/v1/notifications/{shown}/mailed"
    async with client_for(routes.router, database) as client:
        first = await client.post(place, headers={"Idempotency-Key": "a"})
        again = await client.post(place, headers={"Idempotency-Key": "a"})
        other = await client.post(place, headers={"Idempotency-Key": "b"})
    assert (first.status_code, first.json()["status"]) == (200, "sent")
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "notification_status")


async def test_search_pages_through_everything_once(database: Database) -> None:
    facts = [issued(database.keys) for _ in range(5)]
    for fact in facts:
        await deliver(database, handlers.on_statements_issued, [fact])
    seen: list[str] = []
    cursor = None
    async with client_for(routes.router, database) as client:
        while True:
            body = {"status": "queued", "limit": 2, "cursor": cursor}
            page = (await client.post("/v1/notifications/search", json=body)).json()
            seen += [one["statement_id"] for one in page["data"]]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                break
    expected = [ids.shown("statement", fact.statement_id) for fact in reversed(facts)]
    assert sorted(seen) == sorted(expected)
    assert len(seen) == 5


async def test_strangers_find_nothing(database: Database, tmp_path: Path) -> None:
    _, shown = await rendered(database, tmp_path)
    elsewhere = principal(practices=frozenset({ids.new()}))
    for caller in (principal(tenant_id=OTHER_TENANT), elsewhere):
        async with client_for(routes.router, database, caller) as client:
            answer = await client.get(f"/v1/notifications/{shown}")
            found = await client.post("/v1/notifications/search", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "notification_not_found")
        assert found.json()["data"] == []
    inside = principal(practices=frozenset({PRACTICE}))
    async with client_for(routes.router, database, inside) as client:
        assert (await client.get(f"/v1/notifications/{shown}")).status_code == 200


async def test_unknown_fields_and_wrong_scopes_are_refused(database: Database) -> None:
    async with client_for(routes.router, database) as client:
        wrong = await client.post("/v1/notifications/search", json={"patient": "Ada"})
    assert wrong.status_code == 422
    async with client_for(routes.router, database, principal("claims:read")) as client:
        assert (await client.post("/v1/notifications/search", json={})).status_code == 403
