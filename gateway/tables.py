"""The gateway's tables: snapshots of master data, tenants, API keys."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = sa.MetaData()

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("tenant_id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("edi_id", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", name="tenants_pkey"),
    sa.CheckConstraint("mode in ('test', 'live')", name="tenants_mode"),
)

edi_registrations = sa.Table(
    "edi_registrations",
    metadata,
    sa.Column("tenant_id", sa.Uuid, nullable=False),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("registered_to", sa.Uuid, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="edi_registrations_pkey"),
)

master_data = sa.Table(
    "master_data",
    metadata,
    sa.Column("tenant_id", sa.Uuid, nullable=False),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("natural_key", sa.Text, nullable=False),
    sa.Column("practice_id", sa.Uuid, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("snapshot", JSONB, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="master_data_pkey"),
    sa.CheckConstraint(
        "kind in ('practice', 'provider', 'payer', 'fee_schedule')", name="master_data_kind"
    ),
    sa.Index("master_data_natural", "tenant_id", "kind", "natural_key", unique=True),
    sa.Index("master_data_listed", "tenant_id", "kind", "id"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("tenant_id", sa.Uuid, nullable=False),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("ends_with", sa.Text, nullable=False),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    sa.Column("practices", ARRAY(sa.Uuid), nullable=True),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="api_keys_pkey"),
    sa.CheckConstraint("mode in ('test', 'live', 'operator')", name="api_keys_mode"),
    sa.Index("api_keys_hash", "hash"),
)
