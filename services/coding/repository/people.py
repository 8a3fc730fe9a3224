"""SQL of patients and their coverages, found again by blind index and kept sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.coding.repository.rows import as_rows
from shared.database import Transaction

IDENTITY_PLACE = "patients.identity_sealed"

PATIENTS = text(
    """
    select id, natural_index from patients
    where tenant_id = :tenant and natural_index = any (cast(:indexes as bytea[]))
    """
)

KEEP_PATIENTS = text(
    """
    insert into patients (tenant_id, id, practice_id, natural_index, identity_sealed, created_at,
        updated_at)
    select tenant_id, id, practice_id, natural_index, identity_sealed, updated_at, updated_at
    from json_populate_recordset(cast(null as patients), cast(:rows as json))
    on conflict (tenant_id, id) do update
        set identity_sealed = excluded.identity_sealed, updated_at = excluded.updated_at
    """
)

COVERAGES = text(
    """
    select c.id, c.patient_id, c.payer_id, c.member_index from coverages c
    where c.tenant_id = :tenant and c.member_index = any (cast(:indexes as bytea[]))
    """
)

ADD_COVERAGES = text(
    """
    insert into coverages (tenant_id, id, patient_id, payer_id, member_index, created_at)
    select tenant_id, id, patient_id, payer_id, member_index, created_at
    from json_populate_recordset(cast(null as coverages), cast(:rows as json))
    """
)


class CoverageKey(NamedTuple):
    """What makes two submissions the same coverage."""

    patient_id: UUID
    payer_id: UUID
    member_index: bytes


async def patients(tx: Transaction, indexes: Iterable[bytes]) -> dict[bytes, UUID]:
    """Known patients by natural index."""
    params = {"tenant": tx.tenant_id, "indexes": sorted(set(indexes))}
    return {bytes(row[1]): row[0] for row in await tx.rows(PATIENTS, params)}


async def keep_patients(tx: Transaction, rows: Iterable[Mapping[str, object]]) -> None:
    """Add patients, or take over what is said of them now."""
    await tx.run(KEEP_PATIENTS, as_rows(rows))


async def coverages(tx: Transaction, indexes: Iterable[bytes]) -> dict[CoverageKey, UUID]:
    """Known coverages with these member indexes."""
    params = {"tenant": tx.tenant_id, "indexes": sorted(set(indexes))}
    rows = await tx.rows(COVERAGES, params)
    return {CoverageKey(row[1], row[2], bytes(row[3])): row[0] for row in rows}


async def add_coverages(tx: Transaction, rows: Iterable[Mapping[str, object]]) -> None:
    """Add coverages that are not known yet."""
    await tx.run(ADD_COVERAGES, as_rows(rows))
