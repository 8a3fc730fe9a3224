"""Files of the clearinghouse's mailbox as they came, and each statement they made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.claims.domain.acknowledging import Acknowledgement
from services.claims.domain.claim import Key
from services.claims.repository.rows import as_json
from shared import ids
from shared.database import Transaction
from shared.sealing import Cell

CONTENT = "clearinghouse_files.content"

_LAST = text("""
    select kind, max(sequence) as sequence from clearinghouse_files
     where tenant_id = :tenant
     group by kind
""")

_KEEP = text("""
    insert into clearinghouse_files (
        tenant_id, id, file_id, kind, sequence, sha256, content, received_at
    )
    values (:tenant, :id, :file_id, :kind, :sequence, :sha256, :content, :at)
        on conflict (tenant_id, id) do nothing
""")

_WAITING = text("""
    select t.id, t.file_id, t.kind, t.sequence, t.sha256, t.content, t.received_at
      from clearinghouse_files t
     where t.tenant_id = :tenant and t.applied_at is null and t.problem = ''
     order by t.sequence
     limit :limit
       for update of t
""")

_APPLIED = text("""
    update clearinghouse_files set applied_at = :at, problem = :problem
     where tenant_id = :tenant and id = :id
""")

_INSERT_STATEMENTS = text("""
    insert into acknowledgements
    select * from json_populate_recordset(cast(null as acknowledgements), cast(:rows as json))
        on conflict (tenant_id, id) do nothing
""")


@dataclass(frozen=True, slots=True)
class File:
    """One file of the mailbox."""

    tenant_id: UUID
    file_id: str
    kind: str
    sequence: int
    sha256: str
    content: bytes
    received_at: datetime

    @property
    def id(self) -> UUID:
        """The file's name at the clearinghouse is its natural key."""
        return ids.derived(self.tenant_id, f"file:{self.file_id}")


class Statement(NamedTuple):
    """One acknowledgement of one claim; claim None: it named nothing of ours."""

    file: File
    acknowledgement: Acknowledgement
    claim: Key | None
    control_number: str

    @property
    def id(self) -> UUID:
        """The same statement is the same row, however often its file is read."""
        return ids.derived(self.acknowledgement.id, self.control_number)


async def last_sequences(tx: Transaction, tenant_id: UUID) -> dict[str, int]:
    """The highest sequence kept, by kind."""
    rows = await tx.rows(_LAST, {"tenant": tenant_id})
    return {row.kind: row.sequence for row in rows}


async def keep_file(tx: Transaction, file: File) -> bool:
    """Keep a file, sealed; False when it was here already."""
    cell = Cell(tx.service, file.tenant_id, CONTENT, file.id)
    content = tx.keys.seal_column(cell, file.content)
    params = {
        "tenant": file.tenant_id,
        "id": file.id,
        "file_id": file.file_id,
        "kind": file.kind,
        "sequence": file.sequence,
        "sha256": file.sha256,
        "content": content,
        "at": file.received_at,
    }
    return bool(await tx.run(_KEEP, params))


async def waiting_files(tx: Transaction, tenant_id: UUID, *, limit: int) -> list[File]:
    """Files that were kept and not applied yet, under lock, in the order they were sent."""
    rows = await tx.rows(_WAITING, {"tenant": tenant_id, "limit": limit})
    return [
        File(
            tenant_id,
            row.file_id,
            row.kind,
            row.sequence,
            row.sha256,
            tx.keys.open_column(Cell(tx.service, tenant_id, CONTENT, row.id), row.content, bytes),
            row.received_at,
        )
        for row in rows
    ]


async def file_applied(tx: Transaction, file: File, *, at: datetime, problem: str = "") -> None:
    """The file has been worked; a problem says why it changed nothing."""
    params = {"tenant": file.tenant_id, "id": file.id, "at": at, "problem": problem}
    await tx.run(_APPLIED, params)


async def keep_statements(
    tx: Transaction, statements: Sequence[Statement], *, at: datetime
) -> None:
    """Every statement a file made, whether or not it named a claim of ours."""
    if statements:
        await tx.run(_INSERT_STATEMENTS, {"rows": as_json(_rows(statements, at))})


def _rows(statements: Iterable[Statement], at: datetime) -> Iterable[dict[str, object]]:
    for statement in statements:
        said = statement.acknowledgement
        yield {
            "tenant_id": statement.file.tenant_id,
            "id": statement.id,
            "file_id": statement.file.id,
            "claim_id": statement.claim and statement.claim.id,
            "kind": said.kind,
            "verdict": said.verdict,
            "reported_by": said.reported_by,
            "control_number": statement.control_number,
            "category": said.category,
            "status": said.status,
            "entity": said.entity,
            "errors": said.errors,
            "received_at": at,
        }
