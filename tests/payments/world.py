"""A payments database with its master data, and what tests do with it over and over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.payments.__main__ import service
from services.payments.actions import intake, posting
from services.payments.actions.intake import IncomingFile
from services.payments.domain.remittance import Remittance
from services.payments.repository import ledger
from services.payments.settings import PaymentsSettings
from shared.database import Database
from shared.events.marks import Fact
from tests.payments import builders
from tests.payments.builders import Case
from tests.support import services
from tests.support.builders import TENANT

HANDLERS = service.handlers_for(PaymentsSettings())

_BALANCES = text("""
select account, sum(balance_cents) as cents from balances
where tenant_id = :tenant_id group by account having sum(balance_cents) <> 0 order by account
""")
_ENTRIES = text("""
select account, sum(amount_cents) as cents from ledger_entries where tenant_id = :tenant_id
group by account having sum(amount_cents) <> 0 order by account
""")
_REMITTANCES = text("""
select id, status, rule, difference_cents from remittances
where tenant_id = :tenant_id order by received_at, id
""")
_DUE = text("select job from due_work order by job, due_at, subject")


class Remit(NamedTuple):
    """A remittance as it stands."""

    id: UUID
    status: str
    rule: str
    difference_cents: int


async def master_data(database: Database, tenant_id: UUID = TENANT) -> None:
    """The tenant, its practice and its payer."""
    facts: list[Fact] = [
        builders.tenant(tenant_id=tenant_id),
        builders.practice(),
        builders.payer(),
    ]
    await services.deliver(database, HANDLERS, facts, tenant_id=tenant_id)


async def known(database: Database, *cases: Case) -> None:
    """Encounters coded and claims submitted."""
    for case in cases:
        facts: list[Fact] = [case.coded(database.keys), case.submitted()]
        await services.deliver(database, HANDLERS, facts, tenant_id=case.tenant_id)


async def take(
    database: Database, *said: Remittance, file_id: str = "F1", tenant_id: UUID = TENANT
) -> list[UUID]:
    """A file with these payments, as the mailbox job takes it in."""
    content = repr((file_id, said)).encode()
    async with database.pipeline([tenant_id]) as tx:
        return await intake.take_file(
            tx, IncomingFile(file_id=file_id, content=content, read=tuple(said))
        )


async def post(
    database: Database,
    remit_ids: Sequence[UUID],
    *,
    limit: int = 500,
    unmatched_after_seconds: int = 900,
    tenant_id: UUID = TENANT,
) -> list[posting.Progress]:
    """Passes over each remittance until none has more to do; the last progress of each."""
    done = []
    for remit_id in remit_ids:
        while True:
            async with database.pipeline([tenant_id]) as tx:
                progress = await posting.post_remittance(
                    tx,
                    remit_id,
                    limit=limit,
                    unmatched_after_seconds=unmatched_after_seconds,
                )
            if not progress.has_more:
                break
        done.append(progress)
    return done


async def balances(database: Database, tenant_id: UUID = TENANT) -> dict[str, int]:
    """What the projection says of each receivable, zeros left out."""
    async with database.pipeline([tenant_id]) as tx:
        rows = await tx.rows(_BALANCES, {"tenant_id": tenant_id})
    return {row.account: int(row.cents) for row in rows}


async def accounts(database: Database, tenant_id: UUID = TENANT) -> dict[str, int]:
    """What every account of the ledger stands at, zeros left out."""
    async with database.pipeline([tenant_id]) as tx:
        rows = await tx.rows(_ENTRIES, {"tenant_id": tenant_id})
    return {row.account: int(row.cents) for row in rows}


async def remittances(database: Database, tenant_id: UUID = TENANT) -> list[Remit]:
    """All remittances, in the order they came."""
    async with database.pipeline([tenant_id]) as tx:
        return [Remit(*row) for row in await tx.rows(_REMITTANCES, {"tenant_id": tenant_id})]


async def due_jobs(database: Database) -> list[str]:
    """The names of the jobs that are due or will be."""
    async with database.pipeline([]) as tx:
        return [row.job for row in await tx.rows(_DUE)]


async def told(database: Database) -> list[str]:
    """The names of the published facts, in order."""
    return [event.type for event in await services.published(database)]


async def violations(database: Database, tenant_id: UUID = TENANT) -> list[ledger.Violation]:
    """Where I2 or I3 is broken."""
    async with database.pipeline([tenant_id]) as tx:
        return await ledger.violations(tx)
