"""Brings a service's database to the newest revision of its own Alembic history."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.database.failures import DRIVER_FAILURES, raise_translated
from shared.errors import TryAgain

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 5
_one_alembic = asyncio.Lock()
"""Alembic keeps the running migration in module globals: one at a time per process."""

_ONE_AT_A_TIME = (
    text("set lock_timeout = 0"),
    text("select pg_advisory_lock(hashtext('rcm_migrate'))"),
    text("reset lock_timeout"),
)
"""Between processes: wait as long as the other migration takes, then go on with the usual limit."""


async def migrate(
    owner_url: str, service: str, *, revision: str = "head", folder: Path | None = None
) -> str:
    """Apply what is missing, as the owner role; returns the revision that now holds.

    A statement that waits longer than the owner's lock_timeout for a lock is given up and repeated
    (each revision is one transaction), so that a migration never blocks writers for long.
    folder: where the revisions stand, if not in `migrations_of(service)`.
    """
    folder = folder or migrations_of(service)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _upgrade(owner_url, folder, revision)
        except TryAgain:
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(0.5 * attempt)
    raise AssertionError("unreachable")


def newest(service: str) -> str:
    """The newest revision the code knows."""
    return _scripts(migrations_of(service))[1].get_current_head() or ""


def is_too_old(service: str, revision: str) -> bool:
    """Whether the schema is older than the one before this program's (docs/operations).

    A release brings at most one revision and works on the schema before it, so that programs and
    schema may be rolled out one after the other. A revision nobody here knows is a newer schema's.
    """
    folder = migrations_of(service)
    if not folder.is_dir():
        return False
    scripts = _scripts(folder)[1]
    newest_first = [script.revision for script in scripts.walk_revisions()]
    return revision in newest_first[2:]


def migrations_of(service: str) -> Path:
    """`services/<service>/migrations`; for the gateway and the like `<name>/migrations`."""
    inside = ROOT / "services" / service
    return (inside if inside.is_dir() else ROOT / service) / "migrations"


def _scripts(folder: Path) -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("alembic")))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "newline")
    return config, ScriptDirectory.from_config(config)


async def _upgrade(owner_url: str, folder: Path, revision: str) -> str:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(owner_url, timeout=10)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with _one_alembic, engine.connect() as connection:
            for statement in _ONE_AT_A_TIME:
                await connection.execute(statement)
            await connection.commit()
            return await connection.run_sync(_apply, folder, revision)
    except DRIVER_FAILURES as error:
        raise_translated(error)
    finally:
        await engine.dispose()


def _apply(connection: Connection, folder: Path, revision: str) -> str:
    config, scripts = _scripts(folder)
    with EnvironmentContext(
        config, scripts, fn=lambda rev, _: scripts._upgrade_revs(revision, rev)
    ) as environment:
        environment.configure(connection=connection, transaction_per_migration=True)
        with environment.begin_transaction():
            environment.run_migrations()
        return environment.get_context().get_current_revision() or ""
