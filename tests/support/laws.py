"""The batch law and the mixed-batch law, for the handlers of any service.

Batch law: events handled together, one by one or in any split leave the same state and tell the
same facts. Mixed-batch law: so do events of several tenants, mixed or tenant by tenant.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import asyncpg

from shared import clock
from shared.database import Database
from shared.events.envelope import Envelope
from shared.messaging.envelope import decode_headers
from shared.messaging.received import Handlers
from tests.support.services import deliver_envelopes, run_parked

Make = Callable[[], Awaitable[Database]]
Prepare = Callable[[Database], Awaitable[None]]
Events = Sequence[Envelope[Any]]
State = dict[str, list[str]]

_SEALED = re.compile(r"^(transit|store|index)[\w-]*-\d+\.[A-Za-z0-9+/=_-]+$")
_NOT_STATE = {
    "outbox",
    "outbox_rest",
    "outbox_unsent",
    "alembic_version",
    "audit_unsealed",
    "audit_chain",
    "installation",
}
_NOT_COMPARED = {
    "audit_entries": {"id", "at"},
    "due_work": {"revision"},
    "parked_events": {"ready_at", "attempts"},
}

_TABLES = """
select c.relname as name, array_remove(array_agg(a.attname) filter (
    where a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) ~* 'current_timestamp|now\\('
), null) as by_clock
from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind in ('r', 'p') and not c.relispartition
group by c.relname order by c.relname
"""


async def check_batch_law(
    make: Make,
    handlers: Handlers,
    events: Events,
    *,
    prepare: Prepare | None = None,
    splits: int = 3,
) -> None:
    """AssertionError, with what differs, unless every split of the events leaves one state.

    make: gives a fresh database each time. prepare: fills it before the events. splits: how many
    random splits are tried besides "together" and "one by one"; they are the same in every run.
    """
    together = await state_after(make, handlers, [events], prepare)
    for name, parts in _splits(events, splits):
        _same(together, await state_after(make, handlers, parts, prepare), f"batch law, {name}")


async def check_mixed_batch_law(
    make: Make, handlers: Handlers, events: Events, *, prepare: Prepare | None = None
) -> None:
    """AssertionError unless mixed tenants leave what the same events leave tenant by tenant."""
    by_tenant: dict[Any, list[Envelope[Any]]] = defaultdict(list)
    for event in events:
        by_tenant[event.tenant_id].append(event)
    assert len(by_tenant) > 1, "the mixed-batch law wants events of several tenants"
    mixed = await state_after(make, handlers, [events], prepare)
    apart = await state_after(make, handlers, list(by_tenant.values()), prepare)
    _same(mixed, apart, "mixed-batch law")


async def state_after(
    make: Make, handlers: Handlers, parts: Sequence[Events], prepare: Prepare | None
) -> State:
    """What a fresh database holds after batches of events, and what was parked ran."""
    database = await make()
    if prepare is not None:
        await prepare(database)
    at = max((event.time for part in parts for event in part), default=clock.system())
    with clock.fixed(at):
        for part in parts:
            await deliver_envelopes(database, handlers, part)
        await run_parked(database, handlers)
    return await state_of(database)


async def state_of(database: Database) -> State:
    """Table -> its rows as sorted text; `outbox: <key>` -> its facts in order.

    Left out: what the wall clock or a sequence decides, and the noise of sealed values.
    """
    connection = await asyncpg.connect(database.urls.checker)
    try:
        state = {}
        for name, by_clock in await connection.fetch(_TABLES):
            if name not in _NOT_STATE:
                dropped = set(by_clock or ()) | _NOT_COMPARED.get(name, set())
                rows = await connection.fetch(f'select to_jsonb(t) from "{name}" t')
                state[name] = sorted(_row(row[0], dropped) for row in rows)
        return state | await _told(connection)
    finally:
        await connection.close()


async def _told(connection: asyncpg.Connection) -> State:
    told: State = defaultdict(list)
    rows = await connection.fetch("select key, headers, value from outbox order by id")
    for key, kept, value in rows:
        headers = decode_headers(kept)
        text = _row(value.decode(), set())
        told[f"outbox: {key}"].append(f"{headers['ce_type']} {headers['ce_id']} {text}")
    return dict(told)


def _row(text: str, dropped: set[str]) -> str:
    row = json.loads(text)
    if isinstance(row, dict):
        row = {name: value for name, value in row.items() if name not in dropped}
    return json.dumps(_without_noise(row), sort_keys=True)


def _without_noise(value: Any) -> Any:
    """Sealed values differ each time by their nonce."""
    if isinstance(value, dict):
        return {name: _without_noise(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_noise(part) for part in value]
    if isinstance(value, str) and _SEALED.match(value):
        return "(sealed)"
    return value


def _splits(events: Events, count: int) -> Iterator[tuple[str, list[Events]]]:
    yield "one by one", [[event] for event in events]
    dice = random.Random(len(events))
    for _ in range(count):
        cuts = sorted(dice.sample(range(1, len(events)), k=min(3, len(events) - 1)))
        edges = [0, *cuts, len(events)]
        parts = [events[a:b] for a, b in itertools.pairwise(edges)]
        yield f"cut at {cuts}", parts


def _same(one: Mapping[str, list[str]], other: Mapping[str, list[str]], law: str) -> None:
    differing = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
    lines = [
        f"{name}:\n  together {one.get(name)}\n  apart    {other.get(name)}" for name in differing
    ]
    assert not differing, f"{law} is broken in {', '.join(differing)}\n" + "\n".join(lines)


async def check_laws(
    make: Make, handlers: Handlers, events: Events, *, cuts: Sequence[int], then: Events = ()
) -> None:
    """Both laws over one list: together, one by one, cut at `cuts`, and tenant by tenant.

    then: events that come afterwards in one batch, such as what the others waited for.
    """
    edges = [0, *cuts, len(events)]
    by_tenant: dict[Any, list[Envelope[Any]]] = defaultdict(list)
    for event in events:
        by_tenant[event.tenant_id].append(event)
    ways: dict[str, list[Events]] = {
        "batch law, one by one": [[event] for event in events],
        f"batch law, cut at {list(cuts)}": [events[a:b] for a, b in itertools.pairwise(edges)],
        "mixed-batch law": list(by_tenant.values()),
    }
    together = await state_after(make, handlers, [events, then], None)
    for law, parts in ways.items():
        if len(parts) > 1:
            _same(together, await state_after(make, handlers, [*parts, then], None), law)
