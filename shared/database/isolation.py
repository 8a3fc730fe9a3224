"""Is a service's database as `security` made it: what its catalogue says, and one live probe.

One query per row of the table in docs/trust (row-level security), over pg_class, pg_policies,
pg_roles, pg_index and the grants. The suite runs it over every service's database and plants a
violation of each; `rcm verify isolation` runs it over an installation.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import asyncpg
from asyncpg import Connection

from shared import ids
from shared.database import security

Check = Callable[[Connection, str], Awaitable[list[str]]]


class Finding(NamedTuple):
    """What is wrong, and what to do."""

    says: str
    remedy: str


OF_REQUEST = "(tenant_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid)"
OF_BATCH = (
    "(tenant_id = ANY (( SELECT (string_to_array(current_setting('app.tenants'::text, true), "
    "','::text))::uuid[] AS string_to_array)::uuid[]))"
)
"""As PostgreSQL writes the two forms of `security` down."""

_KERNEL = {row.table: row for row in security.PLUMBING}
PLUMBING = {row.table for row in security.PLUMBING if row.pipeline}
WITHOUT_TENANT = {"alembic_version", *security.WITHOUT_TENANT}
UNIQUE_BEYOND_TENANTS = {"outbox", "outbox_unsent"}
SEEN_BY_OWNER = {"api_keys", *(row.table for row in security.PLUMBING if row.owner)}
"""Read by a SECURITY DEFINER function of the list below."""

DEFINERS = {"outbox_roll", "api_key_by_hash"}
INSERT_ONLY = {"audit_entries", "audit_chain", "outbox"}
ROW_GRANTS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
ROLE_SETTINGS = {
    "idle_in_transaction_session_timeout=15s",
    "lock_timeout=5s",
    "statement_timeout=10s",
}

_TABLES = """
select c.oid, c.relname as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
    c.relispartition as part, pg_get_userbyid(c.relowner) as owner,
    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
        and not a.attisdropped) as has_tenant,
    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
        and a.attnotnull and not a.attisdropped) as tenant_needed
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
"""

_POLICIES = """
select tablename as table, policyname as name, roles, cmd, permissive, qual, with_check
from pg_policies where schemaname = 'public'
"""

_UNIQUE = """
select t.relname as table, i.relname as name, a.attname as first
from pg_index x join pg_class t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[0]
where x.indisunique and t.relnamespace = 'public'::regnamespace and not t.relispartition
    and exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id')
"""

_FOREIGN = """
select t.relname as table, c.conname as name,
    (select attname from pg_attribute where attrelid = t.oid and attnum = c.conkey[1]) as here,
    (select attname from pg_attribute where attrelid = c.confrelid and attnum = c.confkey[1])
        as there
from pg_constraint c join pg_class t on t.oid = c.conrelid
where c.contype = 'f' and t.relnamespace = 'public'::regnamespace
"""

_VIEWS = """
select relname as name, relkind::text as kind, coalesce(reloptions, '{}') as options from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
"""

_DEFINER_FUNCTIONS = """
select proname as name, coalesce(proconfig, '{}') as config,
    coalesce((select bool_or(a.grantee = 0) from aclexplode(
        coalesce(p.proacl, acldefault('f', p.proowner))) a), false) as public
from pg_proc p where pronamespace = 'public'::regnamespace and prosecdef
"""

_ROLES = """
select rolname as name, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
    as mighty, coalesce(rolconfig, '{}') as config,
    (select count(*) from pg_auth_members m where m.member = r.oid) as memberships
from pg_roles r where rolname like $1 || '\\_%'
"""

_GRANTS = """
select c.relname as table, a.grantee::regrole::text as role, a.grantee = 0 as public,
    a.privilege_type as privilege, false as part
from pg_class c, aclexplode(c.relacl) a
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
union
select c.relname, a.grantee::regrole::text, a.grantee = 0, a.privilege_type, true
from pg_class c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
where c.relnamespace = 'public'::regnamespace
"""

_READABLE = """
select quote_ident(c.relname) as name from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    and has_any_column_privilege(c.oid, 'select')
    and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
        and not a.attisdropped)
order by c.relname
"""


async def row_security(connection: Connection, prefix: str) -> list[str]:
    """Pitfalls 1 and 6 to 8 for tables: forced, owned by the owner role, tenant_id present."""
    found = []
    for table in await connection.fetch(_TABLES):
        name = table["name"]
        if table["owner"] != f"{prefix}_owner":
            found.append(f"{name} is owned by {table['owner']}")
        if name not in WITHOUT_TENANT and not table["has_tenant"]:
            found.append(f"{name} has no tenant_id")
        if table["has_tenant"] and not table["tenant_needed"]:
            found.append(f"{name}.tenant_id may be null")
        if table["has_tenant"] and not (table["secured"] and table["forced"]):
            found.append(f"{name} is not under forced row-level security")
    return found


async def policies(connection: Connection, prefix: str) -> list[str]:
    """Exactly the two forms, both in USING and WITH CHECK; true only where it is listed."""
    found = []
    known: dict[str, set[str]] = {}
    for policy in await connection.fetch(_POLICIES):
        place = f"policy {policy['name']} on {policy['table']}"
        role = policy["roles"][0].removeprefix(f"{prefix}_")
        known.setdefault(policy["table"], set()).add(role)
        if len(policy["roles"]) != 1 or not policy["roles"][0].startswith(f"{prefix}_"):
            found.append(f"{place} is for {policy['roles']}")
        elif (policy["cmd"], policy["qual"], policy["with_check"]) not in _allowed(policy, role):
            found.append(f"{place} says {policy['cmd']} {policy['qual']}, {policy['with_check']}")
    for table in await connection.fetch(_TABLES):
        name = table["name"]
        missing = {"http", "pipeline", "checker"} - known.get(name, set())
        if table["has_tenant"] and missing and name not in PLUMBING and not table["part"]:
            found.append(f"{name} has no policy for {sorted(missing)}")
    return found


def _allowed(policy: asyncpg.Record, role: str) -> set[tuple[str, str, str | None]]:
    table = policy["table"]
    if role == "checker":
        return {("SELECT", "true", None)}
    if role == "owner":
        seen = {("ALL", "true", "true"), ("SELECT", "true", None)}
        return seen if table in SEEN_BY_OWNER else set()
    if role == "pipeline" and table in PLUMBING:
        return {("ALL", "true", "true")}
    if role == "http" and table in WITHOUT_TENANT:
        return {("ALL", "true", "true")}
    form = OF_REQUEST if role == "http" else OF_BATCH
    return {("ALL", form, form)}


async def unique_indexes(connection: Connection, prefix: str) -> list[str]:
    """Pitfall 6: a unique index that does not start with tenant_id tells of other tenants."""
    del prefix
    return [
        f"unique index {row['name']} on {row['table']} starts with {row['first']}"
        for row in await connection.fetch(_UNIQUE)
        if row["first"] != "tenant_id" and row["table"] not in UNIQUE_BEYOND_TENANTS
    ]


async def foreign_keys(connection: Connection, prefix: str) -> list[str]:
    """Pitfall 7: a foreign key without tenant_id sees through row-level security."""
    del prefix
    return [
        f"foreign key {row['name']} on {row['table']} does not start with tenant_id"
        for row in await connection.fetch(_FOREIGN)
        if (row["here"], row["there"]) != ("tenant_id", "tenant_id")
    ]


async def views_and_functions(connection: Connection, prefix: str) -> list[str]:
    """Pitfall 2: views run as their caller; SECURITY DEFINER only from the list, well fenced."""
    del prefix
    found = [
        f"view {view['name']} runs as its owner"
        for view in await connection.fetch(_VIEWS)
        if view["kind"] == "m" or "security_invoker=true" not in view["options"]
    ]
    for function in await connection.fetch(_DEFINER_FUNCTIONS):
        if function["name"] not in DEFINERS:
            found.append(f"function {function['name']} is SECURITY DEFINER and not listed")
        if not any(each.startswith("search_path=pg_catalog") for each in function["config"]):
            found.append(f"function {function['name']} has no fixed search_path")
        if function["public"]:
            found.append(f"function {function['name']} may be called by everybody")
    return found


async def roles(connection: Connection, prefix: str) -> list[str]:
    """Pitfall 1: four roles without any power of their own, each with its time limits."""
    found = []
    rows = await connection.fetch(_ROLES, prefix)
    names = {row["name"] for row in rows}
    found += [
        f"role {prefix}_{role} is missing"
        for role in ("owner", "http", "pipeline", "checker")
        if f"{prefix}_{role}" not in names
    ]
    for row in rows:
        if row["mighty"]:
            found.append(f"role {row['name']} may do more than its tables")
        if row["memberships"]:
            found.append(f"role {row['name']} is a member of another role")
        missing = ROLE_SETTINGS - set(row["config"])
        if missing and row["name"] != f"{prefix}_owner":
            found.append(f"role {row['name']} lacks {sorted(missing)}")
    return found


async def grants(connection: Connection, prefix: str) -> list[str]:
    """Pitfall 10: rows only; the checker reads; what is insert-only is inserted and read only."""
    found = []
    for grant in await connection.fetch(_GRANTS):
        table, role, privilege = grant["table"], grant["role"], grant["privilege"]
        sentence = f"{role} has {privilege} on {table}"
        if role == f"{prefix}_owner":
            continue
        if grant["public"] or not role.startswith(f"{prefix}_"):
            found.append(f"{sentence}: not a role of this service")
        elif role == f"{prefix}_checker" and privilege != "SELECT":
            found.append(f"{sentence}: the checker only reads")
        elif privilege not in ROW_GRANTS:
            found.append(sentence)
        elif table in INSERT_ONLY and privilege not in {"SELECT", "INSERT"}:
            found.append(f"{sentence}: the table is insert-only")
        elif not _is_listed(grant, role.removeprefix(f"{prefix}_")):
            found.append(f"{sentence}: not in the list of plumbing")
    return found


def _is_listed(grant: asyncpg.Record, role: str) -> bool:
    """A kernel table's grants are those of its row in `security.PLUMBING`, to the whole or parts.

    Tables of the service and what has no row there are judged by the rules before.
    """
    row = _KERNEL.get(grant["table"])
    if row is None or role == "checker":
        return True
    listed = {"http": row.http, "pipeline": row.pipeline}.get(role, "")
    pieces = re.findall(r"(\w+)\s*(\([^)]*\))?", listed)
    return any(
        word.upper() == grant["privilege"] and (grant["part"] or not columns)
        for word, columns in pieces
    )


CHECKS: tuple[tuple[Check, str], ...] = (
    (row_security, "as owner: alter table … enable row level security, force row level security"),
    (policies, "drop the policy and make those of `secure` in shared/database/security.py anew"),
    (unique_indexes, "make the index anew with tenant_id as its first column"),
    (foreign_keys, "make the key anew as (tenant_id, …) references … (tenant_id, …)"),
    (views_and_functions, "drop it, or make it anew as its migration does"),
    (roles, "take the right away with alter role or revoke; limits are in security.ROLE_SETTINGS"),
    (grants, "revoke it, and find out who granted it"),
)
"""Each check with what to do about its findings; what nobody can explain is an intrusion."""


async def violations(connection: Connection, service: str) -> list[Finding]:
    """Everything wrong in the catalogue of a service's database; any of its roles may ask."""
    return [
        Finding(says, remedy)
        for check, remedy in CHECKS
        for says in await check(connection, f"rcm_{service}")
    ]


async def leaks(connection: Connection) -> list[Finding]:
    """Tables of which a stranger sees rows; the connection is the http role's, without a tenant.

    It asks for an unknown tenant, and for none. A database without tenant tables is a finding too.
    """
    async with connection.transaction(readonly=True):
        await connection.execute("set local statement_timeout = '5min'")
        tables = [row["name"] for row in await connection.fetch(_READABLE)]
        found = [
            f"{whom} sees rows of {table}"
            for whom, tenant in (("no tenant", ""), ("an unknown tenant", str(ids.new())))
            for table in await _seen(connection, tables, tenant)
        ]
    if not tables:
        return [Finding("there is no table with tenant_id to ask", "run `rcm migrate`")]
    return [Finding(says, CHECKS[0][1]) for says in found]


async def _seen(connection: Connection, tables: list[str], tenant: str) -> list[str]:
    """Those of the tables with a row for the tenant."""
    await connection.execute("select set_config('app.tenant', $1, true)", tenant)
    asked = "select exists (select from {})"
    return [table for table in tables if await connection.fetchval(asked.format(table))]
