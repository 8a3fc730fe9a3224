"""One database transaction as application code sees it: statements, locks, and what to tell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import CursorResult, Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import audit, clock, ids
from shared.database.failures import DRIVER_FAILURES, raise_translated
from shared.events.catalog import key_of
from shared.events.envelope import Envelope, Origin
from shared.events.marks import Fact
from shared.sealing import Keyring

_ADVISORY_LOCKS = text(
    "select count(pg_advisory_xact_lock(number))"
    " from unnest(cast(cast(:numbers as text) as bigint[])) as number"
)
_NUMBERS = 1 << 64
_encode = msgspec.json.Encoder().encode

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of columns whose types only the statement knows."""


class Published(NamedTuple):
    """A fact to be sent when the transaction commits."""

    id: UUID
    fact: Fact
    subject: UUID
    key: UUID
    tenant_id: UUID
    practice_id: UUID
    correlation_id: UUID
    causation_id: UUID | None


class Parked(NamedTuple):
    """An event that waits for the thing (kind, id)."""

    envelope: Envelope[Fact]
    kind: str
    id: UUID


class Scheduled(NamedTuple):
    """An intention for a job; due_at is business time."""

    job: str
    subject: UUID
    due_at: datetime
    tenant_id: UUID
    practice_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    attempt: int


class Scope(NamedTuple):
    """Who works in a transaction and what it may see; role: `http` or `pipeline`.

    actor: `user:…`, `key:…`, `service:claims`, as it stands in the audit.
    """

    service: str
    role: str
    tenants: tuple[UUID, ...]
    actor: str
    request_id: str = ""


def array_text(values: Sequence[UUID] | Sequence[int]) -> str:
    """An array as PostgreSQL reads it from text, for `cast(cast(:values as text) as uuid[])`.

    For the kernel's own statements over whole batches: the driver looks at each element of a list
    with Python's abstract classes, at ten times the cost.
    """
    return f"{{{_encode(values)[1:-1].decode()}}}"


class Transaction:
    """One database transaction; application code never commits.

    Statements are `sqlalchemy.text` constants. A transient failure of the database is raised as
    TryAgain; after any failed statement the transaction cannot commit.
    published, parked, released, scheduled and audited are what the before-commit hooks write;
    contexts: up to which published fact a trace context (W3C) reaches.
    """

    def __init__(self, connection: AsyncConnection, scope: Scope, keys: Keyring) -> None:
        self.connection = connection
        self.service, self.role, self.tenants, self.actor, self.request_id = scope
        self.keys = keys
        self.failed = False
        self.published: list[Published] = []
        self.parked: list[Parked] = []
        self.released: list[tuple[str, UUID]] = []
        self.scheduled: list[Scheduled] = []
        self.audited: list[audit.Entry] = []
        self.contexts: list[tuple[int, str]] = []
        self._scope = frozenset(tenant.int for tenant in scope.tenants)
        self._derived: dict[tuple[int, str, int], int] = {}

    @property
    def tenant_id(self) -> UUID:
        """The only tenant of the scope; LookupError when there is none or several."""
        if len(self.tenants) != 1:
            raise LookupError(f"this transaction spans {len(self.tenants)} tenants")
        return self.tenants[0]

    async def execute(
        self, statement: TextClause, params: Mapping[str, object] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement; the four methods below say what they want of it."""
        try:
            return await self.connection.execute(statement, params)
        except DRIVER_FAILURES as error:
            self.failed = True
            raise_translated(error)

    async def rows(
        self, statement: TextClause, params: Mapping[str, object] | None = None
    ) -> Sequence[AnyRow]:
        """All rows."""
        return (await self.execute(statement, params)).all()

    async def row(
        self, statement: TextClause, params: Mapping[str, object] | None = None
    ) -> AnyRow | None:
        """The one row, or None; an error when there are several."""
        return (await self.execute(statement, params)).one_or_none()

    async def scalar(
        self, statement: TextClause, params: Mapping[str, object] | None = None
    ) -> Any:
        """The first column of the first row, or None."""
        return (await self.execute(statement, params)).scalar()

    async def run(self, statement: TextClause, params: Mapping[str, object] | None = None) -> int:
        """How many rows were written."""
        return (await self.execute(statement, params)).rowcount

    async def lock(self, kind: str, ids: Iterable[UUID]) -> None:
        """Lock things that have no row (yet) until the transaction ends, always in one order."""
        numbers = sorted({_lock_number(kind, each) for each in ids})
        if numbers:
            await self.execute(_ADVISORY_LOCKS, {"numbers": array_text(numbers)})

    def publish(self, fact: Fact, *, subject: UUID, caused_by: Envelope[Any] | Origin) -> UUID:
        """Tell a fact when the transaction commits; returns the event's id.

        The record key is the catalogue's. With a causation the id is derived from it, the type, the
        subject and a count, so doing the work twice tells it once (docs/events).
        """
        cause = _causation(caused_by)
        self._check_scope(caused_by.tenant_id)
        event_id = ids.new() if cause is None else self._derive(cause, type(fact).__name__, subject)
        self.published.append(
            Published(
                event_id,
                fact,
                subject,
                key_of(fact),
                caused_by.tenant_id,
                caused_by.practice_id,
                caused_by.correlation_id,
                cause,
            )
        )
        return event_id

    def park(self, envelope: Envelope[Any], *, until: tuple[str, UUID]) -> None:
        """Keep an event that came too early and hold its key; lock (kind, id) before you look."""
        self._check_scope(envelope.tenant_id)
        self.parked.append(Parked(envelope, *until))

    def release(self, kind: str, id: UUID) -> None:  # noqa: A002 - the word of the contract
        """The thing is there: what waits for it runs soon after the commit; lock it before."""
        self.released.append((kind, id))

    def schedule(
        self,
        job: str,
        subject: UUID,
        *,
        due_at: datetime,
        cause: Envelope[Any] | Origin,
        attempt: int = 0,
    ) -> None:
        """Intend a job for a subject; a later intention for the same replaces the earlier."""
        self._check_scope(cause.tenant_id)
        self.scheduled.append(
            Scheduled(
                job,
                subject,
                due_at,
                cause.tenant_id,
                cause.practice_id,
                cause.correlation_id,
                _causation(cause),
                attempt,
            )
        )

    def audit(
        self,
        action: str,
        *,
        subject: UUID,
        patient: UUID | None = None,
        purpose: str = "",
        fields: Sequence[str] = (),
    ) -> None:
        """Note who saw or did what to the scope's only tenant: codes and field names, no values."""
        entry = audit.Entry(
            tenant_id=self.tenant_id,
            id=ids.new(),
            at=clock.system(),
            actor=self.actor,
            action=action,
            subject=subject,
            patient_id=patient,
            purpose=purpose,
            fields=tuple(fields),
            request_id=self.request_id,
        )
        self.audited.append(entry)

    def audit_in(
        self,
        tenant_id: UUID,
        action: str,
        *,
        subject: UUID,
        patient: UUID | None = None,
        fields: Sequence[str] = (),
    ) -> None:
        """Note what the service itself did to one of the scope's tenants (handlers, jobs)."""
        self._check_scope(tenant_id)
        entry = audit.Entry(
            tenant_id=tenant_id,
            id=ids.new(),
            at=clock.system(),
            actor=self.actor,
            action=action,
            subject=subject,
            patient_id=patient,
            purpose="operations",
            fields=tuple(fields),
        )
        self.audited.append(entry)

    def _derive(self, causation_id: UUID, type_name: str, subject: UUID) -> UUID:
        place = (causation_id.int, type_name, subject.int)
        number = self._derived.get(place, 0)
        self._derived[place] = number + 1
        return ids.derived(causation_id, f"{type_name}:{ids.text(subject)}:{number}")

    def _check_scope(self, tenant_id: UUID) -> None:
        if tenant_id.int not in self._scope:
            raise LookupError("the cause belongs to a tenant outside this transaction's scope")


def _causation(cause: Envelope[Any] | Origin) -> UUID | None:
    return cause.causation_id if isinstance(cause, Origin) else cause.id


def _lock_number(kind: str, thing: UUID) -> int:
    """The random half of the id, told apart by kind, as a bigint."""
    return (thing.int ^ _kind_number(kind)) % _NUMBERS - _NUMBERS // 2


@cache
def _kind_number(kind: str) -> int:
    return int.from_bytes(hashlib.blake2b(kind.encode(), digest_size=8).digest(), "big")
