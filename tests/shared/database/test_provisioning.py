"""Roles and databases from one administrator's address, and who may open what."""

from __future__ import annotations

import asyncpg
import pytest

from shared.database import DatabaseUrls, provision
from shared.database.provisioning import service_urls
from tests.support.postgres import PostgresServer


@pytest.fixture
async def urls(postgres: PostgresServer) -> DatabaseUrls:
    """The database of a service that exists in this test module only."""
    return await provision(postgres.admin_url, "first")


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_doing_it_again_changes_nothing(postgres: PostgresServer, urls: DatabaseUrls) -> None:
    assert await provision(postgres.admin_url, "first") == urls
    assert urls == service_urls(postgres.admin_url, "first")
    for role, url in zip(("owner", "http", "pipeline", "checker"), urls, strict=True):
        assert await value(url, "select current_user") == f"rcm_first_{role}"
        assert await value(url, "select current_database()") == "rcm_first"


async def test_the_limits_of_the_roles(urls: DatabaseUrls) -> None:
    for url in urls[1:]:
        assert await value(url, "show idle_in_transaction_session_timeout") == "15s"
        assert await value(url, "show lock_timeout") == "5s"
        assert await value(url, "show statement_timeout") == "10s"
        assert int(str(await value(url, "show tcp_keepalives_idle"))) <= 30
    assert await value(urls.owner, "show lock_timeout") == "5s"
    assert await value(urls.owner, "show statement_timeout") == "0"


async def test_no_role_opens_another_services_database(
    postgres: PostgresServer, urls: DatabaseUrls
) -> None:
    await provision(postgres.admin_url, "second")
    for url in urls:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(url.removesuffix("rcm_first") + "rcm_second")


async def test_only_the_owner_makes_tables(urls: DatabaseUrls) -> None:
    for url in urls[1:]:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await value(url, "create table loose (id int)")
    await value(urls.owner, "create table if not exists kept (id int)")


async def test_a_copy_of_a_template(postgres: PostgresServer, urls: DatabaseUrls) -> None:
    await value(urls.owner, "create table if not exists kept (id int)")
    copy = await provision(
        postgres.admin_url, "first", database="rcm_first_copy", template="rcm_first"
    )
    assert await value(copy.owner, "select count(*) from kept") == 0
    await postgres.drop_database("rcm_first_copy")


async def test_an_administrator_without_a_password_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a password"):
        await provision("postgresql://postgres@127.0.0.1/postgres", "first")


def test_addresses_keep_host_port_and_options() -> None:
    urls = service_urls("postgresql://a:p%40ss@db.example:6432/postgres?sslmode=require", "claims")
    for url in urls:
        assert "@db.example:6432/rcm_claims?sslmode=require" in url
    assert len({url.split("@")[0] for url in urls}) == 4
    assert "p%40ss" not in "".join(urls)
