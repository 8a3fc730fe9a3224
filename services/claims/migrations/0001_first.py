"""First tables of claims."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from shared.database.kernel import kernel_tables
from shared.database.security import run_as_owner, secure

revision = "claims_0001"
down_revision = None
branch_labels = None
depends_on = None

CHANGING = (
    "submitters",
    "practices",
    "providers",
    "payers",
    "encounters",
    "batches",
    "claims",
    "clearinghouse_files",
    "denial_work",
)
APPEND_ONLY = ("codings", "submissions", "acknowledgements", "adjudications", "claim_events")


def upgrade() -> None:
    kernel_tables(op)
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    run_as_owner(op, script.strip().split("\n\n"))
    for table in CHANGING:
        secure(op, table)
    for table in APPEND_ONLY:
        secure(op, table, append_only=True)
