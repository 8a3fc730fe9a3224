"""The outbox: facts are written in the transaction that made them true, and sent by the relay.

Per-key order rests on the key lock: the transaction has locked the row whose id is the key (or an
advisory lock for keys without one) before it writes here, so ids of one key rise in commit order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from shared import clock, ids, telemetry
from shared.database import Transaction
from shared.database.transaction import array_text
from shared.errors import Contract
from shared.events.catalog import BY_FACT
from shared.messaging.bus import MAX_VALUE_BYTES
from shared.messaging.envelope import encode_attributes, encode_fact

_INSERT = text("""
with written as (
    insert into outbox (tenant_id, topic, key, headers, value)
    select tenant_id, topic, key, headers, value
    from unnest(
        cast(cast(:tenants as text) as uuid[]), cast(cast(:topics as text) as text[]),
        cast(cast(:keys as text) as uuid[]), string_to_array(cast(:headers as text), chr(10)),
        cast(:values as bytea[])
    ) with ordinality as fresh (tenant_id, topic, key, headers, value, place)
    order by place
    returning id, day, tenant_id, key
)
insert into outbox_unsent (id, day, tenant_id, key)
select id, day, tenant_id, key from written
""")

_FORGIVE = text(
    "update outbox_unsent set failed_at = null, failure = null where failed_at is not null"
)

_SEND_AGAIN = text("""
insert into outbox_unsent (id, day, tenant_id, key)
select id, day, tenant_id, key from outbox
where topic = :topic and created_at > current_timestamp - make_interval(days => :days)
on conflict do nothing
""")


class Row(NamedTuple):
    """One row to be sent: headers as envelope.py keeps them, value as bytes."""

    tenant_id: UUID
    topic: str
    key: UUID
    headers: str
    value: bytes


async def flush(tx: Transaction) -> None:
    """Write the facts a transaction published; Contract(`event_too_large`) above 256 KiB."""
    if not tx.published:
        return
    now, source = clock.business(), f"/claimstream/{tx.service}"
    rows = [
        Row(
            told.tenant_id,
            BY_FACT[type(told.fact)].topic,
            told.key,
            encode_attributes(told, source=source, time=now, traceparent=context),
            _within_limit(encode_fact(told.fact)),
        )
        for told, context in zip(tx.published, _contexts(tx), strict=True)
    ]
    await insert(tx, rows)


async def insert(tx: Transaction, rows: Sequence[Row]) -> None:
    """Write rows in their order."""
    tenants, topics, keys, headers, values = map(list, zip(*rows, strict=True))
    await tx.execute(
        _INSERT,
        {
            "tenants": array_text(tenants),
            "topics": f"{{{','.join(topics)}}}",
            "keys": array_text(keys),
            "headers": "\n".join(headers),  # JSON has no line end within
            "values": values,
        },
    )


def _contexts(tx: Transaction) -> list[str]:
    """The trace context of each published fact: of its run, else of what commits (a request)."""
    contexts: list[str] = []
    for count, context in tx.contexts:
        contexts += [context] * (count - len(contexts))
    return contexts + [telemetry.traceparent()] * (len(tx.published) - len(contexts))


async def forgive(tx: Transaction) -> int:
    """Let the relay try again what could not be sent; how many rows. For the command line.

    Noted in the audit chain of the installation (the nil tenant), which must be in scope.
    """
    count = await tx.run(_FORGIVE)
    if count:
        tx.audit("outbox.unstuck", subject=ids.NIL, purpose="operations")
    return count


async def send_again(tx: Transaction, topic: str, *, days: int) -> int:
    """Put back what the outbox keeps of a topic's last days, to rebuild the topic; how many rows.

    The relay must be stopped meanwhile (relay.stopped), so that a key's rows go in their order.
    """
    return await tx.run(_SEND_AGAIN, {"topic": topic, "days": days})


def _within_limit(value: bytes) -> bytes:
    if len(value) > MAX_VALUE_BYTES:
        raise Contract("event_too_large", "An event is too large to be sent; refer to a document.")
    return value
