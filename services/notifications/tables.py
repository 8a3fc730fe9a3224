"""Tables of the notifications service."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

metadata = sa.MetaData()

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("id", UUID, nullable=False),
    sa.Column("practice_id", UUID, nullable=False),
    sa.Column("correlation_id", UUID, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("subject_id", UUID, nullable=False),
    sa.Column("account_id", UUID, nullable=False),
    sa.Column("patient_id", UUID, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    sa.Column("body_sealed", sa.Text, nullable=False),
    sa.Column("document_sealed", sa.Text),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("tenant_id", "id", name="notifications_pkey"),
    sa.CheckConstraint("attempt >= 1", name="notifications_attempt_check"),
)
sa.Index(
    "notifications_by_time",
    notifications.c.tenant_id,
    notifications.c.created_at,
    notifications.c.id,
)
sa.Index("notifications_by_subject", notifications.c.tenant_id, notifications.c.subject_id)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("tenant_id", UUID, nullable=False),
    sa.Column("notification_id", UUID, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("conversations", sa.Integer, nullable=False, server_default="1"),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("code", sa.Text, nullable=False, server_default=""),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.PrimaryKeyConstraint(
        "tenant_id", "notification_id", "channel", "attempt", name="deliveries_pkey"
    ),
    sa.ForeignKeyConstraint(
        ["tenant_id", "notification_id"],
        ["notifications.tenant_id", "notifications.id"],
        name="deliveries_notification_fkey",
    ),
)
