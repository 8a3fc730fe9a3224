"""SQL of the master data payments keeps: tenants, practices, payers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.payments.repository.columns import as_json, columns, strings
from shared.database import Transaction
from shared.events.envelope import Envelope
from shared.events.people import PostalAddress
from shared.events.tenancy import PayerChanged, PracticeChanged, TenantChanged

_TENANTS = text("""
insert into tenants (tenant_id, id, edi_id, version)
select distinct on (tenant_id, id) * from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]),
    cast(:edi_id as text[]), cast(:version as int[])) as t (tenant_id, id, edi_id, version)
order by tenant_id, id, version desc
on conflict (tenant_id, id) do update set edi_id = excluded.edi_id, version = excluded.version
where tenants.version < excluded.version
""")

_PRACTICES = text("""
insert into practices (tenant_id, id, name, npi, phone, address, version)
select distinct on (tenant_id, id) tenant_id, id, name, npi, phone, cast(address as jsonb), version
from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]), cast(:name as text[]),
    cast(:npi as text[]), cast(:phone as text[]), cast(:address as text[]),
    cast(:version as int[])) as t (tenant_id, id, name, npi, phone, address, version)
order by tenant_id, id, version desc
on conflict (tenant_id, id) do update set name = excluded.name, npi = excluded.npi,
    phone = excluded.phone, address = excluded.address, version = excluded.version
where practices.version < excluded.version
""")

_PAYERS = text("""
insert into payers (tenant_id, id, code, name, version)
select distinct on (tenant_id, id) * from unnest(cast(:tenant_id as uuid[]), cast(:id as uuid[]),
    cast(:code as text[]), cast(:name as text[]), cast(:version as int[]))
    as t (tenant_id, id, code, name, version)
order by tenant_id, id, version desc
on conflict (tenant_id, id) do update set code = excluded.code, name = excluded.name,
    version = excluded.version
where payers.version < excluded.version
""")

_POLLED = text("select distinct tenant_id from due_work where job = :job order by tenant_id")

_EDI_ID = text("select edi_id from tenants where tenant_id = :tenant_id and id = :tenant_id")

_PRACTICES_OF = text("""
select id, name, phone, cast(address as text) as address from practices
where tenant_id = :tenant_id and id = any (cast(:ids as uuid[]))
""")

_PAYEES = text("""
select distinct on (npi) npi, id from practices
where tenant_id = :tenant_id and npi = any (cast(:npis as text[])) order by npi, id
""")

_PAYER_IDS = text("""
select distinct on (code) code, id from payers
where tenant_id = :tenant_id and code = any (cast(:codes as text[])) order by code, id
""")


class Practice(NamedTuple):
    """What a statement says of the practice."""

    name: str
    phone: str
    address: PostalAddress


async def keep_tenants(tx: Transaction, events: Sequence[Envelope[TenantChanged]]) -> None:
    """The newest version of each tenant's id at the clearinghouse."""
    rows = [(e.tenant_id, e.data.tenant_id, e.data.edi_id, e.data.version) for e in events]
    await tx.run(_TENANTS, columns(("tenant_id", "id", "edi_id", "version"), rows))


async def keep_practices(tx: Transaction, events: Sequence[Envelope[PracticeChanged]]) -> None:
    """The newest version of each practice."""
    names = ("tenant_id", "id", "name", "npi", "phone", "address", "version")
    rows = [
        (
            event.tenant_id,
            event.data.practice_id,
            event.data.name,
            event.data.npi,
            event.data.phone,
            as_json(event.data.address),
            event.data.version,
        )
        for event in events
    ]
    await tx.run(_PRACTICES, columns(names, rows))


async def keep_payers(tx: Transaction, events: Sequence[Envelope[PayerChanged]]) -> None:
    """The newest version of each payer."""
    names = ("tenant_id", "id", "code", "name", "version")
    rows = [
        (e.tenant_id, e.data.payer_id, e.data.code, e.data.name, e.data.version) for e in events
    ]
    await tx.run(_PAYERS, columns(names, rows))


async def polled_tenants(tx: Transaction, job: str) -> list[UUID]:
    """Every tenant a poll is due for some day: all that are known; plumbing, any scope sees it."""
    return [row.tenant_id for row in await tx.rows(_POLLED, {"job": job})]


async def edi_id(tx: Transaction, tenant_id: UUID) -> str | None:
    """Under which id the clearinghouse keeps the tenant's mailbox."""
    found: str | None = await tx.scalar(_EDI_ID, {"tenant_id": tenant_id})
    return found


async def practices(
    tx: Transaction, tenant_id: UUID, wanted: Iterable[UUID]
) -> dict[UUID, Practice]:
    """Practices by id; not among them: one whose master data has not come."""
    rows = await tx.rows(_PRACTICES_OF, {"tenant_id": tenant_id, "ids": strings(wanted)})
    return {
        row.id: Practice(row.name, row.phone, msgspec.json.decode(row.address, type=PostalAddress))
        for row in rows
    }


async def payees(tx: Transaction, tenant_id: UUID, npis: Sequence[str]) -> dict[str, UUID]:
    """Practices by NPI."""
    rows = await tx.rows(_PAYEES, {"tenant_id": tenant_id, "npis": list(npis)})
    return {row.npi: row.id for row in rows}


async def payer_ids(tx: Transaction, tenant_id: UUID, codes: Sequence[str]) -> dict[str, UUID]:
    """Payers by their code at the clearinghouse."""
    rows = await tx.rows(_PAYER_IDS, {"tenant_id": tenant_id, "codes": list(codes)})
    return {row.code: row.id for row in rows}
