"""First tables of notifications."""

from __future__ import annotations

from alembic import op

from shared.database.kernel import kernel_tables
from shared.database.security import secure

revision = "notifications_0001"
down_revision = None
branch_labels = None
depends_on = None

NOTIFICATIONS = """
create table notifications (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    correlation_id uuid not null,
    kind text not null,
    channel text not null,
    subject_id uuid not null,
    account_id uuid not null,
    patient_id uuid not null,
    status text not null,
    reason text not null default '',
    attempt integer not null default 1,
    amount_cents bigint not null,
    body_sealed text not null,
    document_sealed text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint notifications_pkey primary key (tenant_id, id),
    constraint notifications_attempt_check check (attempt >= 1)
)
"""

DELIVERIES = """
create table deliveries (
    tenant_id uuid not null,
    notification_id uuid not null,
    channel text not null,
    attempt integer not null,
    conversations integer not null default 1,
    message_id text not null,
    outcome text,
    code text not null default '',
    started_at timestamptz not null,
    ended_at timestamptz,
    constraint deliveries_pkey primary key (tenant_id, notification_id, channel, attempt),
    constraint deliveries_notification_fkey foreign key (tenant_id, notification_id)
        references notifications (tenant_id, id)
)
"""


def upgrade() -> None:
    kernel_tables(op)
    op.execute(NOTIFICATIONS)
    op.execute("create index notifications_by_time on notifications (tenant_id, created_at, id)")
    op.execute("create index notifications_by_subject on notifications (tenant_id, subject_id)")
    op.execute(DELIVERIES)
    secure(op, "notifications")
    secure(op, "deliveries")
