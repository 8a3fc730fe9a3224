"""First tables of coding."""

from __future__ import annotations

from alembic import op

from shared.database.kernel import kernel_tables
from shared.database.security import secure

revision = "coding_0001"
down_revision = None
branch_labels = None
depends_on = None

MASTER_DATA = (
    """
    create table practices (
        tenant_id uuid not null,
        id uuid not null,
        npi text not null,
        active boolean not null,
        version bigint not null,
        constraint practices_pkey primary key (tenant_id, id)
    )
    """,
    "create index practices_by_npi on practices (tenant_id, npi)",
    """
    create table providers (
        tenant_id uuid not null,
        id uuid not null,
        npi text not null,
        active boolean not null,
        version bigint not null,
        constraint providers_pkey primary key (tenant_id, id)
    )
    """,
    "create index providers_by_npi on providers (tenant_id, npi)",
    """
    create table payers (
        tenant_id uuid not null,
        id uuid not null,
        code text not null,
        active boolean not null,
        version bigint not null,
        constraint payers_pkey primary key (tenant_id, id)
    )
    """,
    "create index payers_by_code on payers (tenant_id, code)",
    """
    create table fee_schedules (
        tenant_id uuid not null,
        id uuid not null,
        practice_id uuid not null,
        valid_from date not null,
        version bigint not null,
        constraint fee_schedules_pkey primary key (tenant_id, id)
    )
    """,
    "create index fee_schedules_by_practice on fee_schedules (tenant_id, practice_id)",
    """
    create table fees (
        tenant_id uuid not null,
        fee_schedule_id uuid not null,
        code text not null,
        modifier text not null,
        charge_cents bigint not null,
        constraint fees_pkey primary key (tenant_id, fee_schedule_id, code, modifier),
        constraint fees_fee_schedule_fkey foreign key (tenant_id, fee_schedule_id)
            references fee_schedules (tenant_id, id) on delete cascade,
        constraint fees_charge_check check (charge_cents >= 0)
    )
    """,
)

PEOPLE = (
    """
    create table documents (
        tenant_id uuid not null,
        id uuid not null,
        media_type text not null,
        size_bytes bigint not null,
        raw_sealed text not null,
        received_at timestamptz not null,
        constraint documents_pkey primary key (tenant_id, id)
    )
    """,
    """
    create table patients (
        tenant_id uuid not null,
        id uuid not null,
        practice_id uuid not null,
        natural_index bytea not null,
        identity_sealed text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint patients_pkey primary key (tenant_id, id),
        constraint patients_natural_key unique (tenant_id, natural_index)
    )
    """,
    """
    create table coverages (
        tenant_id uuid not null,
        id uuid not null,
        patient_id uuid not null,
        payer_id uuid not null,
        member_index bytea not null,
        created_at timestamptz not null,
        constraint coverages_pkey primary key (tenant_id, id),
        constraint coverages_natural_key unique (tenant_id, patient_id, payer_id, member_index),
        constraint coverages_patient_fkey foreign key (tenant_id, patient_id)
            references patients (tenant_id, id)
    )
    """,
)

WORK = (
    """
    create table encounters (
        tenant_id uuid not null,
        id uuid not null,
        practice_id uuid not null,
        external_index bytea not null,
        fingerprint bytea not null,
        status text not null,
        patient_id uuid not null,
        rendering_provider_id uuid not null,
        referring_provider_id uuid,
        service_from date not null,
        service_to date not null,
        place_of_service text not null,
        coding_version integer not null,
        diagnoses text[] not null,
        findings jsonb not null,
        document_id uuid,
        content_sealed text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint encounters_pkey primary key (tenant_id, id),
        constraint encounters_natural_key unique (tenant_id, practice_id, external_index),
        constraint encounters_patient_fkey foreign key (tenant_id, patient_id)
            references patients (tenant_id, id),
        constraint encounters_document_fkey foreign key (tenant_id, document_id)
            references documents (tenant_id, id),
        constraint encounters_dates_check check (service_to >= service_from)
    )
    """,
    "create index encounters_by_time on encounters (tenant_id, created_at, id)",
    """
    create table lines (
        tenant_id uuid not null,
        encounter_id uuid not null,
        line integer not null,
        code text not null,
        modifiers text[] not null,
        units integer not null,
        pointers integer[] not null,
        charge_cents bigint not null,
        service_date date not null,
        constraint lines_pkey primary key (tenant_id, encounter_id, line),
        constraint lines_encounter_fkey foreign key (tenant_id, encounter_id)
            references encounters (tenant_id, id),
        constraint lines_charge_check check (charge_cents >= 0)
    )
    """,
    """
    create table tasks (
        tenant_id uuid not null,
        id uuid not null,
        practice_id uuid not null,
        encounter_id uuid not null,
        kind text not null,
        status text not null,
        reason_codes text[] not null,
        coder_id text not null,
        confirmations_sealed text,
        due_at timestamptz not null,
        created_at timestamptz not null,
        done_at timestamptz,
        constraint tasks_pkey primary key (tenant_id, id),
        constraint tasks_encounter_fkey foreign key (tenant_id, encounter_id)
            references encounters (tenant_id, id)
    )
    """,
    "create index tasks_by_time on tasks (tenant_id, created_at, id)",
    "create index tasks_by_encounter on tasks (tenant_id, encounter_id)",
)

TABLES = (
    "practices",
    "providers",
    "payers",
    "fee_schedules",
    "fees",
    "documents",
    "patients",
    "coverages",
    "encounters",
    "lines",
    "tasks",
)


def upgrade() -> None:
    kernel_tables(op)
    for statement in (*MASTER_DATA, *PEOPLE, *WORK):
        op.execute(statement)
    for table in TABLES:
        secure(op, table)
