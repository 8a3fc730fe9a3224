"""The migrated database is the one the tables describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from sandbox.tables import metadata
from tests.support.databases import DatabaseFactory


def _is_ours(_: object, name: str | None, kind: str, *_rest: object) -> bool:
    return kind != "table" or name != "alembic_version"


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={"include_object": _is_ours, "compare_type": True, "compare_server_default": True},
    )
    return list(compare_metadata(context, metadata))


async def test_tables_and_migrations_agree(service_database: DatabaseFactory) -> None:
    database = await service_database("sandbox", attached=False)
    url = database.urls.owner.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()
