"""SQL of encounters and accounts: what was done, for whom, and against whom it is charged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.payments.domain.charging import Encounter
from services.payments.domain.matching import ClaimedLine
from services.payments.repository.columns import as_json, columns
from shared import clock
from shared.database import Transaction

_ACCOUNTS = text("""
insert into accounts (tenant_id, id, practice_id, patient_id, created_at)
select distinct on (tenant_id, id) tenant_id, id, practice_id, patient_id, :now
from unnest(cast(:tenant_id as uuid[]), cast(:account_id as uuid[]),
    cast(:practice_id as uuid[]), cast(:patient_id as uuid[]))
    as t (tenant_id, id, practice_id, patient_id)
order by tenant_id, id
on conflict (tenant_id, id) do nothing
""")

_ENCOUNTERS = text("""
insert into encounters (tenant_id, id, practice_id, account_id, created_at)
select distinct on (tenant_id, id) tenant_id, id, practice_id, account_id, :now
from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]),
    cast(:practice_id as uuid[]), cast(:account_id as uuid[]))
    as t (tenant_id, id, practice_id, account_id)
order by tenant_id, id
on conflict (tenant_id, id) do nothing
""")

_LOCKED = text("""
select e.tenant_id, e.id, e.practice_id, e.account_id, e.coding_version, e.service_date,
    cast(e.lines as text) as lines, e.ranks, e.is_uncovered, e.charged_to
from encounters e
join (select distinct * from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]))
    as w (tenant_id, id)) as w on w.tenant_id = e.tenant_id and w.id = e.id
order by e.tenant_id, e.id for no key update of e
""")

_SAVED = text("""
update encounters e set practice_id = t.practice_id, coding_version = t.coding_version,
    service_date = t.service_date, lines = cast(t.lines as jsonb),
    ranks = cast(t.ranks as int[]), is_uncovered = t.is_uncovered, charged_to = t.charged_to,
    identity = coalesce(t.identity, e.identity)
from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]), cast(:practice_id as uuid[]),
    cast(:coding_version as int[]), cast(:service_date as date[]), cast(:lines as text[]),
    cast(:ranks as text[]), cast(:is_uncovered as bool[]), cast(:charged_to as text[]),
    cast(:identity as text[]))
    as t (tenant_id, id, practice_id, coding_version, service_date, lines, ranks, is_uncovered,
        charged_to, identity)
where e.tenant_id = t.tenant_id and e.id = t.id
""")


class Seen(NamedTuple):
    """An encounter some event speaks of, perhaps for the first time."""

    tenant_id: UUID
    encounter_id: UUID
    practice_id: UUID
    account_id: UUID
    patient_id: UUID


async def locked(tx: Transaction, seen: Sequence[Seen]) -> dict[tuple[UUID, UUID], Encounter]:
    """The encounters' rows, made if need be and locked in key order, by (tenant, encounter).

    The row is what events of different topics meet on: lock it, then look for the other half.
    """
    names = ("tenant_id", "id", "practice_id", "account_id", "patient_id")
    given = columns(names, seen)
    wanted = {key: given[key] for key in ("tenant_id", "id")}
    makes = {key: given[key] for key in names if key != "patient_id"}
    owners = {key: given[key] for key in names if key != "id"}
    await tx.run(_ACCOUNTS, {**owners, "now": clock.system()})
    await tx.run(_ENCOUNTERS, {**makes, "now": clock.system()})
    return {(row.tenant_id, row.id): _encounter(row) for row in await tx.rows(_LOCKED, wanted)}


async def save(
    tx: Transaction, changed: Iterable[Encounter], identities: dict[tuple[UUID, UUID], str]
) -> None:
    """Write locked encounters back; identities are sealed, those not given stay as they are."""
    names = (
        "tenant_id",
        "id",
        "practice_id",
        "coding_version",
        "service_date",
        "lines",
        "ranks",
        "is_uncovered",
        "charged_to",
        "identity",
    )
    rows = [
        (
            each.tenant_id,
            each.id,
            each.practice_id,
            each.coding_version,
            each.service_date,
            as_json(each.lines),
            "{" + ",".join(map(str, each.ranks)) + "}",
            each.is_uncovered,
            each.charged_to,
            identities.get((each.tenant_id, each.id)),
        )
        for each in changed
    ]
    if rows:
        await tx.run(_SAVED, columns(names, rows))


def _encounter(row: Row[Any]) -> Encounter:
    return Encounter(
        tenant_id=row.tenant_id,
        id=row.id,
        practice_id=row.practice_id,
        account_id=row.account_id,
        coding_version=row.coding_version,
        service_date=row.service_date,
        lines=msgspec.json.decode(row.lines, type=tuple[ClaimedLine, ...]),
        ranks=tuple(row.ranks),
        is_uncovered=row.is_uncovered,
        charged_to=row.charged_to,
    )
