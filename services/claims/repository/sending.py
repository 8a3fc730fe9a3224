"""Batches and the sendings in them: what was handed to the clearinghouse under which number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.claims.domain.claim import Claim, Key
from services.claims.domain.sending import BatchStatus, Ending
from services.claims.repository.rows import as_json
from shared import ids
from shared.database import Transaction
from shared.money import Money
from shared.sealing import Cell

CONTENT = "batches.content"

_NEXT_CONTROL = text("""
    update submitters set next_control = next_control + 1
     where tenant_id = :tenant and id = :tenant
    returning next_control - 1
""")

_INSERT_BATCH = text("""
    insert into batches
    select * from json_populate_recordset(cast(null as batches), cast(:rows as json))
""")

_INSERT_SUBMISSIONS = text("""
    insert into submissions
    select * from json_populate_recordset(cast(null as submissions), cast(:rows as json))
""")

_BATCH = text("""
    select t.* from batches t where t.tenant_id = :tenant and t.id = :batch
""")

_LOCK_BATCH = text("""
    select t.status from batches t where t.tenant_id = :tenant and t.id = :batch for update of t
""")

_END_BATCH = text("""
    update batches
       set status = :status, file_id = :file_id, problem = :problem, handed_over_at = :at
     where tenant_id = :tenant and id = :batch
""")

_OF_NUMBERS = text("""
    select s.tenant_id, s.claim_id, s.version, s.control_number, s.batch_id
      from submissions s
     where s.tenant_id = :tenant and s.control_number = any (cast(:numbers as text[]))
""")

_OF_CONTROLS = text("""
    select b.control, s.tenant_id, s.claim_id, s.version, s.control_number, s.batch_id
      from submissions s
      join batches b on (b.tenant_id, b.id) = (s.tenant_id, s.batch_id)
     where b.tenant_id = :tenant and b.control = any (cast(:controls as bigint[]))
     order by s.control_number
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One 837P file as it is sent, again and again, under the batch's id."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    control: int
    claims: int
    charge: Money
    content: bytes
    made_at: datetime
    status: BatchStatus = BatchStatus.MADE


@dataclass(frozen=True, slots=True)
class Submission:
    """One sending of a claim."""

    claim: Key
    version: int
    control_number: str
    batch_id: UUID


async def next_control(tx: Transaction, tenant_id: UUID) -> int:
    """The tenant's next control number; its row stays locked, so numbers have no gaps."""
    return int(await tx.scalar(_NEXT_CONTROL, {"tenant": tenant_id}))


async def keep_batch(tx: Transaction, batch: Batch, claims: Sequence[Claim]) -> None:
    """A batch that is about to be sent, content sealed, with the sendings in it."""
    row = {
        "tenant_id": batch.tenant_id,
        "id": batch.id,
        "practice_id": batch.practice_id,
        "status": batch.status,
        "control": batch.control,
        "claims": batch.claims,
        "charge_cents": batch.charge.cents,
        "content": tx.keys.seal_column(
            Cell(tx.service, batch.tenant_id, CONTENT, batch.id), batch.content
        ),
        "file_id": "",
        "problem": "",
        "made_at": batch.made_at,
    }
    await tx.run(_INSERT_BATCH, {"rows": as_json([row])})
    sendings = (
        {
            "tenant_id": claim.tenant_id,
            "id": ids.derived(claim.id, f"submission:{claim.version}"),
            "claim_id": claim.id,
            "batch_id": batch.id,
            "version": claim.version,
            "control_number": claim.control_number,
        }
        for claim in claims
    )
    await tx.run(_INSERT_SUBMISSIONS, {"rows": as_json(sendings)})


async def batch(tx: Transaction, tenant_id: UUID, batch_id: UUID) -> Batch | None:
    """A batch with its content opened."""
    row = await tx.row(_BATCH, {"tenant": tenant_id, "batch": batch_id})
    if row is None:
        return None
    return Batch(
        tenant_id=row.tenant_id,
        id=row.id,
        practice_id=row.practice_id,
        control=row.control,
        claims=row.claims,
        charge=Money(row.charge_cents),
        content=tx.keys.open_column(
            Cell(tx.service, tenant_id, CONTENT, row.id), row.content, bytes
        ),
        made_at=row.made_at,
        status=BatchStatus(row.status),
    )


async def lock_batch(tx: Transaction, tenant_id: UUID, batch_id: UUID) -> BatchStatus | None:
    """The batch's status, under lock."""
    status = await tx.scalar(_LOCK_BATCH, {"tenant": tenant_id, "batch": batch_id})
    return None if status is None else BatchStatus(status)


async def end_batch(tx: Transaction, key: Key, ending: Ending) -> None:
    """Record how the sending ended."""
    params = {
        "tenant": key.tenant_id,
        "batch": key.id,
        "status": ending.status.value,
        "file_id": ending.file_id,
        "problem": ending.problem,
        "at": ending.at if ending.status is BatchStatus.HANDED_OVER else None,
    }
    await tx.run(_END_BATCH, params)


async def submissions_by_number(
    tx: Transaction, tenant_id: UUID, numbers: Iterable[str]
) -> dict[str, Submission]:
    """Sendings by our claim control number (CLM01)."""
    params = {"tenant": tenant_id, "numbers": sorted(set(numbers))}
    rows = await tx.rows(_OF_NUMBERS, params)
    return {row.control_number: _submission(row) for row in rows}


async def submissions_by_control(
    tx: Transaction, tenant_id: UUID, controls: Iterable[int]
) -> dict[int, list[Submission]]:
    """Sendings by the control number of their interchange, group and set."""
    params = {"tenant": tenant_id, "controls": sorted(set(controls))}
    found: dict[int, list[Submission]] = {}
    for row in await tx.rows(_OF_CONTROLS, params):
        found.setdefault(row.control, []).append(_submission(row))
    return found


def _submission(row: Row[Any]) -> Submission:
    return Submission(
        Key(row.tenant_id, row.claim_id), row.version, row.control_number, row.batch_id
    )
