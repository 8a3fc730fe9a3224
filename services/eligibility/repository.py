"""Every SQL statement of eligibility; rows become values here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text

from services.eligibility.domain.check import Check, Parties
from services.eligibility.domain.lifecycle import State
from shared.database import Transaction
from shared.errors import NotFound

SERVICE = "eligibility"
PATIENT_PLACE = "checks.patient_sealed"
MEMBER_PLACE = "checks.member_sealed"
ANSWER_PLACE = "checks.answer_sealed"


COLUMNS = ", ".join(f"c.{name}" for name in Check._fields)

KEEP_TENANTS = text(
    """
    insert into tenants (tenant_id, edi_id, version)
    select * from unnest(cast(:tenants as uuid[]), cast(:edi_ids as text[]),
        cast(:versions as bigint[]))
    on conflict (tenant_id) do update
        set edi_id = excluded.edi_id, version = excluded.version
        where excluded.version > tenants.version
    """
)

KEEP_PRACTICES = text(
    """
    insert into practices (tenant_id, id, name, npi, version)
    select * from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]),
        cast(:names as text[]), cast(:npis as text[]), cast(:versions as bigint[]))
    on conflict (tenant_id, id) do update
        set name = excluded.name, npi = excluded.npi, version = excluded.version
        where excluded.version > practices.version
    """
)

KEEP_PAYERS = text(
    """
    insert into payers (tenant_id, id, code, name, version)
    select * from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]),
        cast(:codes as text[]), cast(:names as text[]), cast(:versions as bigint[]))
    on conflict (tenant_id, id) do update
        set code = excluded.code, name = excluded.name, version = excluded.version
        where excluded.version > payers.version
    """
)

KNOWN: dict[str, TextClause] = {
    "tenant": text(
        "select tenant_id, tenant_id from tenants where tenant_id = any (cast(:ids as uuid[]))"
    ),
    "practice": text("select tenant_id, id from practices where id = any (cast(:ids as uuid[]))"),
    "payer": text("select tenant_id, id from payers where id = any (cast(:ids as uuid[]))"),
}

INSERT = text(
    """
    insert into checks (tenant_id, id, practice_id, encounter_id, patient_id, coverage_id,
        payer_id, rank, relationship, service_date, trigger, state, patient_sealed,
        member_sealed, created_at)
    select new.*, :at
    from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:practices as uuid[]),
        cast(:encounters as uuid[]), cast(:patients as uuid[]), cast(:coverages as uuid[]),
        cast(:payers as uuid[]), cast(:ranks as integer[]), cast(:relationships as text[]),
        cast(:dates as date[]), cast(:triggers as text[]), cast(:states as text[]),
        cast(:patients_sealed as text[]), cast(:members_sealed as text[])) as new
    on conflict (tenant_id, id) do nothing
    returning id
    """
)

LOAD = text(
    f"""
    select {COLUMNS} from checks c
    join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        using (tenant_id, id)
    order by c.id for update of c
    """  # noqa: S608 - the column list is a literal of this module
)

PARTIES = text(
    """
    select c.id, t.edi_id, p.name, p.npi, y.code, y.name
    from checks c
    join tenants t on t.tenant_id = c.tenant_id
    join practices p on p.tenant_id = c.tenant_id and p.id = c.practice_id
    join payers y on y.tenant_id = c.tenant_id and y.id = c.payer_id
    join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on wanted.tenant_id = c.tenant_id and wanted.id = c.id
    """
)

SAVE = text(
    """
    update checks set state = new.state, tries = new.tries, reason = new.reason, plan = new.plan,
        copay_cents = new.copay_cents, deductible_left_cents = new.deductible_left_cents,
        answer_sealed = coalesce(new.answer_sealed, checks.answer_sealed), as_of = new.as_of
    from unnest(cast(:tenants as uuid[]), cast(:ids as uuid[]), cast(:states as text[]),
        cast(:tries as integer[]), cast(:reasons as text[]), cast(:plans as text[]),
        cast(:copays as bigint[]), cast(:deductibles as bigint[]), cast(:answers as text[]),
        cast(:as_of as timestamptz[]))
        as new (tenant_id, id, state, tries, reason, plan, copay_cents, deductible_left_cents,
            answer_sealed, as_of)
    where checks.tenant_id = new.tenant_id and checks.id = new.id
    """
)

ONE = text(
    f"""
    select {COLUMNS} from checks c
    where c.id = :id and (cast(:practices as uuid[]) is null
        or c.practice_id = any (cast(:practices as uuid[])))
    """  # noqa: S608 - the column list is a literal of this module
)

PAGE = text(
    f"""
    select {COLUMNS} from checks c
    where (cast(:practices as uuid[]) is null
            or c.practice_id = any (cast(:practices as uuid[])))
        and (cast(:states as text[]) is null or c.state = any (cast(:states as text[])))
        and (cast(:encounter as uuid) is null or c.encounter_id = cast(:encounter as uuid))
        and (cast(:payer as uuid) is null or c.payer_id = cast(:payer as uuid))
        and (cast(:after_at as timestamptz) is null
            or (c.created_at, c.id) < (:after_at, cast(:after_id as uuid)))
    order by c.created_at desc, c.id desc limit :limit
    """  # noqa: S608 - the column list is a literal of this module
)


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]


def _scope(practices: Iterable[UUID] | None) -> list[str] | None:
    return None if practices is None else _texts(practices)


def _check(row: Sequence[object]) -> Check:
    made = Check(*row)  # type: ignore[arg-type]
    return made._replace(state=State(made.state))


async def keep_tenants(tx: Transaction, rows: Sequence[tuple[UUID, str, int]]) -> None:
    """Keep the newest snapshot of (tenant, sender id, version)."""
    tenants, edi_ids, versions = zip(*rows, strict=True)
    params = {"tenants": _texts(tenants), "edi_ids": [*edi_ids], "versions": [*versions]}
    await tx.run(KEEP_TENANTS, params)


async def keep_practices(tx: Transaction, rows: Sequence[tuple[UUID, UUID, str, str, int]]) -> None:
    """Keep the newest snapshot of (tenant, practice, name, NPI, version)."""
    tenants, practices, names, npis, versions = zip(*rows, strict=True)
    named = {"names": [*names], "npis": [*npis], "versions": [*versions]}
    await tx.run(KEEP_PRACTICES, {"tenants": _texts(tenants), "ids": _texts(practices), **named})


async def keep_payers(tx: Transaction, rows: Sequence[tuple[UUID, UUID, str, str, int]]) -> None:
    """Keep the newest snapshot of (tenant, payer, code, name, version)."""
    tenants, payers, codes, names, versions = zip(*rows, strict=True)
    named = {"codes": [*codes], "names": [*names], "versions": [*versions]}
    await tx.run(KEEP_PAYERS, {"tenants": _texts(tenants), "ids": _texts(payers), **named})


async def known(tx: Transaction, kind: str, wanted: Iterable[UUID]) -> set[tuple[UUID, UUID]]:
    """Which of the things of a kind (tenant, practice, payer) stand here, as (tenant, id)."""
    rows = await tx.rows(KNOWN[kind], {"ids": _texts(set(wanted))})
    return {(row[0], row[1]) for row in rows}


async def insert(tx: Transaction, made: Sequence[Check], at: datetime) -> set[UUID]:
    """Store new checks; those known already are left alone. Returns the ids stored."""
    params: Mapping[str, object] = {
        "tenants": _texts(one.tenant_id for one in made),
        "ids": _texts(one.id for one in made),
        "practices": _texts(one.practice_id for one in made),
        "encounters": _texts(one.encounter_id for one in made),
        "patients": _texts(one.patient_id for one in made),
        "coverages": _texts(one.coverage_id for one in made),
        "payers": _texts(one.payer_id for one in made),
        "ranks": [one.rank for one in made],
        "relationships": [one.relationship for one in made],
        "dates": [one.service_date for one in made],
        "triggers": [one.trigger for one in made],
        "states": [one.state.value for one in made],
        "patients_sealed": [one.patient_sealed for one in made],
        "members_sealed": [one.member_sealed for one in made],
        "at": at,
    }
    return {row.id for row in await tx.rows(INSERT, params)}


async def load(tx: Transaction, wanted: Sequence[tuple[UUID, UUID]]) -> list[Check]:
    """Checks by (tenant, id), locked, in id order."""
    rows = await tx.rows(LOAD, _places(wanted))
    return [_check(row) for row in rows]


async def parties(tx: Transaction, wanted: Sequence[tuple[UUID, UUID]]) -> dict[UUID, Parties]:
    """Who asks whom, by check id."""
    rows = await tx.rows(PARTIES, _places(wanted))
    return {row[0]: Parties(*row[1:]) for row in rows}


def _places(wanted: Sequence[tuple[UUID, UUID]]) -> dict[str, object]:
    return {
        "tenants": _texts(tenant for tenant, _ in wanted),
        "ids": _texts(check for _, check in wanted),
    }


async def save(tx: Transaction, checks: Sequence[Check]) -> None:
    """Store state, tries and what the payer said; an answer once kept is never dropped."""
    params = _places([(one.tenant_id, one.id) for one in checks])
    told: Mapping[str, object] = {
        "states": [one.state.value for one in checks],
        "tries": [one.tries for one in checks],
        "reasons": [one.reason for one in checks],
        "plans": [one.plan for one in checks],
        "copays": [one.copay_cents for one in checks],
        "deductibles": [one.deductible_left_cents for one in checks],
        "answers": [one.answer_sealed for one in checks],
        "as_of": [one.as_of for one in checks],
    }
    await tx.run(SAVE, {**params, **told})


async def one(tx: Transaction, check_id: UUID, practices: Iterable[UUID] | None) -> Check:
    """A check inside the caller's practices; NotFound otherwise."""
    row = await tx.row(ONE, {"id": str(check_id), "practices": _scope(practices)})
    if row is None:
        raise NotFound("check_not_found", "There is no such eligibility check.")
    return _check(row)


class Search(NamedTuple):
    """Which checks to list; None = any."""

    practices: Iterable[UUID] | None
    states: Sequence[str] | None
    encounter: UUID | None
    payer: UUID | None


async def page(
    tx: Transaction, search: Search, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Check]:
    """Newest first, after the position (created_at, id)."""
    params: Mapping[str, object] = {
        "practices": _scope(search.practices),
        "states": None if not search.states else [*search.states],
        "encounter": None if search.encounter is None else str(search.encounter),
        "payer": None if search.payer is None else str(search.payer),
        "after_at": None if after is None else after[0],
        "after_id": None if after is None else str(after[1]),
        "limit": limit,
    }
    return [_check(row) for row in await tx.rows(PAGE, params)]
