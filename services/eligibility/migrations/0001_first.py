"""First tables of eligibility."""

from __future__ import annotations

from alembic import op

from shared.database.kernel import kernel_tables
from shared.database.security import secure

revision = "eligibility_0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table tenants (
        tenant_id uuid not null,
        edi_id text not null,
        version bigint not null,
        constraint tenants_pkey primary key (tenant_id)
    )
    """,
    """
    create table practices (
        tenant_id uuid not null,
        id uuid not null,
        name text not null,
        npi text not null,
        version bigint not null,
        constraint practices_pkey primary key (tenant_id, id)
    )
    """,
    """
    create table payers (
        tenant_id uuid not null,
        id uuid not null,
        code text not null,
        name text not null,
        version bigint not null,
        constraint payers_pkey primary key (tenant_id, id)
    )
    """,
    """
    create table checks (
        tenant_id uuid not null,
        id uuid not null,
        practice_id uuid not null,
        encounter_id uuid not null,
        patient_id uuid not null,
        coverage_id uuid not null,
        payer_id uuid not null,
        rank integer not null,
        relationship text not null,
        service_date date not null,
        trigger text not null,
        state text not null,
        tries integer not null default 0,
        reason text not null default '',
        plan text not null default '',
        copay_cents bigint,
        deductible_left_cents bigint,
        patient_sealed text not null,
        member_sealed text not null,
        answer_sealed text,
        created_at timestamptz not null,
        as_of timestamptz,
        constraint checks_pkey primary key (tenant_id, id),
        constraint checks_rank_check check (rank between 1 and 9)
    )
    """,
    "create index checks_by_time on checks (tenant_id, created_at, id)",
    "create index checks_by_encounter on checks (tenant_id, encounter_id)",
)


def upgrade() -> None:
    kernel_tables(op)
    for statement in STATEMENTS:
        op.execute(statement)
    for table in ("tenants", "practices", "payers", "checks"):
        secure(op, table)
