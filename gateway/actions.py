"""What the gateway does: tenants, master data, API keys, the test clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from gateway import api_keys, repository
from gateway.api_keys import NewKey
from gateway.domain import (
    FEE_SCHEDULE,
    MODES,
    OPERATOR_SCOPES,
    PRACTICE,
    PROVIDER,
    SCOPES,
    Noun,
    problems_of,
)
from gateway.repository import ApiKey
from shared import clock, ids
from shared.database import Transaction
from shared.database.installation import set_clock_offset
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Problem, Refused
from shared.events.envelope import Origin
from shared.events.marks import Fact
from shared.events.tenancy import TenantChanged, TestClockAdvanced
from shared.web import Principal

Draft = Callable[[UUID, int], Fact]


async def open_tenant(tx: Transaction, fact: TenantChanged) -> NewKey:
    """Make a tenant and the key that administers it; Conflict `tenant_known`."""
    await tx.lock("tenant", [fact.tenant_id])
    if not await repository.add_tenant(tx, fact):
        sentence = "There is such a tenant already, or its EDI id belongs to another."
        raise Conflict("tenant_known", sentence)
    made = api_keys.new("first", fact.mode, scopes=SCOPES)
    await repository.add_key(tx, fact.tenant_id, made.key, digest=made.digest)
    tx.publish(fact, subject=fact.tenant_id, caused_by=_origin(fact.tenant_id, fact.tenant_id))
    return made


async def own_tenant(tx: Transaction) -> TenantChanged:
    """The caller's tenant; NotFound for an operator, who has none."""
    found = await repository.tenant(tx)
    if found is None:
        raise _nothing()
    return found


async def create(tx: Transaction, noun: Noun, draft: Draft, *, caller: Principal) -> Fact:
    """Store and tell a new thing; Invalid with all its problems, Conflict `already_known`."""
    fact = draft(ids.new(), 1)
    await _check(tx, noun, fact, caller=caller)
    if not await repository.add(tx, noun, fact):
        raise _known()
    return _tell(tx, noun, fact)


class Change(NamedTuple):
    """A new snapshot of a thing; expected: the version the caller saw, None = any."""

    id: UUID
    expected: int | None
    draft: Draft


async def replace(tx: Transaction, noun: Noun, change: Change, *, caller: Principal) -> Fact:
    """Store and tell the next snapshot; Refused 412 `version_changed` when it was too late."""
    before = await repository.one(tx, noun, change.id, lock=True)
    if before is None:
        raise _nothing()
    _require_practice_of(before, noun, caller)
    version = int(getattr(before, "version"))  # noqa: B009 - every snapshot has one
    if change.expected not in (None, version):
        raise Refused("version_changed", "Somebody has changed this meanwhile.", status=412)
    fact = change.draft(change.id, version + 1)
    await _check(tx, noun, fact, caller=caller)
    if not await repository.replace(tx, noun, fact):
        raise _known()
    return _tell(tx, noun, fact)


async def one(tx: Transaction, noun: Noun, id_: UUID, *, caller: Principal) -> Fact:
    """A thing; NotFound when there is none for this caller."""
    fact = await repository.one(tx, noun, id_)
    if fact is None:
        raise _nothing()
    _require_practice_of(fact, noun, caller)
    return fact


class Wanted(NamedTuple):
    """A key somebody asks for; practices None = all of the tenant's."""

    name: str
    scopes: frozenset[str]
    practices: frozenset[UUID] | None


async def make_key(tx: Transaction, wanted: Wanted, caller: Principal) -> NewKey:
    """Make a key that may do no more than its maker; Forbidden `scope_beyond_own`."""
    beyond = bool(wanted.scopes - caller.scopes or wanted.scopes & OPERATOR_SCOPES)
    if caller.practices is not None:
        beyond = beyond or wanted.practices is None or not wanted.practices <= caller.practices
    if beyond:
        raise Forbidden("scope_beyond_own", "A key cannot give what it does not have.")
    for practice_id in sorted(wanted.practices or ()):
        await one(tx, PRACTICE, practice_id, caller=caller)
    mode = (await own_tenant(tx)).mode
    made = api_keys.new(wanted.name, mode, scopes=wanted.scopes, practices=wanted.practices)
    await repository.add_key(tx, tx.tenant_id, made.key, digest=made.digest)
    tx.audit("api_key_made", subject=made.key.id)
    return made


async def revoke_key(tx: Transaction, key_id: UUID) -> ApiKey:
    """End a key for good; NotFound."""
    key = await repository.revoke(tx, key_id)
    if key is None:
        raise _nothing()
    tx.audit("api_key_revoked", subject=key_id)
    return key


async def advance_clock(tx: Transaction, seconds: int, *, profile: str) -> int:
    """Move business time of a test installation ahead; the offset that now holds.

    Needs a transaction of the pipeline's role. Forbidden `test_mode_only`.
    """
    tenant = await own_tenant(tx)
    if profile == "prod" or tenant.mode != MODES[0]:
        raise Forbidden("test_mode_only", "Only test mode has a clock that can be moved.")
    await tx.lock("clock", [ids.NIL])
    offset = await repository.clock_offset(tx) + seconds
    await set_clock_offset(tx, offset)
    fact = TestClockAdvanced(offset_seconds=offset)
    tx.publish(fact, subject=ids.NIL, caused_by=_origin(tenant.tenant_id, ids.NIL))
    return offset


def business_time_at(offset_seconds: int) -> str:
    """Business time under an offset, RFC 3339."""
    at = clock.system() + timedelta(seconds=offset_seconds)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


async def _check(tx: Transaction, noun: Noun, fact: Fact, *, caller: Principal) -> None:
    problems = list(problems_of(fact))
    practice_id: UUID = getattr(fact, "practice_id", ids.NIL)
    if caller.practices is not None and practice_id not in caller.practices:
        raise Forbidden("every_practice_needed", "This key is only for some practices.")
    of_practice = noun is PROVIDER or (noun is FEE_SCHEDULE and practice_id != ids.NIL)
    if of_practice and await repository.one(tx, PRACTICE, practice_id) is None:
        sentence = "There is no such practice."
        problems.append(Problem("/practice_id", "practice_unknown", sentence))
    if problems:
        sentence = "Some of this cannot be billed with; see errors."
        raise Invalid("master_data_invalid", sentence, problems=tuple(problems))


def _require_practice_of(fact: Fact, noun: Noun, caller: Principal) -> None:
    practice_id: UUID = getattr(fact, "practice_id", ids.NIL)
    if noun is PRACTICE or practice_id != ids.NIL:
        caller.require_practice(practice_id)


def _tell(tx: Transaction, noun: Noun, fact: Fact) -> Fact:
    id_ = getattr(fact, noun.id_field)
    practice_id = getattr(fact, "practice_id", ids.NIL)
    tx.publish(fact, subject=id_, caused_by=Origin(tx.tenant_id, practice_id, id_))
    tx.audit(f"{noun.kind}_changed", subject=id_)
    return fact


def _origin(tenant_id: UUID, subject: UUID) -> Origin:
    return Origin(tenant_id, ids.NIL, subject)


def _nothing() -> NotFound:
    return NotFound("not_found", "There is no such thing.")


def _known() -> Conflict:
    return Conflict("already_known", "There is one of these with the same number already.")
