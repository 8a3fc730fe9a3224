"""Tables of the coding service."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, UUID

metadata = sa.MetaData()

TIME = sa.DateTime(timezone=True)

practices = sa.Table(
    "practices",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("npi", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="practices_pkey"),
)
sa.Index("practices_by_npi", practices.c.tenant_id, practices.c.npi)

providers = sa.Table(
    "providers",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("npi", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="providers_pkey"),
)
sa.Index("providers_by_npi", providers.c.tenant_id, providers.c.npi)

payers = sa.Table(
    "payers",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="payers_pkey"),
)
sa.Index("payers_by_code", payers.c.tenant_id, payers.c.code)

fee_schedules = sa.Table(
    "fee_schedules",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("practice_id", UUID, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="fee_schedules_pkey"),
)
sa.Index("fee_schedules_by_practice", fee_schedules.c.tenant_id, fee_schedules.c.practice_id)

fees = sa.Table(
    "fees",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("fee_schedule_id", UUID, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("modifier", sa.Text, nullable=False),
    sa.Column("charge_cents", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "fee_schedule_id", "code", "modifier", name="fees_pkey"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "fee_schedule_id"],
        ["fee_schedules.tenant_id", "fee_schedules.id"],
        name="fees_fee_schedule_fkey",
        ondelete="CASCADE",
    ),
    sa.CheckConstraint("charge_cents >= 0", name="fees_charge_check"),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("raw_sealed", sa.Text, nullable=False),
    sa.Column("received_at", TIME, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="documents_pkey"),
)

patients = sa.Table(
    "patients",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("practice_id", UUID, nullable=False),
    sa.Column("natural_index", BYTEA, nullable=False),
    sa.Column("identity_sealed", sa.Text, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("updated_at", TIME, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="patients_pkey"),
    sa.UniqueConstraint("tenant_id", "natural_index", name="patients_natural_key"),
)

coverages = sa.Table(
    "coverages",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("payer_id", UUID, nullable=False),
    sa.Column("member_index", BYTEA, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="coverages_pkey"),
    sa.UniqueConstraint(
        "tenant_id", "patient_id", "payer_id", "member_index", name="coverages_natural_key"
    ),
    sa.ForeignKeyConstraint(
        ["tenant_id", "patient_id"],
        ["patients.tenant_id", "patients.id"],
        name="coverages_patient_fkey",
    ),
)

encounters = sa.Table(
    "encounters",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("practice_id", UUID, nullable=False),
    sa.Column("external_index", BYTEA, nullable=False),
    sa.Column("fingerprint", BYTEA, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("rendering_provider_id", UUID, nullable=False),
    sa.Column("referring_provider_id", UUID),
    sa.Column("service_from", sa.Date, nullable=False),
    sa.Column("service_to", sa.Date, nullable=False),
    sa.Column("place_of_service", sa.Text, nullable=False),
    sa.Column("coding_version", sa.Integer, nullable=False),
    sa.Column("diagnoses", ARRAY(sa.Text), nullable=False),
    sa.Column("findings", JSONB, nullable=False),
    sa.Column("document_id", UUID),
    sa.Column("content_sealed", sa.Text, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("updated_at", TIME, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="encounters_pkey"),
    sa.UniqueConstraint(
        "tenant_id", "practice_id", "external_index", name="encounters_natural_key"
    ),
    sa.ForeignKeyConstraint(
        ["tenant_id", "patient_id"],
        ["patients.tenant_id", "patients.id"],
        name="encounters_patient_fkey",
    ),
    sa.ForeignKeyConstraint(
        ["tenant_id", "document_id"],
        ["documents.tenant_id", "documents.id"],
        name="encounters_document_fkey",
    ),
    sa.CheckConstraint("service_to >= service_from", name="encounters_dates_check"),
)
sa.Index("encounters_by_time", encounters.c.tenant_id, encounters.c.created_at, encounters.c.id)

lines = sa.Table(
    "lines",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("encounter_id", UUID, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("modifiers", ARRAY(sa.Text), nullable=False),
    sa.Column("units", sa.Integer, nullable=False),
    sa.Column("pointers", ARRAY(sa.Integer), nullable=False),
    sa.Column("charge_cents", sa.BigInteger, nullable=False),
    sa.Column("service_date", sa.Date, nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "encounter_id", "line", name="lines_pkey"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "encounter_id"],
        ["encounters.tenant_id", "encounters.id"],
        name="lines_encounter_fkey",
    ),
    sa.CheckConstraint("charge_cents >= 0", name="lines_charge_check"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("practice_id", UUID, nullable=False),
    sa.Column("encounter_id", UUID, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason_codes", ARRAY(sa.Text), nullable=False),
    sa.Column("coder_id", sa.Text, nullable=False),
    sa.Column("confirmations_sealed", sa.Text),
    sa.Column("due_at", TIME, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("done_at", TIME),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="tasks_pkey"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "encounter_id"],
        ["encounters.tenant_id", "encounters.id"],
        name="tasks_encounter_fkey",
    ),
)
sa.Index("tasks_by_time", tasks.c.tenant_id, tasks.c.created_at, tasks.c.id)
sa.Index("tasks_by_encounter", tasks.c.tenant_id, tasks.c.encounter_id)
