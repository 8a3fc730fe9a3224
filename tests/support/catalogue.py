"""What the catalogue of a service's database must say, in the suite: isolation, and good columns.

`test_catalogue.py` runs the checks over every service's database and plants a violation of each.
"""

from __future__ import annotations

from asyncpg import Connection

from shared.database import isolation

_COLUMNS = """
select c.relname as table, a.attname as name, format_type(a.atttypid, null) as type,
    exists (select from pg_index x where x.indrelid = c.oid and a.attnum = any (x.indkey))
        as indexed
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped
    and not c.relispartition
"""

IDENTIFIERS = {
    "address",
    "birth_date",
    "birthdate",
    "city",
    "dob",
    "email",
    "first_name",
    "last_name",
    "line1",
    "mail",
    "member_id",
    "member_number",
    "mobile",
    "patient_name",
    "phone",
    "ssn",
    "street",
    "subscriber_id",
    "subscriber_name",
}
"""Columns that would identify a patient; sealed text has another name, a blind index is bytea."""


PARTIES = {"payers", "practices", "providers", "tenants", "users"}
"""Tables of businesses and their staff, whose addresses are no patient's."""


async def columns(connection: Connection) -> list[str]:
    """Money in cents, times with zone, no plain identifier and no plain index on one."""
    found = []
    for column in await connection.fetch(_COLUMNS):
        place, kind = f"{column['table']}.{column['name']}", column["type"]
        if kind in {"timestamp without time zone", "real", "double precision", "money"}:
            found.append(f"{place} is of type {kind}")
        if column["name"].endswith("_cents") and kind != "bigint":
            found.append(f"{place} is of type {kind}, not bigint")
        plain = column["name"] in IDENTIFIERS and kind != "bytea"
        if plain and column["table"] not in PARTIES:
            found.append(f"{place} looks like a plain identifier")
        if column["indexed"] and "sealed" in column["name"]:
            found.append(f"{place} is sealed and indexed")
    return found


async def violations(connection: Connection, service: str) -> list[str]:
    """Everything that is wrong in the catalogue of a service's database."""
    found = [finding.says for finding in await isolation.violations(connection, service)]
    return found + await columns(connection)
