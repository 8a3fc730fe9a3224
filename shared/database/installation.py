"""What a process asks its database about the installation: clock, revision, due work."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import text

from shared import clock
from shared.database.database import Database
from shared.database.transaction import Transaction

_OFFSET = text("select clock_offset_seconds from installation")
_SET_OFFSET = text(
    "update installation set clock_offset_seconds = :seconds, clock_changed_at = :now"
    " where clock_offset_seconds < :seconds"
)
_REVISION = text("select version_num from alembic_version")
_DUE = text(
    "select job, count(*) as due, extract(epoch from cast(:now as timestamptz) - min(due_at))"
    " as oldest_seconds from due_work where due_at <= :now group by job"
)


class Due(NamedTuple):
    """How much work of one job is due, and for how long the oldest of it."""

    job: str
    waiting: int
    oldest_seconds: float


async def clock_offset_seconds(database: Database) -> int:
    """The installation's business clock offset; TryAgain while the database is away."""
    async with database.pipeline(()) as tx:
        return int(await tx.scalar(_OFFSET))


async def set_clock_offset(tx: Transaction, seconds: int) -> None:
    """Keep the offset for the processes of this service, unless it knows a later one.

    Needs a pipeline transaction.
    """
    await tx.run(_SET_OFFSET, {"seconds": seconds, "now": clock.system()})


def follow_clock(seconds: int) -> None:
    """Let this process follow an offset; business time only advances, so less is ignored."""
    clock.set_offset(max(seconds, clock.offset_seconds()))


async def revision(database: Database) -> str:
    """The migration the database is at; compare with `migrating.newest(service)` at start."""
    async with database.pipeline(()) as tx:
        return str(await tx.scalar(_REVISION) or "")


async def due_figures(database: Database) -> list[Due]:
    """Due work by job, in business time."""
    async with database.pipeline(()) as tx:
        rows = await tx.rows(_DUE, {"now": clock.business()})
    return [Due(row.job, row.due, float(row.oldest_seconds)) for row in rows]
