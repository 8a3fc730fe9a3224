"""Keeps the plumbing tables small; for an hourly job of every service."""

from __future__ import annotations

from sqlalchemy import text

from shared.database import Database
from shared.messaging import inbox

BATCH = 10_000
RESOLVED_LETTER_DAYS = 90

_ROLL = text("select outbox_roll(:days)")
_OLD_LETTERS = text("""
delete from dead_letters
where status <> 'open' and resolved_at < current_timestamp - make_interval(days => :days)
""")


async def tidy(database: Database, *, outbox_days: int, inbox_days: int) -> int:
    """Roll the outbox's days, forget old event ids and resolved dead letters; rows deleted.

    outbox_days: topic retention or backup window, the longer, plus 7. inbox_days: topic retention
    plus 7. A batch at a time: a full batch says that another call has work to do.
    """
    async with database.pipeline(()) as tx:
        await tx.execute(_ROLL, {"days": outbox_days})
    async with database.pipeline(()) as tx:
        letters = await tx.run(_OLD_LETTERS, {"days": RESOLVED_LETTER_DAYS})
    async with database.pipeline(()) as tx:
        return letters + await inbox.prune(tx, days=inbox_days, limit=BATCH)
