"""Makes a service's database and its four roles from one administrator's address."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from shared.database.security import OWNER_SETTINGS, ROLE_SETTINGS
from shared.database.urls import ROLES, DatabaseUrls, role_name

_ONE_AT_A_TIME = "select pg_advisory_lock(hashtext('rcm_provision'))"


async def provision(
    admin_url: str, service: str, *, database: str | None = None, template: str | None = None
) -> DatabaseUrls:
    """Make the roles and the database of a service where they are missing; returns its addresses.

    database: another name than `rcm_<service>`. template: a database to copy (nobody may be
    connected to it). Passwords are derived from the administrator's, so doing it again changes
    nothing; ValueError when the address has no password. The caller migrates afterwards.
    """
    name = database or f"rcm_{service}"
    urls = service_urls(admin_url, service, database=name)
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        await connection.execute(_ONE_AT_A_TIME)
        await _make_roles(connection, urls, service)
        await _make_database(connection, service, name, template=template)
    finally:
        await connection.close()
    return urls


def service_urls(admin_url: str, service: str, *, database: str | None = None) -> DatabaseUrls:
    """The addresses that `provision` makes, without making anything."""
    parts = urlsplit(admin_url)
    if not parts.password:
        raise ValueError("the administrator's database address needs a password")
    secret = unquote(parts.password)
    host = parts.netloc.rpartition("@")[2]
    urls = []
    for role in ROLES:
        name = role_name(service, role)
        netloc = f"{name}:{quote(_password(secret, name), safe='')}@{host}"
        path = f"/{database or f'rcm_{service}'}"
        urls.append(urlunsplit(parts._replace(netloc=netloc, path=path)))
    return DatabaseUrls(*urls)


def _password(secret: str, role: str) -> str:
    return hmac.new(secret.encode(), f"role:{role}".encode(), hashlib.sha256).hexdigest()


async def _make_roles(connection: asyncpg.Connection, urls: DatabaseUrls, service: str) -> None:
    found = await connection.fetch("select rolname from pg_roles where rolname like 'rcm\\_%'")
    known = {row["rolname"] for row in found}
    for role, url in zip(ROLES, urls, strict=True):
        name = role_name(service, role)
        verb = "alter" if name in known else "create"
        await connection.execute(
            f"{verb} role {name} login nosuperuser nobypassrls nocreatedb nocreaterole "
            f"noinherit noreplication password '{urlsplit(url).password}'"
        )
        settings = OWNER_SETTINGS if role == "owner" else ROLE_SETTINGS
        for setting, value in settings.items():
            await connection.execute(f"alter role {name} set {setting} = '{value}'")
    # The administrator need not be a superuser (managed databases): only a member of the owner.
    await connection.execute(f"grant {role_name(service, 'owner')} to current_user")


async def _make_database(
    connection: asyncpg.Connection, service: str, name: str, *, template: str | None
) -> None:
    owner = role_name(service, "owner")
    exists = await connection.fetchval("select true from pg_database where datname = $1", name)
    if not exists:
        source = f'"{template}" strategy file_copy' if template else "template0 encoding 'UTF8'"
        await connection.execute(f'create database "{name}" owner {owner} template {source}')
    allowed = ", ".join(role_name(service, role) for role in ROLES)
    await connection.execute(f'revoke all on database "{name}" from public')
    await connection.execute(f'grant connect on database "{name}" to {allowed}')
