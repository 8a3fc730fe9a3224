"""The tables and statements of the embedded log (embedded.py, embedded_group.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from shared.errors import TryAgain

CHANNEL = "rcm_bus"
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
"""What the driver raises when the database is away or had to refuse for the moment."""

LOG_COLUMNS = ("partition_id", "record_offset", "at_ms", "key", "value", "headers")

SCHEMA = """
select pg_advisory_xact_lock(hashtext('rcm_bus_schema'));
create table if not exists partitions (
    id int generated always as identity primary key,
    topic text not null,
    number int not null,
    next_offset bigint not null default 0,
    retention_days int not null,
    unique (topic, number)
);
create table if not exists log (
    partition_id int not null,
    record_offset bigint not null,
    at_ms bigint not null,
    key bytea not null,
    value bytea,
    headers bytea not null,
    primary key (partition_id, record_offset)
);
create table if not exists positions (
    group_name text not null,
    partition_id int not null,
    next_offset bigint,
    generation bigint not null,
    primary key (group_name, partition_id)
);
"""

APPLY_TOPIC = """
insert into partitions (topic, number, retention_days)
select $1, number, $3 from generate_series(0, $2 - 1) as number
where not exists (select from partitions where topic = $1)
on conflict do nothing
"""
FOUND = """
select topic, count(*), min(retention_days), max(retention_days) from partitions
where topic = any($1::text[]) group by topic
"""
DELETE_TOPICS = "delete from partitions where topic = any($1::text[]) returning id"
DELETE_LOG = "delete from log where partition_id = any($1::int[])"
DELETE_POSITIONS = "delete from positions where partition_id = any($1::int[])"
PARTITIONS = "select id, number from partitions where topic = $1 order by number"

LOCK_PARTITIONS = """
select id, next_offset from partitions where id = any($1::int[]) order by id for update
"""
ADVANCE = """
update partitions p set next_offset = p.next_offset + w.count
from unnest($1::int[], $2::int[]) as w (id, count)
where p.id = w.id
"""

READ = """
select l.partition_id, l.record_offset, l.at_ms, l.key, l.value, l.headers
from unnest($1::int[], $2::bigint[]) as wanted (partition_id, position)
cross join lateral (
    select * from log
    where partition_id = wanted.partition_id and record_offset >= wanted.position
    order by record_offset
    limit $3
) as l
limit $3
"""

ENDS = "select topic, number, next_offset from partitions where topic = any($1::text[])"
_HEAD = "(select min(record_offset) from log where partition_id = p.id)"
STARTS = f"""
select topic, number, coalesce({_HEAD}, next_offset) from partitions p
where topic = any($1::text[])
"""
AT = """
select topic, number, coalesce((
    select min(record_offset) from log where partition_id = p.id and at_ms >= $2
), next_offset)
from partitions p where topic = $1
"""
COMMITTED = """
select p.topic, p.number, g.next_offset from positions g join partitions p on p.id = g.partition_id
where g.group_name = $1 and p.topic = any($2::text[]) and g.next_offset is not null
"""
BEHIND = """
select coalesce(sum(p.next_offset - w.position), 0)
from unnest($1::int[], $2::bigint[]) as w (id, position) join partitions p on p.id = w.id
"""
TRIM = """
delete from log l using partitions p
where p.topic = $1 and p.number = $2 and l.partition_id = p.id and l.record_offset < $3
"""
FORGET = """
delete from log l using partitions p
where l.partition_id = p.id and l.record_offset < coalesce((
    select min(record_offset) from log
    where partition_id = p.id and at_ms >= $1 - p.retention_days * 86400000::bigint
), p.next_offset)
"""

REWIND = """
insert into positions as g (group_name, partition_id, next_offset, generation)
select $1, p.id, w.next_offset, 1
from unnest($2::text[], $3::int[], $4::bigint[]) as w (topic, number, next_offset)
join partitions p on p.topic = w.topic and p.number = w.number
on conflict (group_name, partition_id)
do update set next_offset = excluded.next_offset, generation = g.generation + 1
"""

_GROUP = "hashtext('rcm_group:' || $1::text)"
_PLACE = "hashtext('rcm_place:' || $1::text)"
ENTER = f"select pg_advisory_lock({_GROUP}, $2::int)"
LEAVE = f"select pg_advisory_unlock({_GROUP}, $2::int)"
MEMBERS = f"""
select objid::bigint as number from pg_locks
where locktype = 'advisory' and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())
    and classid = ({_GROUP}::bigint & 4294967295)::oid
order by objid
"""
OWN = f"select pg_try_advisory_lock({_PLACE}, $2::int)"
DISOWN = f"select pg_advisory_unlock({_PLACE}, $2::int)"
BEGIN = f"""
insert into positions as g (group_name, partition_id, next_offset, generation)
values ($1, $2, null, 1)
on conflict (group_name, partition_id) do update set generation = g.generation + 1
returning generation, next_offset,
    (select coalesce({_HEAD}, p.next_offset) from partitions p where p.id = $2) as head,
    (select p.next_offset from partitions p where p.id = $2) as tail
"""
COMMIT = """
update positions g set next_offset = w.next_offset
from unnest($2::int[], $3::bigint[], $4::bigint[]) as w (id, next_offset, generation)
where g.group_name = $1 and g.partition_id = w.id and g.generation = w.generation
"""


@contextmanager
def away() -> Iterator[None]:
    """A database that is away is TryAgain, whatever the driver calls it."""
    try:
        yield
    except AWAY as error:
        raise TryAgain(f"the event log is away: {type(error).__name__}") from error
