"""What every service's database needs done from time to time; each is a step of a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from shared import audit, clock, telemetry
from shared.audit import Anchor, Link
from shared.database import anchors
from shared.database.database import Database

DAY = timedelta(days=1)
LINKS_AT_ONCE = 500
LINKS_A_LOOK = 20_000
"""About a second of work; a longer chain is gone through in several looks."""

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


async def anchor_audit(database: Database, folder: Path) -> int:
    """Keep the signed end of every tenant's chain, once a day; how many (run it every minute)."""
    if not anchors.is_due(folder, database.service):
        return 0
    async with database.pipeline(()) as tx:
        made = await audit.anchors(tx, anchors.signer(database.keys, database.service))
    if made:
        anchors.keep(folder, database.service, made)
    return len(made)


async def unsealed_age_seconds(database: Database) -> float:
    """How long the oldest audit entry waits for the sealer; 0 when none does."""
    async with database.pipeline(()) as tx:
        return float(await tx.scalar(_UNSEALED_AGE))


async def roll_outbox(database: Database, *, keep_days: int) -> list[str]:
    """Make the outbox's coming days and drop those past keep_days; says what it did (hourly)."""
    async with database.pipeline(()) as tx:
        return list(await tx.scalar(_ROLL, {"keep_days": keep_days}))


class ChainWatch:
    """Recomputes the audit chains: what was added since the last look, everything once a day.

    anchors: ends of the chains that are known to begin with. What was found stays found until the
    process ends: a chain that was cut off and grew again looks well by itself.
    """

    def __init__(self, database: Database, anchors: Iterable[Anchor] = ()) -> None:
        self.findings: dict[UUID, tuple[str, ...]] = {}
        self._database = database
        self._known: dict[UUID, Link] = {a.tenant_id: Link(a.seq, a.hash) for a in anchors}
        self._done: dict[UUID, Link] = {}
        self._began: datetime | None = None

    async def look(self) -> bool:
        """Is every chain well, as far as was recomputed; at most LINKS_A_LOOK links at a time."""
        now = clock.system()
        if self._began is None or now - self._began >= DAY:
            self._began, self._done = now, {}
        left = LINKS_A_LOOK
        for tenant_id, head in (await self._heads()).items():
            while left > 0 and self._done.get(tenant_id, Link()).seq < head.seq:
                count = await self._recompute(tenant_id)
                left -= count or left
        return not self.findings

    async def _heads(self) -> Mapping[UUID, Link]:
        async with self._database.pipeline(()) as tx:
            heads = await audit.heads(tx, await audit.tenants(tx))
        for tenant_id, known in self._known.items():
            if heads.get(tenant_id, Link()).seq < known.seq:
                self._tell(tenant_id, f"the chain ends before link {known.seq}")
        return heads

    async def _recompute(self, tenant_id: UUID) -> int:
        after = self._done.get(tenant_id, Link())
        async with self._database.pipeline(()) as tx:
            stretch = await audit.recompute(tx, tenant_id, after, limit=LINKS_AT_ONCE)
        for finding in stretch.findings:
            self._tell(tenant_id, finding)
        known = self._known.get(tenant_id, Link())
        for link in stretch.links:
            if link.seq == known.seq and link.hash != known.hash:
                self._tell(tenant_id, f"link {link.seq} is not what it was")
            self._done[tenant_id] = link
        if stretch.links and stretch.links[-1].seq > known.seq:
            self._known[tenant_id] = stretch.links[-1]
        return len(stretch.links)

    def _tell(self, tenant_id: UUID, finding: str) -> None:
        known = self.findings.get(tenant_id, ())
        if finding not in known:
            self.findings[tenant_id] = (*known, finding)
            telemetry.log.error("an audit chain is broken", tenant=str(tenant_id))
