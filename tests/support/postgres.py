"""The run's PostgreSQL server and its databases, made from templates in milliseconds."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from cli.local_postgres import LocalPostgres

ADDRESS = "RCM_TEST_POSTGRES_URL"
OF_THIS_RUN = "RCM_TEST_POSTGRES_OF_THIS_RUN"
"""Set by the run that started the server for its workers: it goes with all its databases."""


class PostgresServer:
    """A running server, addressed as its superuser. Addresses are `postgresql://user:password@…`.

    lasts: it is somebody's, who wants back what it was before.
    """

    def __init__(self, admin_url: str, *, lasts: bool) -> None:
        self.admin_url = admin_url
        self.lasts = lasts

    def url(self, database: str, *, user: str | None = None, password: str = "") -> str:
        """The address of `database`, for the superuser or for `user`."""
        parts = urlsplit(self.admin_url)
        host = parts.netloc.rpartition("@")[2]
        credentials = parts.netloc.rpartition("@")[0]
        if user is not None:
            credentials = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{credentials}@{host}", path=f"/{database}"))

    async def execute(self, statement: str, *, database: str = "postgres") -> None:
        """Run one statement (or several without parameters) as the superuser."""
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create_database(self, name: str | None = None, *, template: str | None = None) -> str:
        """Make a database, a copy of `template` if given (nobody may be connected to that one).

        Returns its name; without `name` it is a fresh one.
        """
        name = name or f"test_{secrets.token_hex(6)}"
        source = f'TEMPLATE "{template}" STRATEGY file_copy' if template else "TEMPLATE template0"
        await self.execute(f'CREATE DATABASE "{name}" {source}')
        return name

    async def drop_database(self, name: str) -> None:
        """Remove a database, throwing out whoever is still connected."""
        await self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def database(self, *, template: str | None = None) -> AsyncIterator[str]:
        """A database that lives as long as the block; gives its superuser address."""
        name = await self.create_database(template=template)
        try:
            yield self.url(name)
        finally:
            await self.drop_database(name)


@contextmanager
def run_server() -> Iterator[PostgresServer]:
    """The server of ADDRESS, else one of our own without fsync."""
    configured = os.environ.get(ADDRESS)
    if configured:
        yield PostgresServer(configured, lasts=OF_THIS_RUN not in os.environ)
        return
    with LocalPostgres(durable=False) as server:
        yield PostgresServer(server.admin_url, lasts=False)
