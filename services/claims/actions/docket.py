"""The claims one transaction works on: changed in memory step by step, written once at the end."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from services.claims.domain import claim as acts
from services.claims.domain.claim import Cause, Claim, Key, Moved, Step
from services.claims.domain.lifecycle import Reporter, Status
from services.claims.repository import claims as stored
from shared import clock
from shared.database import Transaction
from shared.events.envelope import Envelope, Origin

T = TypeVar("T")


class Docket:
    """Claims under lock; every change makes a step of the claim's timeline."""

    def __init__(self, tx: Transaction, claims: Iterable[Claim] = ()) -> None:
        self.tx = tx
        self._claims: dict[Key, Claim] = {}
        self._newest: dict[Key, Key] = {}
        self._new: set[Key] = set()
        self._changed: set[Key] = set()
        self._steps: list[Step] = []
        for claim in sorted(claims, key=lambda each: (each.rank, each.generation)):
            self._put(claim)

    def find(self, tenant_id: UUID, claim_id: UUID) -> Claim | None:
        """The claim as it stands now, or None."""
        return self._claims.get(Key(tenant_id, claim_id))

    def of_encounter(self, tenant_id: UUID, encounter_id: UUID) -> Claim | None:
        """The encounter's newest claim among these, or None."""
        key = self._newest.get(Key(tenant_id, encounter_id))
        return None if key is None else self._claims[key]

    def open(self, claim: Claim, cause: Cause) -> Claim:
        """A new claim."""
        self._new.add(claim.key)
        return self._take(acts.opened(claim, cause))

    def move(self, claim: Claim, to: Status, cause: Cause, **changes: Any) -> Claim:
        """The claim's next status; Conflict where the tables do not allow it."""
        return self._take(acts.move(claim, to, cause, **changes))

    def record(self, claim: Claim, kind: str, cause: Cause, **changes: Any) -> Claim:
        """Something noted without a change of status."""
        return self._take(acts.record(claim, kind, cause, **changes))

    async def save(self) -> None:
        """Write new claims, changed claims and their steps: three statements."""
        ordered = sorted(self._changed)
        new = [self._claims[key] for key in ordered if key in self._new]
        await stored.insert_claims(self.tx, new)
        await stored.update_claims(
            self.tx, [self._claims[key] for key in ordered if key not in self._new]
        )
        await stored.insert_steps(self.tx, self._steps)

    def _take(self, moved: Moved) -> Claim:
        self._put(moved.claim)
        self._changed.add(moved.claim.key)
        self._steps.append(moved.step)
        return moved.claim

    def _put(self, claim: Claim) -> None:
        self._claims[claim.key] = claim
        self._newest[Key(claim.tenant_id, claim.encounter_id)] = claim.key


def told_by(envelope: Envelope[Any], *, reported_by: Reporter = Reporter.SELF) -> Cause:
    """The cause of a step that an event makes."""
    return Cause(clock.business(), f"event:{envelope.type}", str(envelope.id), reported_by)


def origin_of(claim: Claim, causation_id: UUID | None = None) -> Origin:
    """Where a claim's facts come from when no event causes them."""
    return Origin(claim.tenant_id, claim.practice_id, claim.encounter_id, causation_id)


def rounds(items: Iterable[T], key: Callable[[T], Hashable]) -> Iterator[list[T]]:
    """The items in as few rounds as possible, each key at most once a round, order kept per key.

    One round decides about things once; a batch that names a thing twice is then worked as if it
    had come in two batches.
    """
    waiting = list(items)
    while waiting:
        seen: set[Hashable] = set()
        now: list[T] = []
        later: list[T] = []
        for item in waiting:
            name = key(item)
            (later if name in seen else now).append(item)
            seen.add(name)
        yield now
        waiting = later
