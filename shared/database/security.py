"""Row-level security and grants: what each role may do in a service's database.

Every table with a tenant is forced under two policies, both in USING and WITH CHECK: the http role
sees `app.tenant`, the pipeline role the tenants of its batch (`app.tenants`). Plumbing tables are
the listed exceptions. COPY is refused under row-level security: bulk writes use unnest.
Source: docs/trust, row-level security; PostgreSQL manual, 5.9.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

OF_REQUEST = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
OF_BATCH = (
    "tenant_id = any ((select string_to_array("
    "current_setting('app.tenants', true), ',')::uuid[])::uuid[])"
)
"""The sub-select is evaluated once per statement, not once per row."""

EVERYTHING = "select, insert, update, delete"

ROLE_SETTINGS: dict[str, str] = {
    "idle_in_transaction_session_timeout": "15s",
    "lock_timeout": "5s",
    "statement_timeout": "10s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "jit": "off",
    "plan_cache_mode": "force_custom_plan",
}
"""Of http, pipeline and checker: a frozen owner of a row or lock must not block its successor; and
a plan made while a table was empty must not be kept for batches of 500 (it loops through the table
for each of them: 700 ms instead of 40 for 500 rows among 1,000)."""

OWNER_SETTINGS: dict[str, str] = {"lock_timeout": "5s"}


class Plumbing(NamedTuple):
    """Grants on one kernel table; "" = none. The pipeline sees all tenants in it.

    owner: a SECURITY DEFINER function runs as the owner, who is forced too, and has to see it.
    """

    table: str
    http: str
    pipeline: str
    owner: bool = False


PLUMBING: tuple[Plumbing, ...] = (
    Plumbing("outbox", "insert, select (id, day, tenant_id, key)", "select, insert"),
    Plumbing("outbox_rest", "", "", owner=True),
    Plumbing("outbox_unsent", "insert", EVERYTHING, owner=True),
    Plumbing("inbox", "", "select, insert, delete"),
    Plumbing("dead_letters", "select", EVERYTHING),
    Plumbing("key_holds", "", EVERYTHING),
    Plumbing(
        "parked_events",
        "select (tenant_id, consumer, waiting_kind, waiting_id, ready_at), update (ready_at)",
        EVERYTHING,
    ),
    Plumbing("due_work", "select, insert, update", EVERYTHING),
    Plumbing("dlq_limits", "", EVERYTHING),
    Plumbing("idempotency_records", EVERYTHING, EVERYTHING),
    Plumbing("audit_entries", "select, insert", "select, insert"),
    Plumbing("audit_unsealed", "insert", "select, insert, delete"),
    Plumbing("audit_chain", "select", "select, insert"),
    Plumbing("installation", "select", "select, update"),
)

WITHOUT_TENANT = frozenset({"inbox", "dlq_limits", "installation"})
"""Kernel tables that tell of no tenant; the http role writes none of them."""


class Operations(Protocol):
    """What this module needs of Alembic's `op`."""

    def get_bind(self) -> Bind: ...


class Bind(Protocol):
    """What this module needs of a connection; each call is one statement, taken literally."""

    def exec_driver_sql(self, statement: str) -> Result: ...


class Result(Protocol):
    """The one value of a result."""

    def scalar(self) -> object: ...


def secure(
    op: Operations, table: str, *, append_only: bool = False, owner_reads: bool = False
) -> None:
    """Force row-level security on a table with tenant_id, with both policies, checker and grants.

    append_only: rows are never changed nor removed (ledgers). owner_reads: a listed SECURITY
    DEFINER function has to see every row. Roles come from the owner who migrates.
    """
    grants = "select, insert" if append_only else EVERYTHING
    statements = [
        *_forced(table),
        _policy(table, "http", OF_REQUEST),
        _policy(table, "pipeline", OF_BATCH),
        *_checked(table),
        f"grant {grants} on {table} to {{role}}_http, {{role}}_pipeline",
    ]
    if owner_reads:
        statements.append(_reading_policy(table, "owner"))
    run_as_owner(op, statements)


def secure_plumbing(op: Operations) -> None:
    """Policies and grants of the kernel tables, and of the functions over them."""
    statements: list[str] = []
    for row in PLUMBING:
        statements += _plumbing(row)
    statements += [
        "grant usage on sequence outbox_id_seq to {role}_http, {role}_pipeline",
        "grant execute on function outbox_roll(int) to {role}_pipeline",
        "grant select on alembic_version to {role}_http, {role}_pipeline, {role}_checker",
    ]
    run_as_owner(op, statements)


def run_as_owner(op: Operations, statements: list[str]) -> None:
    """Run literal statements; `{role}` is `rcm_<service>`, taken from the owner's own name."""
    bind = op.get_bind()
    owner = str(bind.exec_driver_sql("select current_user").scalar())
    if not owner.endswith("_owner"):
        raise PermissionError("migrations run as the service's owner role (rcm_<service>_owner)")
    for statement in statements:
        bind.exec_driver_sql(statement.replace("{role}", owner.removesuffix("_owner")))


def _plumbing(row: Plumbing) -> list[str]:
    statements = [*_forced(row.table), *_checked(row.table)]
    tenant = "true" if row.table in WITHOUT_TENANT else OF_REQUEST
    for role, grants, sees in (("http", row.http, tenant), ("pipeline", row.pipeline, "true")):
        if grants:
            statements.append(_policy(row.table, role, sees))
            statements.append(f"grant {grants} on {row.table} to {{role}}_{role}")
    if row.owner:
        statements.append(_policy(row.table, "owner", "true"))
    return statements


def _forced(table: str) -> list[str]:
    return [f"alter table {table} enable row level security, force row level security"]


def _policy(table: str, role: str, sees: str) -> str:
    return (
        f"create policy {table}_{role} on {table} to {{role}}_{role} "
        f"using ({sees}) with check ({sees})"
    )


def _checked(table: str) -> list[str]:
    return [_reading_policy(table, "checker"), f"grant select on {table} to {{role}}_checker"]


def _reading_policy(table: str, role: str) -> str:
    return f"create policy {table}_{role} on {table} for select to {{role}}_{role} using (true)"
