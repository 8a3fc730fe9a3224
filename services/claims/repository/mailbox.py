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
    select * from unnest(
        cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:file_ids as text[]),
        cast(:kinds as text[]), cast(:sequences as bigint[]), cast(:digests as text[]),
        cast(:contents as text[]), cast(:received as timestamptz[])
    )
        on conflict (tenant_id, id) do nothing
    returning id
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
     where tenant_id = :tenant and id = any (cast(:ids as uuid[]))
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


async def keep_files(tx: Transaction, files: Sequence[File]) -> list[File]:
    """Keep files, sealed; those that were not here already."""
    cells = [Cell(tx.service, file.tenant_id, CONTENT, file.id) for file in files]
    params = {
        "tenants": [str(file.tenant_id) for file in files],
        "ids": [str(file.id) for file in files],
        "file_ids": [file.file_id for file in files],
        "kinds": [file.kind for file in files],
        "sequences": [file.sequence for file in files],
        "digests": [file.sha256 for file in files],
        "contents": [
            tx.keys.seal_column(cell, file.content) for cell, file in zip(cells, files, strict=True)
        ],
        "received": [file.received_at for file in files],
    }
    new = {row.id for row in await tx.rows(_KEEP, params)}
    return [file for file in files if file.id in new]


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


async def files_applied(
    tx: Transaction, files: Sequence[File], *, at: datetime, problem: str = ""
) -> None:
    """The tenant's files have been worked; a problem says why they changed nothing."""
    numbers = [str(file.id) for file in files]
    await tx.run(_APPLIED, {"tenant": tx.tenant_id, "ids": numbers, "at": at, "problem": problem})


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
