"""The gateway's master data as claims keeps it: the newest snapshot of what a claim prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from services.claims.domain.claim import Key
from services.claims.domain.parties import Address, Payer, Practice, Provider, Submitter
from services.claims.repository.rows import as_json, as_keys
from shared.database import Transaction

_KEEP_SUBMITTERS = text("""
    insert into submitters (tenant_id, id, name, edi_id, mode, version)
    select tenant_id, id, name, edi_id, mode, version
      from json_populate_recordset(cast(null as submitters), cast(:rows as json))
     order by tenant_id, id
        on conflict (tenant_id, id) do update
       set name = excluded.name, edi_id = excluded.edi_id, mode = excluded.mode,
           version = excluded.version
     where submitters.version < excluded.version
""")

_KEEP_PRACTICES = text("""
    insert into practices
    select * from json_populate_recordset(cast(null as practices), cast(:rows as json))
     order by tenant_id, id
        on conflict (tenant_id, id) do update
       set name = excluded.name, npi = excluded.npi, tax_id = excluded.tax_id,
           taxonomy = excluded.taxonomy, line1 = excluded.line1, line2 = excluded.line2,
           city = excluded.city, state = excluded.state, zip_code = excluded.zip_code,
           phone = excluded.phone, active = excluded.active, version = excluded.version
     where practices.version < excluded.version
""")

_KEEP_PROVIDERS = text("""
    insert into providers
    select * from json_populate_recordset(cast(null as providers), cast(:rows as json))
     order by tenant_id, id
        on conflict (tenant_id, id) do update
       set practice_id = excluded.practice_id, last_name = excluded.last_name,
           first_name = excluded.first_name, npi = excluded.npi, taxonomy = excluded.taxonomy,
           active = excluded.active, version = excluded.version
     where providers.version < excluded.version
""")

_KEEP_PAYERS = text("""
    insert into payers
    select * from json_populate_recordset(cast(null as payers), cast(:rows as json))
     order by tenant_id, id
        on conflict (tenant_id, id) do update
       set code = excluded.code, name = excluded.name,
           filing_indicator = excluded.filing_indicator, line1 = excluded.line1,
           line2 = excluded.line2, city = excluded.city, state = excluded.state,
           zip_code = excluded.zip_code, filing_days = excluded.filing_days,
           answer_days = excluded.answer_days, appeal_days = excluded.appeal_days,
           active = excluded.active, version = excluded.version
     where payers.version < excluded.version
""")

_SUBMITTERS = text("""
    select t.* from submitters t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.id) = (wanted.tenant_id, wanted.id)
""")

_PRACTICES = text("""
    select t.* from practices t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.id) = (wanted.tenant_id, wanted.id)
""")

_PROVIDERS = text("""
    select t.* from providers t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.id) = (wanted.tenant_id, wanted.id)
""")

_PAYERS = text("""
    select t.* from payers t
      join unnest(cast(:tenants as uuid[]), cast(:ids as uuid[])) as wanted (tenant_id, id)
        on (t.tenant_id, t.id) = (wanted.tenant_id, wanted.id)
""")

_KEEP: Mapping[str, TextClause] = {
    "submitter": _KEEP_SUBMITTERS,
    "practice": _KEEP_PRACTICES,
    "provider": _KEEP_PROVIDERS,
    "payer": _KEEP_PAYERS,
}


@dataclass(frozen=True, slots=True)
class MasterData:
    """What was found of what was asked for, by kind."""

    practices: Mapping[Key, Practice] = field(default_factory=dict)
    providers: Mapping[Key, Provider] = field(default_factory=dict)
    payers: Mapping[Key, Payer] = field(default_factory=dict)


async def keep(tx: Transaction, kind: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Keep snapshots of one kind (submitter, practice, provider, payer), each id once.

    An older version than the kept one changes nothing.
    """
    await tx.run(_KEEP[kind], {"rows": as_json(rows)})


async def master_data(
    tx: Transaction,
    *,
    practices: Iterable[Key],
    providers: Iterable[Key],
    payers: Iterable[Key],
) -> MasterData:
    """The newest snapshots of the things asked for."""
    return MasterData(
        {_key(row): _practice(row) for row in await tx.rows(_PRACTICES, as_keys(practices))},
        {_key(row): _provider(row) for row in await tx.rows(_PROVIDERS, as_keys(providers))},
        {_key(row): _payer(row) for row in await tx.rows(_PAYERS, as_keys(payers))},
    )


async def payers(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Payer]:
    """Payers alone."""
    return {_key(row): _payer(row) for row in await tx.rows(_PAYERS, as_keys(keys))}


async def submitter(tx: Transaction, tenant_id: UUID) -> Submitter | None:
    """The billing company itself; None before its TenantChanged came."""
    row = await tx.row(_SUBMITTERS, as_keys([(tenant_id, tenant_id)]))
    return None if row is None else Submitter(row.id, row.name, row.edi_id, row.mode)


def _key(row: Row[Any]) -> Key:
    return Key(row.tenant_id, row.id)


def _address(row: Row[Any]) -> Address:
    return Address(row.line1, row.line2, row.city, row.state, row.zip_code)


def _practice(row: Row[Any]) -> Practice:
    return Practice(
        id=row.id,
        name=row.name,
        npi=row.npi,
        tax_id=row.tax_id,
        taxonomy=row.taxonomy,
        address=_address(row),
        phone=row.phone,
        active=row.active,
    )


def _provider(row: Row[Any]) -> Provider:
    return Provider(
        id=row.id,
        last_name=row.last_name,
        first_name=row.first_name,
        npi=row.npi,
        taxonomy=row.taxonomy,
        active=row.active,
    )


def _payer(row: Row[Any]) -> Payer:
    return Payer(
        id=row.id,
        code=row.code,
        name=row.name,
        filing_indicator=row.filing_indicator,
        address=_address(row),
        filing_days=row.filing_days,
        answer_days=row.answer_days,
        appeal_days=row.appeal_days,
        active=row.active,
        version=row.version,
    )
