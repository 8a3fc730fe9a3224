"""First tables of the gateway."""

from __future__ import annotations

from alembic import op

from shared.database.kernel import kernel_tables
from shared.database.security import run_as_owner, secure

revision = "gateway_0001"
down_revision = None

TABLES = """
create table tenants (
    tenant_id uuid not null,
    name text not null,
    mode text not null,
    edi_id text not null,
    version bigint not null,
    constraint tenants_pkey primary key (tenant_id),
    constraint tenants_mode check (mode in ('test', 'live'))
)

-- Rows of the nil tenant: an id at the clearinghouse belongs to one tenant of the installation.
create table edi_registrations (
    tenant_id uuid not null,
    id uuid not null,
    registered_to uuid not null,
    constraint edi_registrations_pkey primary key (tenant_id, id)
)

-- The last snapshot of each thing, as its event carries it. natural_key is what makes it unique
-- within its tenant and kind; practice_id is nil where it belongs to no practice.
create table master_data (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    natural_key text not null,
    practice_id uuid not null,
    version bigint not null,
    snapshot jsonb not null,
    constraint master_data_pkey primary key (tenant_id, id),
    constraint master_data_kind check (kind in ('practice', 'provider', 'payer', 'fee_schedule'))
)

create unique index master_data_natural on master_data (tenant_id, kind, natural_key)

create index master_data_listed on master_data (tenant_id, kind, id)

-- hash: SHA-256 of the secret, which is random and long; the secret itself is nowhere.
create table api_keys (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    mode text not null,
    hash bytea not null,
    ends_with text not null,
    scopes text[] not null,
    practices uuid[],
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint api_keys_pkey primary key (tenant_id, id),
    constraint api_keys_mode check (mode in ('test', 'live', 'operator'))
)

create index api_keys_hash on api_keys (hash)
"""

LOOK_UP = (
    """
create function api_key_by_hash(wanted bytea)
returns table (tenant_id uuid, id uuid, mode text, scopes text[], practices uuid[])
language sql stable security definer set search_path = pg_catalog, public as $$
    select k.tenant_id, k.id, k.mode, k.scopes, k.practices
    from public.api_keys k where k.hash = wanted and k.revoked_at is null
$$
""",
    "revoke all on function api_key_by_hash(bytea) from public",
    "grant execute on function api_key_by_hash(bytea) to {role}_pipeline",
)


def upgrade() -> None:
    """Make everything."""
    kernel_tables(op)
    run_as_owner(op, TABLES.strip().split("\n\n"))
    for table in ("tenants", "edi_registrations", "master_data"):
        secure(op, table)
    secure(op, "api_keys", owner_reads=True)
    run_as_owner(op, list(LOOK_UP))
