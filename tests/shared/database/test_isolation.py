"""Tenants never see each other: what each role sees, writes and is refused."""

from __future__ import annotations

import random
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.database import Database, Transaction
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.databases import DatabaseFactory

PUT = text("insert into things (tenant_id, id) values (cast(:tenant as uuid), cast(:id as uuid))")
SEEN = text("select distinct tenant_id from things")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("sample", attached=False, http_pool=1, pipeline_pool=2)


class GaveUp(Exception):
    """A request that changes its mind."""


async def put(tx: Transaction, tenant_id: UUID) -> None:
    await tx.run(PUT, {"tenant": str(tenant_id), "id": str(ids.new())})


async def seen(tx: Transaction) -> set[UUID]:
    return {row.tenant_id for row in await tx.rows(SEEN)}


async def both_tenants_have_a_thing(database: Database) -> None:
    async with database.pipeline([TENANT, OTHER_TENANT]) as tx:
        await put(tx, TENANT)
        await put(tx, OTHER_TENANT)


async def test_a_request_sees_its_tenant_only(database: Database) -> None:
    await both_tenants_have_a_thing(database)
    async with database.request(TENANT, actor="user:a") as tx:
        assert await seen(tx) == {TENANT}
    async with database.request(OTHER_TENANT, actor="user:b") as tx:
        assert await seen(tx) == {OTHER_TENANT}


async def test_the_pipeline_sees_the_tenants_of_its_batch(database: Database) -> None:
    await both_tenants_have_a_thing(database)
    for scope in ([], [TENANT], [OTHER_TENANT], [TENANT, OTHER_TENANT], [ids.new()]):
        async with database.pipeline(scope) as tx:
            assert await seen(tx) == set(scope) & {TENANT, OTHER_TENANT}


@pytest.mark.parametrize("role", ["http", "pipeline"])
async def test_a_foreign_row_is_refused(database: Database, role: str) -> None:
    opened = (
        database.pipeline([TENANT])
        if role == "pipeline"
        else database.request(TENANT, actor="user:a")
    )
    with pytest.raises(DBAPIError) as refusal:
        async with opened as tx:
            await put(tx, OTHER_TENANT)
    assert getattr(refusal.value.orig, "sqlstate", "") == "42501"


async def test_a_row_cannot_be_moved_to_another_tenant(database: Database) -> None:
    await both_tenants_have_a_thing(database)
    move = text("update things set tenant_id = cast(:other as uuid)")
    with pytest.raises(DBAPIError) as refusal:
        async with database.request(TENANT, actor="user:a") as tx:
            await tx.run(move, {"other": str(OTHER_TENANT)})
    assert getattr(refusal.value.orig, "sqlstate", "") == "42501"


async def test_http_gains_nothing_by_the_setting_of_the_pipeline(database: Database) -> None:
    await both_tenants_have_a_thing(database)
    widen = text("select set_config('app.tenants', :tenants, true)")
    async with database.request(TENANT, actor="user:a") as tx:
        await tx.execute(widen, {"tenants": f"{TENANT},{OTHER_TENANT}"})
        assert await seen(tx) == {TENANT}


async def test_nothing_of_the_scope_is_left_on_a_pooled_connection(database: Database) -> None:
    await both_tenants_have_a_thing(database)
    async with database.request(TENANT, actor="user:a"):
        pass
    connection = database._http.connect()
    async with connection:
        left = await connection.scalar(text("select current_setting('app.tenant', true)"))
        assert not left
        assert await connection.scalar(text("select count(*) from things")) == 0


@pytest.mark.parametrize("setting", ["app.tenant", "app.tenants"])
async def test_garbage_in_the_scope_is_an_error_not_a_leak(
    database: Database, setting: str
) -> None:
    engine = database._http if setting == "app.tenant" else database._pipeline
    async with engine.connect() as connection:
        await connection.execute(
            text("select set_config(:setting, 'all', true)"), {"setting": setting}
        )
        with pytest.raises(DBAPIError):
            await connection.execute(text("select count(*) from things"))


@pytest.mark.parametrize("turns", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_two_tenants_take_turns_on_one_connection(database: Database, turns: int) -> None:
    """In random order, one in ten rolled back: each sees its own rows and no other."""
    await both_tenants_have_a_thing(database)
    order = random.Random(7)
    for _ in range(turns):
        tenant = order.choice([TENANT, OTHER_TENANT])
        with suppress(GaveUp):
            await look(database, tenant, gives_up=order.random() < 0.1)


async def look(database: Database, tenant: UUID, *, gives_up: bool) -> None:
    async with database.request(tenant, actor="user:a") as tx:
        assert await seen(tx) == {tenant}
        if gives_up:
            raise GaveUp


async def test_the_tenant_of_a_transaction_is_the_only_one(database: Database) -> None:
    async with database.pipeline([TENANT, TENANT]) as tx:
        assert tx.tenant_id == TENANT
    for scope in ([], [TENANT, OTHER_TENANT]):
        async with database.pipeline(scope) as tx:
            with pytest.raises(LookupError):
                _ = tx.tenant_id
