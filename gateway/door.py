"""Who calls the gateway: API keys, and how often each of them may."""

from __future__ import annotations

import time
from collections import OrderedDict
from uuid import UUID

from starlette.datastructures import Headers

from gateway import api_keys, repository
from gateway.domain import OPERATOR, Bucket
from gateway.repository import Holder
from shared import ids
from shared.database import Database
from shared.web import Declined, Principal
from shared.web.principal import Admission, bearer, unauthenticated

WINDOW_SECONDS = 60
TENANT_SHARE = 5
REMEMBERED_SECONDS = 2.0
"""How long another process may still admit a key that was revoked here."""
_REMEMBERED_KEYS = 10_000
_BUCKETS = 20_000


class Limits:
    """Token buckets per key and per tenant of this process; the least used are forgotten first."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[UUID, Bucket] = OrderedDict()

    def take(self, key_id: UUID, tenant_id: UUID) -> dict[str, str]:
        """Count one request; the RateLimit headers, or Declined 429 `rate_limited`."""
        now = time.monotonic()
        own = self._bucket(key_id, self._per_minute, now)
        shared = self._bucket(tenant_id, self._per_minute * TENANT_SHARE, now)
        taken = own.take(now) and shared.take(now)
        headers = {
            "RateLimit-Policy": f'"default";q={own.quota};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={own.left};t={round(own.full_after_seconds)}',
        }
        if taken:
            return headers
        wait = max(own.next_after_seconds, shared.next_after_seconds)
        headers["Retry-After"] = str(max(1, round(wait + 0.5)))
        sentence = "There were too many requests with this key; slow down."
        raise Declined("rate_limited", sentence, status=429, headers=headers)

    def _bucket(self, owner: UUID, quota: int, now: float) -> Bucket:
        found = self._buckets.get(owner)
        if found is None:
            found = self._buckets[owner] = Bucket(quota, WINDOW_SECONDS, quota, now)
            if len(self._buckets) > _BUCKETS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(owner)
        return found


class KeyAuthenticator:
    """Admits callers by API key; what the database said is remembered for two seconds."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._known: dict[bytes, tuple[Holder | None, float]] = {}

    async def admit(self, headers: Headers) -> Admission:
        """The caller behind the key; Declined 401 or 429."""
        secret = bearer(headers)
        if not api_keys.looks_like_one(secret):
            raise unauthenticated()
        holder = await self._holder(api_keys.digest_of(secret))
        if holder is None:
            raise unauthenticated()
        limits = self._limits.take(holder.key.id, holder.tenant_id)
        return Admission(principal_of(holder), limits)

    def forget(self) -> None:
        """Ask the database about every key anew; after one was revoked."""
        self._known.clear()

    async def _holder(self, digest: bytes) -> Holder | None:
        known, now = self._known.get(digest), time.monotonic()
        if known is not None and now - known[1] < REMEMBERED_SECONDS:
            return known[0]
        holder = await repository.holder_of(self._database, digest)
        if len(self._known) >= _REMEMBERED_KEYS:
            self._known.clear()
        self._known[digest] = (holder, now)
        return holder


def principal_of(holder: Holder) -> Principal:
    """The caller a key stands for."""
    role = OPERATOR if holder.key.mode == OPERATOR else "integration"
    return Principal(
        tenant_id=holder.tenant_id,
        subject=f"key:{ids.shown('api_key', holder.key.id)}",
        scopes=holder.key.scopes,
        practices=holder.key.practices,
        roles=frozenset({role}),
    )
