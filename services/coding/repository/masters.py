"""SQL of the master data coding keeps: practices, providers, payers, fee schedules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text

from services.coding.domain.fees import Fee
from services.coding.repository.rows import as_rows, texts
from shared import ids
from shared.database import Transaction
from shared.money import Money


def _keep(table: str, column: str) -> TextClause:
    """Upsert of (id, one column, active), where a snapshot is newer than the kept one."""
    return text(
        f"""
        insert into {table} (tenant_id, id, {column}, active, version)
        select tenant_id, id, {column}, active, version
        from json_populate_recordset(cast(null as {table}), cast(:rows as json))
        on conflict (tenant_id, id) do update
            set {column} = excluded.{column}, active = excluded.active,
                version = excluded.version
            where {table}.version < excluded.version
        """  # noqa: S608 - names of tables and columns are literals of this module
    )


KEEP: dict[str, TextClause] = {
    "practices": _keep("practices", "npi"),
    "providers": _keep("providers", "npi"),
    "payers": _keep("payers", "code"),
}

KEEP_SCHEDULES = text(
    """
    insert into fee_schedules (tenant_id, id, practice_id, valid_from, version)
    select tenant_id, id, practice_id, valid_from, version
    from json_populate_recordset(cast(null as fee_schedules), cast(:rows as json))
    on conflict (tenant_id, id) do update
        set practice_id = excluded.practice_id, valid_from = excluded.valid_from,
            version = excluded.version
        where fee_schedules.version < excluded.version
    returning tenant_id, id
    """
)

DROP_FEES = text(
    """
    delete from fees f
    using json_populate_recordset(cast(null as fees), cast(:rows as json)) as old
    where f.tenant_id = old.tenant_id and f.fee_schedule_id = old.fee_schedule_id
    """
)

KEEP_FEES = text(
    """
    insert into fees (tenant_id, fee_schedule_id, code, modifier, charge_cents)
    select tenant_id, fee_schedule_id, code, modifier, charge_cents
    from json_populate_recordset(cast(null as fees), cast(:rows as json))
    """
)

NAMED: dict[str, TextClause] = {
    "practices": text(
        """
        select id, npi from practices where tenant_id = :tenant and active
            and (id = any (cast(:ids as uuid[])) or npi = any (cast(:names as text[])))
        order by id
        """
    ),
    "providers": text(
        """
        select id, npi from providers where tenant_id = :tenant and active
            and (id = any (cast(:ids as uuid[])) or npi = any (cast(:names as text[])))
        order by id
        """
    ),
    "payers": text(
        """
        select id, code from payers where tenant_id = :tenant and active
            and (id = any (cast(:ids as uuid[])) or code = any (cast(:names as text[])))
        order by id
        """
    ),
}

FEES = text(
    """
    select s.practice_id, f.code, f.modifier, s.valid_from, f.charge_cents
    from fee_schedules s
    join fees f on f.tenant_id = s.tenant_id and f.fee_schedule_id = s.id
    where s.tenant_id = :tenant and s.practice_id = any (cast(:practices as uuid[]))
        and f.code = any (cast(:codes as text[]))
    order by s.id
    """
)


class Schedule(NamedTuple):
    """A fee schedule as it is kept: nil practice = the tenant's default."""

    tenant_id: UUID
    id: UUID
    practice_id: UUID
    valid_from: date
    version: int
    fees: Mapping[tuple[str, str], int]


async def keep(tx: Transaction, table: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Keep the newest snapshots in `practices`, `providers` or `payers`."""
    await tx.run(KEEP[table], as_rows(rows))


async def keep_schedules(tx: Transaction, schedules: Sequence[Schedule]) -> None:
    """Keep the newest snapshots of fee schedules, with exactly their lines."""
    names = ("tenant_id", "id", "practice_id", "valid_from", "version")
    heads = [dict(zip(names, one, strict=False)) for one in schedules]
    newer = {(row[0], row[1]) for row in await tx.rows(KEEP_SCHEDULES, as_rows(heads))}
    rows = [
        {
            "tenant_id": one.tenant_id,
            "fee_schedule_id": one.id,
            "code": code,
            "modifier": modifier,
            "charge_cents": cents,
        }
        for one in schedules
        if (one.tenant_id, one.id) in newer
        for (code, modifier), cents in one.fees.items()
    ]
    old = [{"tenant_id": tenant, "fee_schedule_id": schedule} for tenant, schedule in newer]
    await tx.run(DROP_FEES, as_rows(old))
    await tx.run(KEEP_FEES, as_rows(rows))


async def named(
    tx: Transaction, table: str, wanted: Iterable[UUID], *, names: Iterable[str]
) -> dict[UUID, str]:
    """Active rows by id or by NPI (payers: code): id -> that name."""
    params = {"tenant": tx.tenant_id, "ids": texts(wanted), "names": sorted(set(names))}
    return {row[0]: row[1] for row in await tx.rows(NAMED[table], params)}


async def fees(
    tx: Transaction, practices: Iterable[UUID], codes: Iterable[str]
) -> dict[UUID, dict[str, list[Fee]]]:
    """Fees for codes by practice, the tenant's default among each practice's."""
    wanted = set(practices)
    params = {
        "tenant": tx.tenant_id,
        "practices": texts({*wanted, ids.NIL}),
        "codes": sorted(set(codes)),
    }
    found: dict[UUID, dict[str, list[Fee]]] = {practice: {} for practice in wanted}
    for practice, code, modifier, valid_from, cents in await tx.rows(FEES, params):
        is_default = practice == ids.NIL
        fee = Fee(code, modifier, valid_from, is_default, Money(cents))
        for owner in wanted if is_default else [practice]:
            found[owner].setdefault(code, []).append(fee)
    return found
