"""Idempotency-Key: the answer is recorded in the transaction of its effect, so both or neither.

An advisory lock on (tenant, address, key) tells of a request that still runs; nothing is kept
for refusals and failures, because their transaction did not commit (docs/api, Idempotency).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text
from starlette.responses import Response

from shared import clock, ids
from shared.database import Database, Transaction
from shared.errors import Invalid, Refused
from shared.sealing import Cell
from shared.web.problems import Declined

MAX_KEY_LENGTH = 255
PLACE = "idempotency_records.answer"
KEPT = timedelta(days=1)
KEPT_LONGER: Mapping[str, timedelta] = {"claims": timedelta(days=7), "payments": timedelta(days=7)}

_TRY_LOCK = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND = text(
    "select answer_id, fingerprint, answer from idempotency_records"
    " where tenant_id = :tenant_id and route = :route and idempotency_key = :key"
    " and expires_at > :now"
)
_KEEP = text(
    "insert into idempotency_records (tenant_id, route, idempotency_key, answer_id, fingerprint,"
    " status, answer, created_at, expires_at) values (:tenant_id, :route, :key, :answer_id,"
    " :fingerprint, :status, :answer, :now, :until)"
    " on conflict (tenant_id, route, idempotency_key) do update set"
    " answer_id = excluded.answer_id, fingerprint = excluded.fingerprint,"
    " status = excluded.status, answer = excluded.answer, created_at = excluded.created_at,"
    " expires_at = excluded.expires_at"
)
_SWEEP = text(
    "delete from idempotency_records where ctid = any (array(select ctid from idempotency_records"
    " where expires_at < :now limit :many))"
)


class Answer(msgspec.Struct, frozen=True):
    """An answer as it was given."""

    status: int
    headers: dict[str, str]
    body: bytes


class Asked(NamedTuple):
    """What a request asks: method and path template, path, its key and its body."""

    route: str
    path: str
    key: str
    body: bytes


class Attempt(NamedTuple):
    """One request under its key: where it went and what was in it."""

    tenant_id: UUID
    route: str
    key: str
    fingerprint: bytes


def checked_key(key: str | None) -> str:
    """The key of a request; Refused 400 when it is missing, empty, too long or not printable."""
    if not key:
        sentence = "Every POST needs an Idempotency-Key, so that repeating it is safe."
        raise Refused("idempotency_key_missing", sentence, status=400)
    if len(key) > MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        sentence = f"An Idempotency-Key has at most {MAX_KEY_LENGTH} printable characters."
        raise Refused("idempotency_key_malformed", sentence, status=400)
    return key


def attempt_of(tx: Transaction, asked: Asked) -> Attempt:
    """The attempt behind a request. The fingerprint is keyed, because a body may hold PHI."""
    tenant_id = tx.tenants[0]
    digest = hashlib.sha256(asked.path.encode() + b"\0" + _canonical(asked.body)).hexdigest()
    mark = tx.keys.blind_index(tx.service, tenant_id, purpose="idempotency", text=digest)
    return Attempt(tenant_id, asked.route, asked.key, mark)


def _canonical(body: bytes) -> bytes:
    """JSON with sorted keys, so that spaces and order do not make another request of it."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except msgspec.MsgspecError:
        return body


async def earlier_answer(tx: Transaction, attempt: Attempt) -> Answer | None:
    """The answer given to this key before, else None and the key is ours until the commit.

    Declined 409 `idempotency_in_flight` while the same key runs elsewhere; Invalid 422
    `idempotency_mismatch` when the key was used for another body.
    """
    name = f"idempotency:{attempt.tenant_id}:{attempt.route}:{attempt.key}"
    if not await tx.scalar(_TRY_LOCK, {"name": name}):
        sentence = "A request with this Idempotency-Key is still running."
        wait = {"Retry-After": "1"}
        raise Declined("idempotency_in_flight", sentence, status=409, headers=wait)
    known = {"tenant_id": attempt.tenant_id, "route": attempt.route, "key": attempt.key}
    row = await tx.row(_FIND, {**known, "now": clock.system()})
    if row is None:
        return None
    if bytes(row.fingerprint) != attempt.fingerprint:
        sentence = "This Idempotency-Key was used for another request."
        raise Invalid("idempotency_mismatch", sentence)
    cell = Cell(tx.service, attempt.tenant_id, PLACE, row.answer_id)
    return tx.keys.open_column(cell, row.answer, Answer)


async def keep_answer(tx: Transaction, attempt: Attempt, response: Response) -> None:
    """Record the answer together with its effect."""
    answer_id, now = ids.new(), clock.system()
    named = {key: response.headers[key] for key in response.headers if key != "content-length"}
    answer = Answer(response.status_code, named, bytes(response.body))
    cell = Cell(tx.service, attempt.tenant_id, PLACE, answer_id)
    sealed = tx.keys.seal_column(cell, answer)
    await tx.run(
        _KEEP,
        {
            "tenant_id": attempt.tenant_id,
            "route": attempt.route,
            "key": attempt.key,
            "answer_id": answer_id,
            "fingerprint": attempt.fingerprint,
            "status": response.status_code,
            "answer": sealed,
            "now": now,
            "until": now + KEPT_LONGER.get(tx.service, KEPT),
        },
    )


async def sweep_expired(database: Database, *, limit: int = 5_000) -> int:
    """Delete records past their time; how many. A job of every service runs it."""
    async with database.pipeline([]) as tx:
        return await tx.run(_SWEEP, {"now": clock.system(), "many": limit})
