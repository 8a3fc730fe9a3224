"""Every SQL statement of the gateway."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from gateway.domain import Noun
from shared import clock, ids
from shared.database import Database, Transaction
from shared.events.marks import Fact
from shared.events.tenancy import TenantChanged

_ADD_TENANT = text(
    "insert into tenants (tenant_id, name, mode, edi_id, version)"
    " values (:tenant, :name, :mode, :edi_id, :version) on conflict do nothing"
)
_TENANT = text("select tenant_id, name, mode, edi_id, version from tenants where tenant_id = :id")
_REGISTER = text(
    "insert into edi_registrations (tenant_id, id, registered_to) values (:nil, :id, :tenant)"
    " on conflict do nothing"
)
_ADD = text(
    "insert into master_data"
    " (tenant_id, id, kind, natural_key, practice_id, version, snapshot)"
    " values (:tenant, :id, :kind, :natural, :practice, :version, cast(:snapshot as jsonb))"
    " on conflict do nothing"
)
_REPLACE = text(
    "update master_data set natural_key = :natural, practice_id = :practice, version = :version,"
    " snapshot = cast(:snapshot as jsonb) where tenant_id = :tenant and id = :id and kind = :kind"
)
_CLASH = text(
    "select true from master_data where tenant_id = :tenant and kind = :kind"
    " and natural_key = :natural and id <> :id"
)
_ONE = text(
    "select snapshot::text as snapshot from master_data"
    " where tenant_id = :tenant and kind = :kind and id = :id"
)
_LOCKED = text(_ONE.text + " for update")
_LIST = text(
    "select id, snapshot::text as snapshot from master_data"
    " where tenant_id = :tenant and kind = :kind"
    " and (cast(:after as uuid) is null or id > cast(:after as uuid))"
    " and (cast(:practices as uuid[]) is null or practice_id = any (cast(:practices as uuid[])))"
    " order by id limit :many"
)
_ADD_KEY = text(
    "insert into api_keys"
    " (tenant_id, id, name, mode, hash, ends_with, scopes, practices, created_at) values"
    " (:tenant, :id, :name, :mode, :hash, :ends_with, cast(:scopes as text[]),"
    " cast(:practices as uuid[]), :now)"
)
_KEYS = text(
    "select id, name, mode, ends_with, scopes, practices, revoked_at"
    " from api_keys where tenant_id = :tenant"
    " and (cast(:after as uuid) is null or id > cast(:after as uuid)) order by id limit :many"
)
_REVOKE = text(
    "update api_keys set revoked_at = coalesce(revoked_at, :now)"
    " where tenant_id = :tenant and id = :id"
    " returning id, name, mode, ends_with, scopes, practices, revoked_at"
)
_CLOCK = text("select clock_offset_seconds from installation")
_OPERATORS = text(
    "select count(*) from api_keys where tenant_id = :nil and mode = 'operator'"
    " and revoked_at is null"
)
_KEY_BY_HASH = text("select tenant_id, id, mode, scopes, practices from api_key_by_hash(:hash)")


class ApiKey(NamedTuple):
    """A key as it is stored; practices None = all of the tenant's."""

    id: UUID
    name: str
    mode: str
    ends_with: str
    scopes: frozenset[str]
    practices: frozenset[UUID] | None
    active: bool = True


class Holder(NamedTuple):
    """Whom a secret belongs to."""

    tenant_id: UUID
    key: ApiKey


async def add_tenant(tx: Transaction, fact: TenantChanged) -> bool:
    """Store a new tenant and its id at the clearinghouse; False when either is taken."""
    registration = ids.derived(ids.NIL, f"edi:{fact.edi_id}")
    row = {"nil": ids.NIL, "id": registration, "tenant": fact.tenant_id}
    if not await tx.run(_REGISTER, row):
        return False
    values = {"tenant": fact.tenant_id, "name": fact.name, "mode": fact.mode}
    return bool(
        await tx.run(_ADD_TENANT, {**values, "edi_id": fact.edi_id, "version": fact.version})
    )


async def tenant(tx: Transaction) -> TenantChanged | None:
    """The caller's own tenant."""
    row = await tx.row(_TENANT, {"id": tx.tenant_id})
    return None if row is None else TenantChanged(**row._mapping)


async def add(tx: Transaction, noun: Noun, fact: Fact) -> bool:
    """Store a new thing; False when the tenant has one with that natural key."""
    return bool(await tx.run(_ADD, _values(tx, noun, fact)))


async def replace(tx: Transaction, noun: Noun, fact: Fact) -> bool:
    """Store the next snapshot of a locked thing; False when its natural key is another's."""
    values = _values(tx, noun, fact)
    if await tx.scalar(
        _CLASH, {name: values[name] for name in ("tenant", "kind", "natural", "id")}
    ):
        return False
    return bool(await tx.run(_REPLACE, values))


async def one(tx: Transaction, noun: Noun, id_: UUID, *, lock: bool = False) -> Fact | None:
    """The snapshot of a thing; locked until the transaction ends if asked for."""
    values = {"tenant": tx.tenant_id, "kind": noun.kind, "id": id_}
    row = await tx.row(_LOCKED if lock else _ONE, values)
    return None if row is None else msgspec.json.decode(row.snapshot, type=noun.fact)


async def listed(
    tx: Transaction,
    noun: Noun,
    *,
    after: UUID | None,
    many: int,
    practices: frozenset[UUID] | None,
) -> list[tuple[UUID, Fact]]:
    """Snapshots in id order; practices limits to what belongs to them (and to no practice)."""
    seen = None if practices is None else [str(each) for each in (*practices, ids.NIL)]
    rows = await tx.rows(
        _LIST,
        {
            "tenant": tx.tenant_id,
            "kind": noun.kind,
            "after": str(after) if after else None,
            "practices": seen,
            "many": many,
        },
    )
    return [(row.id, msgspec.json.decode(row.snapshot, type=noun.fact)) for row in rows]


async def add_key(tx: Transaction, tenant_id: UUID, key: ApiKey, *, digest: bytes) -> None:
    """Store a new key under the hash of its secret."""
    practices = None if key.practices is None else sorted(map(str, key.practices))
    await tx.run(
        _ADD_KEY,
        {
            "tenant": tenant_id,
            "id": key.id,
            "name": key.name,
            "mode": key.mode,
            "hash": digest,
            "ends_with": key.ends_with,
            "scopes": sorted(key.scopes),
            "practices": practices,
            "now": clock.system(),
        },
    )


async def keys(tx: Transaction, *, after: UUID | None, many: int) -> list[ApiKey]:
    """The tenant's keys in id order, revoked ones too."""
    values = {"tenant": tx.tenant_id, "after": str(after) if after else None, "many": many}
    return [_key(row) for row in await tx.rows(_KEYS, values)]


async def revoke(tx: Transaction, key_id: UUID) -> ApiKey | None:
    """End a key; None when the tenant has no such key."""
    values = {"tenant": tx.tenant_id, "id": key_id, "now": clock.system()}
    row = await tx.row(_REVOKE, values)
    return None if row is None else _key(row)


async def clock_offset(tx: Transaction) -> int:
    """The installation's business clock offset in seconds, as last advanced here."""
    return int(await tx.scalar(_CLOCK))


async def operator_keys(tx: Transaction) -> int:
    """How many keys of operators are good."""
    return int(await tx.scalar(_OPERATORS, {"nil": ids.NIL}))


async def holder_of(database: Database, digest: bytes) -> Holder | None:
    """Whom a secret's hash belongs to, before any tenant is known; None for no good key."""
    async with database.pipeline(()) as tx:
        row = await tx.row(_KEY_BY_HASH, {"hash": digest})
    if row is None:
        return None
    practices = None if row.practices is None else frozenset(row.practices)
    scopes = frozenset(row.scopes)
    return Holder(row.tenant_id, ApiKey(row.id, "", row.mode, "", scopes, practices))


def _values(tx: Transaction, noun: Noun, fact: Fact) -> dict[str, object]:
    id_ = getattr(fact, noun.id_field)
    return {
        "tenant": tx.tenant_id,
        "id": id_,
        "kind": noun.kind,
        "natural": noun.natural(fact),
        "practice": getattr(fact, "practice_id", ids.NIL),
        "version": getattr(fact, "version"),  # noqa: B009 - every snapshot has one
        "snapshot": msgspec.json.encode(fact).decode(),
    }


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        mode=row.mode,
        ends_with=row.ends_with,
        scopes=frozenset(row.scopes),
        practices=None if row.practices is None else frozenset(row.practices),
        active=row.revoked_at is None,
    )
