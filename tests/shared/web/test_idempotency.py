"""The same Idempotency-Key acts once, whatever happens to requests and answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from shared import clock
from shared.database import Database, Transaction
from shared.web import idempotency
from tests.shared.web import routes
from tests.shared.web.test_problems import problem
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.web import client_for, principal

KEY = {"Idempotency-Key": "visit-1001"}
BODY = {"amount_cents": 7750, "note": "for Quirrell"}


async def things(database: Database) -> int:
    async with database.request(TENANT, actor="test") as tx:
        return await routes.count_things(tx)


async def test_a_repeat_gets_the_same_answer(client: httpx.AsyncClient, database: Database) -> None:
    first = await client.post("/v1/things", json=BODY, headers=KEY)
    again = await client.post("/v1/things", json=BODY, headers=KEY)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["request-id"] != first.headers["request-id"]
    assert await things(database) == 1


async def test_spaces_and_order_make_no_other_request(client: httpx.AsyncClient) -> None:
    headers = {**KEY, "Content-Type": "application/json"}
    first = await client.post("/v1/things", json=BODY, headers=KEY)
    body = b'{ "note": "for Quirrell",  "amount_cents": 7750 }'
    again = await client.post("/v1/things", content=body, headers=headers)
    assert again.content == first.content


async def test_another_body_is_a_mismatch(client: httpx.AsyncClient, database: Database) -> None:
    await client.post("/v1/things", json=BODY, headers=KEY)
    answer = await client.post("/v1/things", json={"amount_cents": 1}, headers=KEY)
    problem(answer, 422, "idempotency_mismatch")
    assert await things(database) == 1


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"),
        ("", "idempotency_key_missing"),
        ("k" * 256, "idempotency_key_malformed"),
        ("schl\xfcssel", "idempotency_key_malformed"),
    ],
)
async def test_a_bad_key(client: httpx.AsyncClient, key: str | None, code: str) -> None:
    headers = {} if key is None else {b"Idempotency-Key": key.encode("latin-1")}
    problem(await client.post("/v1/things", json=BODY, headers=headers), 400, code)


async def test_the_same_key_while_it_runs(client: httpx.AsyncClient, database: Database) -> None:
    routes.gate.clear()
    routes.entered.clear()
    first = asyncio.create_task(client.post("/v1/slow-things", json=BODY, headers=KEY))
    await routes.entered.wait()
    try:
        repeat = client.post("/v1/slow-things", json=BODY, headers=KEY)
        during = await asyncio.wait_for(repeat, 20)
    finally:
        routes.gate.set()
    problem(during, 409, "idempotency_in_flight")
    assert during.headers["retry-after"] == "1"
    done = await first
    assert done.status_code == 200
    after = await client.post("/v1/slow-things", json=BODY, headers=KEY)
    assert after.content == done.content
    assert await things(database) == 1


async def test_many_at_once_act_once(client: httpx.AsyncClient, database: Database) -> None:
    answers = await asyncio.gather(
        *(client.post("/v1/things", json=BODY, headers=KEY) for _ in range(12))
    )
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    assert await things(database) == 1


async def test_an_answer_lost_after_the_commit(
    client: httpx.AsyncClient, database: Database
) -> None:
    """F3: the process dies between commit and answer; the client repeats and loses nothing."""

    def die(_tx: Transaction) -> None:
        raise ConnectionResetError

    database.on_after_commit.append(die)
    lost = await client.post("/v1/things", json=BODY, headers=KEY)
    assert lost.status_code == 500
    database.on_after_commit.clear()
    repeated = await client.post("/v1/things", json=BODY, headers=KEY)
    again = await client.post("/v1/things", json=BODY, headers=KEY)
    assert repeated.status_code == again.status_code == 202
    assert repeated.content == again.content
    assert await things(database) == 1


async def test_nothing_is_kept_when_nothing_happened(
    client: httpx.AsyncClient, database: Database
) -> None:
    async def fail(_tx: Transaction) -> None:
        raise TimeoutError

    database.on_before_commit.append(fail)
    failed = await client.post("/v1/things", json=BODY, headers=KEY)
    assert failed.status_code == 500
    database.on_before_commit.clear()
    assert await things(database) == 0
    repeated = await client.post("/v1/things", json={"amount_cents": 1}, headers=KEY)
    assert repeated.status_code == 202
    assert "idempotent-replayed" not in repeated.headers


async def test_a_key_belongs_to_its_tenant_and_address(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = await client.post("/v1/things", json=BODY, headers=KEY)
    async with client_for(routes.router, database, principal(tenant_id=OTHER_TENANT)) as other:
        theirs = await other.post("/v1/things", json={"amount_cents": 1}, headers=KEY)
    routes.gate.set()
    elsewhere = await client.post("/v1/slow-things", json={"amount_cents": 2}, headers=KEY)
    assert len({answer.json()["id"] for answer in (first, theirs, elsewhere)}) == 3


async def test_answers_are_sealed_at_rest(client: httpx.AsyncClient, database: Database) -> None:
    answer = await client.post("/v1/things", json=BODY, headers=KEY)
    async with database.pipeline(()) as tx:
        rows = await tx.rows(text("select * from idempotency_records"))
    (row,) = rows
    stored: dict[str, Any] = dict(row._mapping)
    assert answer.json()["id"] not in str(stored)
    assert row.status == 202
    assert row.route == "POST /v1/things"


async def test_keys_are_forgotten_after_a_day(
    client: httpx.AsyncClient, database: Database
) -> None:
    now = clock.system()
    first = await client.post("/v1/things", json=BODY, headers=KEY)
    with clock.fixed(now + timedelta(hours=23)):
        assert await idempotency.sweep_expired(database) == 0
        again = await client.post("/v1/things", json=BODY, headers=KEY)
        assert again.content == first.content
    with clock.fixed(now + timedelta(hours=25)):
        anew = await client.post("/v1/things", json=BODY, headers=KEY)
        assert anew.content != first.content
        assert await idempotency.sweep_expired(database) == 0
    with clock.fixed(now + timedelta(hours=50)):
        assert await idempotency.sweep_expired(database) == 1
