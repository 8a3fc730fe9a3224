"""What every service's database needs done from time to time; each is a step of a job."""

from __future__ import annotations

from sqlalchemy import text

from shared import audit
from shared.database.database import Database

_ROLL = text("select outbox_roll(:keep_days)")
_UNSEALED_AGE = text("""
select coalesce(extract(epoch from current_timestamp - min(entry.at)), 0)
from audit_unsealed waiting
join audit_entries entry on entry.tenant_id = waiting.tenant_id and entry.id = waiting.id
""")


async def seal_audit(database: Database) -> int:
    """Chain the audit entries no link holds yet; how many (run it every few seconds)."""
    async with database.pipeline(()) as tx:
        return await audit.seal(tx)


async def unsealed_age_seconds(database: Database) -> float:
    """How long the oldest audit entry waits for the sealer; 0 when none does."""
    async with database.pipeline(()) as tx:
        return float(await tx.scalar(_UNSEALED_AGE))


async def roll_outbox(database: Database, *, keep_days: int) -> list[str]:
    """Make the outbox's coming days and drop those past keep_days; says what it did (hourly)."""
    async with database.pipeline(()) as tx:
        return list(await tx.scalar(_ROLL, {"keep_days": keep_days}))
