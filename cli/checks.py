"""`rcm doctor`, `rcm migrate`: is the installation sound, are its databases up to date."""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable
from typing import Annotated, Any

import asyncpg
import typer

from cli.answers import AWAY, FAILED, Json, answer, out, show
from cli.installation import known, reading, settings, the_bus
from shared import clock
from shared.database import migrate
from shared.database.migrating import newest
from shared.errors import TryAgain
from shared.messaging import declared_topics

LEAST_FREE_BYTES = 1 << 30
MOST_SKEW_SECONDS = 5.0

Finding = tuple[str, bool, str]


def migrate_command(
    service: Annotated[str, typer.Argument(help="Only this service.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if due.")] = False,
) -> None:
    """Bring the databases to the newest revision."""
    names = [known(service)] if service else list(answer(_names()))

    async def work() -> bool:
        behind = False
        for name in names:
            wanted = newest(name)
            if check:
                async with reading(name) as connection:
                    found = await _revision(connection)
                behind = behind or found != wanted
                out.print(f"{name}: at {found or 'nothing'}, newest {wanted}")
            else:
                made = await migrate(settings()[name].database_url_owner, name)
                out.print(f"{name}: at {made}")
        return behind

    if answer(work()):
        raise typer.Exit(FAILED)


async def _names() -> list[str]:
    return list(settings())


async def _revision(connection: asyncpg.Connection) -> str:
    try:
        return str(await connection.fetchval("select version_num from alembic_version") or "")
    except asyncpg.UndefinedTableError:
        return ""


def doctor(json: Json = False) -> None:
    """Look at settings, databases, revisions, event log, keys, clock and disk; say the remedy."""
    rows = answer(_examined())
    show(rows, as_json=json, title="doctor")
    if not all(row["ok"] for row in rows):
        raise typer.Exit(FAILED)


async def _examined() -> list[dict[str, Any]]:
    found: list[Finding] = []
    for name in settings():
        found += await _tried(f"{name} database", _database(name))
    found += await _tried("event log", _event_log())
    found += await _tried("keys", _keys())
    found += await _tried("disk", _disk())
    return [{"what": what, "ok": ok, "says": says} for what, ok, says in found]


async def _tried(what: str, look: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        return await look
    except (*AWAY, TryAgain) as error:
        return [(what, False, f"cannot be reached ({type(error).__name__}): is it running?")]


async def _database(name: str) -> list[Finding]:
    async with reading(name) as connection:
        found, wanted = await _revision(connection), newest(name)
        at = await connection.fetchval("select clock_timestamp()")
    skew = abs((clock.system() - at).total_seconds())
    remedy = "" if found == wanted else f"; run `rcm migrate {name}`"
    return [
        (f"{name} revision", found == wanted, f"at {found}, newest {wanted}{remedy}"),
        (f"{name} clock", skew < MOST_SKEW_SECONDS, f"{skew:.1f} s from the database's"),
    ]


async def _event_log() -> list[Finding]:
    started = time.monotonic()
    async with the_bus() as bus:
        there = {p.topic for p in await bus.end_offsets([t.name for t in declared_topics()])}
    missing = [topic.name for topic in declared_topics() if topic.name not in there]
    says = f"missing {', '.join(missing)}: run `rcm topics apply`" if missing else "all topics"
    took = f"{(time.monotonic() - started) * 1000:.0f} ms"
    return [("event log", not missing, f"{bus.system}, {says}, answered in {took}")]


async def _keys() -> list[Finding]:
    own = settings()["gateway"]
    is_there = own.keys_dir.is_dir()
    private = is_there and own.keys_dir.stat().st_mode & 0o077 == 0
    says = str(own.keys_dir) if private else "the folder is missing or open to others: chmod 700"
    return [("keys", private, says), ("jwks", own.jwks_file.is_file(), str(own.jwks_file))]


async def _disk() -> list[Finding]:
    free = shutil.disk_usage(settings()["gateway"].keys_dir.parent).free
    return [("disk", free > LEAST_FREE_BYTES, f"{free / (1 << 30):.1f} GiB free")]
