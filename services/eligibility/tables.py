"""Tables of the eligibility service."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

metadata = sa.MetaData()

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("edi_id", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", name="tenants_pkey"),
)

practices = sa.Table(
    "practices",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("npi", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="practices_pkey"),
)

payers = sa.Table(
    "payers",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="payers_pkey"),
)

checks = sa.Table(
    "checks",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("practice_id", UUID, nullable=False),
    sa.Column("encounter_id", UUID, nullable=False),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("coverage_id", UUID, nullable=False),
    sa.Column("payer_id", UUID, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("relationship", sa.Text, nullable=False),
    sa.Column("service_date", sa.Date, nullable=False),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("plan", sa.Text, nullable=False, server_default=""),
    sa.Column("copay_cents", sa.BigInteger),
    sa.Column("deductible_left_cents", sa.BigInteger),
    sa.Column("patient_sealed", sa.Text, nullable=False),
    sa.Column("member_sealed", sa.Text, nullable=False),
    sa.Column("answer_sealed", sa.Text),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("as_of", sa.DateTime(timezone=True)),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="checks_pkey"),
    sa.CheckConstraint("rank between 1 and 9", name="checks_rank_check"),
)
sa.Index("checks_by_time", checks.c.tenant_id, checks.c.created_at, checks.c.id)
sa.Index("checks_by_encounter", checks.c.tenant_id, checks.c.encounter_id)
