"""The catalogue of every service's database keeps the rules, and each rule has been seen red."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from asyncpg import Connection
from sqlalchemy import text

from shared import ids
from shared.database import Database, isolation
from shared.database.migrating import ROOT
from tests.support.builders import TENANT
from tests.support.catalogue import violations
from tests.support.databases import DatabaseFactory
from tests.support.postgres import PostgresServer


def services() -> list[str]:
    """Every folder with revisions; the sandbox has no tenants."""
    folders = [*ROOT.glob("services/*/migrations/*.py"), *ROOT.glob("gateway/migrations/*.py")]
    return [*sorted({_service_of(path) for path in folders}), "sample"]


def _service_of(path: Path) -> str:
    return path.parents[1].name


@pytest.mark.parametrize("service", services())
async def test_every_service_keeps_the_rules(
    service: str, service_database: DatabaseFactory
) -> None:
    database = await service_database(service, attached=False)
    connection = await asyncpg.connect(database.urls.checker)
    try:
        assert await violations(connection, service) == []
    finally:
        await connection.close()


PLANTED = {
    "things is not under forced": "alter table things no force row level security",
    "inbox is owned by": "alter table inbox owner to postgres",
    "loose has no tenant_id": "create table loose (id int); alter table loose owner to {owner}",
    "open is not under forced": (
        "create table open (tenant_id uuid not null, id uuid); alter table open owner to {owner}"
    ),
    "things.tenant_id may be null": (
        "alter table things drop constraint things_pkey; "
        "alter table things alter tenant_id drop not null"
    ),
    "policy things_http on things says": (
        "drop policy things_http on things; create policy things_http on things to {http} "
        "using (true) with check (true)"
    ),
    "policy things_pipeline on things says": (
        "alter policy things_pipeline on things with check (true)"
    ),
    "policy peek on things is for": "create policy peek on things using (true)",
    "policy loophole on things says": (
        "create policy loophole on things for select to {pipeline} using (true)"
    ),
    "policy owners on things says": (
        "create policy owners on things to {owner} using (true) with check (true)"
    ),
    "things has no policy for ['http']": "drop policy things_http on things",
    "unique index things_note on things starts with note": (
        "create unique index things_note on things (note)"
    ),
    "foreign key loose_thing on things": (
        "alter table things add other uuid, add constraint things_id unique (tenant_id, id), "
        "add constraint loose_thing foreign key (other, tenant_id) "
        "references things (id, tenant_id)"
    ),
    "view every_thing runs as its owner": "create view every_thing as select * from things",
    "function peek is SECURITY DEFINER": (
        "create function peek() returns int language sql security definer "
        "set search_path = pg_catalog as 'select 1'; revoke all on function peek() from public"
    ),
    "function outbox_roll has no fixed search_path": (
        "alter function outbox_roll(int) reset search_path"
    ),
    "function outbox_roll may be called by everybody": (
        "grant execute on function outbox_roll(int) to public"
    ),
    "role rcm_sample_http may do more": "alter role {http} bypassrls",
    "role rcm_sample_pipeline is a member": "grant {owner} to {pipeline}",
    "role rcm_sample_checker lacks": "alter role {checker} reset statement_timeout",
    "rcm_sample_http has TRUNCATE on things": "grant truncate on things to {http}",
    "rcm_sample_checker has UPDATE on things": "grant update (note) on things to {checker}",
    "rcm_sample_pipeline has DELETE on audit_entries": (
        "grant delete on audit_entries to {pipeline}"
    ),
    "rcm_sample_http has SELECT on outbox: not in the list": "grant select on outbox to {http}",
    "rcm_sample_http has UPDATE on parked_events: not in the list": (
        "grant update on parked_events to {http}"
    ),
    "rcm_sample_pipeline has UPDATE on inbox: not in the list": (
        "grant update (seen_at) on inbox to {pipeline}"
    ),
    "- has SELECT on things: not a role": "grant select on things to public",
    "things.made_at is of type timestamp": "alter table things add made_at timestamp",
    "things.fee_cents is of type integer": "alter table things add fee_cents int",
    "things.birth_date looks like": "alter table things add birth_date date",
    "things.name_sealed is sealed and indexed": (
        "alter table things add name_sealed text; create index on things (tenant_id, name_sealed)"
    ),
}


@pytest.fixture
async def superuser(
    service_database: DatabaseFactory, postgres: PostgresServer
) -> AsyncIterator[Connection]:
    database = await service_database("sample", attached=False)
    name = database.urls.http.rpartition("/")[2]
    connection = await asyncpg.connect(postgres.url(name))
    yield connection
    await connection.close()


async def test_each_planted_violation_is_found(superuser: Connection) -> None:
    roles = {role: f"rcm_sample_{role}" for role in ("owner", "http", "pipeline", "checker")}
    assert await violations(superuser, "sample") == []
    for expected, statement in PLANTED.items():
        planted = superuser.transaction()
        await planted.start()
        await superuser.execute(statement.format(**roles))
        found = await violations(superuser, "sample")
        await planted.rollback()
        assert [line for line in found if expected in line], (expected, found)
    assert await violations(superuser, "sample") == []


LEAKS = {
    "an unknown tenant sees rows of things": "alter table things disable row level security",
    "an unknown tenant sees rows of audit_entries": (
        "drop policy audit_entries_http on audit_entries; "
        "create policy audit_entries_http on audit_entries to {http} using (true)"
    ),
    "no tenant sees rows of things": (
        "alter policy things_http on things using (current_setting('app.tenant', true) = '')"
    ),
}


async def leaks(database: Database) -> list[str]:
    connection = await asyncpg.connect(database.urls.http)
    try:
        return [finding.says for finding in await isolation.leaks(connection)]
    finally:
        await connection.close()


@pytest.mark.parametrize(("expected", "statement"), LEAKS.items())
async def test_the_probe_sees_what_a_stranger_would(
    service_database: DatabaseFactory, postgres: PostgresServer, expected: str, statement: str
) -> None:
    database = await service_database("sample", attached=False)
    async with database.request(TENANT, actor="user:a") as tx:
        await tx.run(
            text("insert into things (tenant_id, id) values (:tenant, :id)"),
            {"tenant": TENANT, "id": ids.new()},
        )
        tx.audit("thing.made", subject=TENANT)
    assert await leaks(database) == []
    name = database.urls.http.rpartition("/")[2]
    await postgres.execute(statement.format(http="rcm_sample_http"), database=name)
    assert expected in await leaks(database)


async def test_a_database_without_tables_is_no_isolated_one(
    service_database: DatabaseFactory, postgres: PostgresServer
) -> None:
    database = await service_database("sample", attached=False)
    name = database.urls.http.rpartition("/")[2]
    await postgres.execute("drop schema public cascade; create schema public", database=name)
    assert await leaks(database) == ["there is no table with tenant_id to ask"]
