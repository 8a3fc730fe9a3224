"""First tables of the sample service: the kernel's, and one of its own."""

from __future__ import annotations

from alembic import op

from shared.database.kernel import kernel_tables
from shared.database.security import secure

revision = "sample_0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    kernel_tables(op)
    op.execute("""
        create table things (
            tenant_id uuid not null,
            id uuid not null,
            version bigint not null default 0,
            amount_cents bigint not null default 0,
            note text not null default '',
            constraint things_pkey primary key (tenant_id, id)
        )
    """)
    secure(op, "things")
