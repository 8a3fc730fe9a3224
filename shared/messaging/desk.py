"""The dead-letter desk: look at dead letters, try them again, give them up; for jobs and commands.

A replay runs the same handler in its own transaction under the letter's row lock and resolves it
exactly once; then the parked followers of its key go on, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from shared import ids, telemetry
from shared.database import Database, Transaction
from shared.errors import Conflict, NotFound, Refused, TryAgain
from shared.messaging import batches, limits, parking
from shared.messaging import envelope as wire
from shared.messaging.batches import Admitted, Waiting
from shared.messaging.dead_letters import PLACE
from shared.messaging.limits import Stop
from shared.messaging.received import KeptRecord, Received, Subscription
from shared.sealing import Cell

_COLUMNS = """
tenant_id, id, event_id, event_type, event_version, topic, partition, record_offset, record_at,
key, error_class, error_code, fingerprint, attempts, first_failed_at, last_failed_at,
service_version, status, resolved_at, resolved_by, reason, payload
"""
_LIST = text(f"""
select {_COLUMNS} from dead_letters
where consumer = :consumer and status = :status
    and (:event_type = '' or event_type = :event_type)
    and (:code = '' or error_code = :code)
order by first_failed_at, id limit :limit
""")
_SHOW = text(
    f"select {_COLUMNS} from dead_letters where consumer = :consumer and id = cast(:id as uuid)"
)
_LOCK = text(f"""
select {_COLUMNS} from dead_letters
where tenant_id = cast(:tenant as uuid) and consumer = :consumer and id = cast(:id as uuid)
for update
""")
_RESOLVE = text("""
update dead_letters set status = :status, replay_id = cast(:replay as uuid), reason = :reason,
    resolved_by = :by, resolved_at = current_timestamp
where tenant_id = cast(:tenant as uuid) and id = cast(:id as uuid)
""")
_FAILED_AGAIN = text("""
update dead_letters set attempts = attempts + 1, last_failed_at = current_timestamp
where tenant_id = cast(:tenant as uuid) and id = cast(:id as uuid) and status = 'open'
""")
_CHANGES = text("""
select relname, n_tup_ins as inserted, n_tup_upd as updated, n_tup_del as deleted
from pg_stat_xact_user_tables where n_tup_ins + n_tup_upd + n_tup_del > 0 order by relname
""")


class Letter(NamedTuple):
    """A dead letter without its content."""

    tenant_id: UUID
    id: UUID
    event_id: UUID
    event_type: str
    event_version: int
    topic: str
    partition: int
    record_offset: int
    record_at: Any
    key: UUID | None
    error_class: str
    error_code: str
    fingerprint: str
    attempts: int
    first_failed_at: Any
    last_failed_at: Any
    service_version: str
    status: str
    resolved_at: Any
    resolved_by: str | None
    reason: str | None


class Replayed(NamedTuple):
    """What a replay did or, dry, would have done.

    error: code of the failure, "" when it went well. told: names of the facts it published.
    changes: table -> (rows inserted, updated, deleted), the plumbing left out.
    """

    letter_id: UUID
    error: str
    told: tuple[str, ...] = ()
    changes: Mapping[str, tuple[int, int, int]] = {}
    parked: bool = False


class _DryRun(Exception):
    """Carries what a dry run saw out of the transaction that it rolls back."""

    def __init__(self, outcome: Replayed) -> None:
        super().__init__("dry run")
        self.outcome = outcome


class _LetterGate:
    """Admits the one event of a letter whose row is locked."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer
        self.waiting: tuple[Waiting, ...] = ()

    async def admit(self, tx: Transaction, items: Any) -> Admitted:
        del tx
        return Admitted(items, ())

    async def settle(self, tx: Transaction, handled: Any, waiting: Any) -> None:
        del handled
        self.waiting = tuple(waiting)
        if waiting:
            await parking.keep(tx, self.consumer, waiting)

    async def take(self, tx: Transaction, item: Any) -> bool:
        del tx, item
        return False


class DeadLetterDesk:
    """The dead letters of one consumer."""

    def __init__(self, database: Database, subscription: Subscription) -> None:
        self.consumer = subscription.consumer
        self._database = database
        self._handlers = subscription.handlers

    async def stops(self) -> Sequence[Stop]:
        """Where the consumer stopped at its limit, by version; [] while nothing holds it."""
        return await limits.stops(self._database, self.consumer)

    async def list(
        self, *, status: str = "open", event_type: str = "", code: str = "", limit: int = 100
    ) -> list[Letter]:
        """Letters, oldest first, without their content; of one type or error code where given."""
        params = {
            "consumer": self.consumer,
            "status": status,
            "event_type": event_type,
            "code": code,
            "limit": limit,
        }
        async with self._database.pipeline(()) as tx:
            return [Letter(*row[:-1]) for row in await tx.rows(_LIST, params)]

    async def show(self, letter_id: UUID) -> Letter:
        """One letter; NotFound."""
        async with self._database.pipeline(()) as tx:
            row = await tx.row(_SHOW, {"consumer": self.consumer, "id": str(letter_id)})
        if row is None:
            raise NotFound("dead_letter_unknown", "There is no such dead letter.")
        return Letter(*row[:-1])

    async def replay(self, letter_id: UUID, *, by: str, dry_run: bool = False) -> Replayed:
        """Run the handler again; Conflict when it is resolved already, NotFound.

        A failure is part of the answer and leaves the letter open; TryAgain is raised.
        """
        letter = await self.show(letter_id)
        try:
            return await self._replay(letter, by=by, dry_run=dry_run)
        except _DryRun as seen:
            return seen.outcome
        except (TryAgain, Conflict, NotFound):
            raise
        except Exception as error:  # noqa: BLE001 - the failure is the answer
            if not dry_run:
                await self._note_failure(letter)
            code = error.code if isinstance(error, Refused) else type(error).__name__
            return Replayed(letter_id, code)

    async def discard(self, letter_id: UUID, *, by: str, reason: str) -> None:
        """Give an event up for good; its followers go on. Conflict, NotFound."""
        letter = await self.show(letter_id)
        async with self._database.pipeline({letter.tenant_id}) as tx:
            await self._locked(tx, letter)
            await self._resolve(tx, letter, status="discarded", by=by, reason=reason)
            tx.actor = by
            tx.audit("dead_letter.discarded", subject=letter.id, purpose="operations")

    async def resume(self, *, by: str) -> int:
        """Let a consumer that stopped at its limit go on; how many of its versions were stopped.

        A running one notices within seconds. It stops again if it still refuses as much.
        """
        async with self._database.pipeline({ids.NIL}) as tx:
            count = await limits.reset(tx, self.consumer)
            if count:
                tx.actor = by
                tx.audit("dlq_limit.reset", subject=ids.NIL, purpose="operations")
        return count

    async def _replay(self, letter: Letter, *, by: str, dry_run: bool) -> Replayed:
        async with self._database.pipeline({letter.tenant_id}) as tx:
            payload = await self._locked(tx, letter)
            cell = Cell(tx.service, letter.tenant_id, PLACE, letter.id)
            record = tx.keys.open_column(cell, payload, KeptRecord)
            item = Received(record, wire.read_event(record.headers, record.value))
            gate = _LetterGate(self.consumer)
            with telemetry.spans_with({"rcm.service": tx.service}):
                await batches.handle(tx, [item], gate=gate, handlers=self._handlers)
            told = tuple(type(each.fact).__name__ for each in tx.published)
            outcome = Replayed(letter.id, "", told, parked=bool(gate.waiting))
            if dry_run:
                raise _DryRun(outcome._replace(changes=await _changes(tx)))
            await self._resolve(tx, letter, status="replayed", by=by, reason="")
            tx.actor = by
            tx.audit("dead_letter.replayed", subject=letter.id, purpose="operations")
        return outcome

    async def _locked(self, tx: Transaction, letter: Letter) -> str:
        """Lock the letter for its one resolution; gives its sealed record."""
        row = await tx.row(
            _LOCK,
            {"tenant": str(letter.tenant_id), "consumer": self.consumer, "id": str(letter.id)},
        )
        if row is None or row.status != "open":
            raise Conflict("dead_letter_resolved", "The dead letter is resolved already.")
        return str(row.payload)

    async def _resolve(
        self, tx: Transaction, letter: Letter, *, status: str, by: str, reason: str
    ) -> None:
        await tx.run(
            _RESOLVE,
            {
                "tenant": str(letter.tenant_id),
                "id": str(letter.id),
                "status": status,
                "replay": str(ids.new()),
                "by": by,
                "reason": reason,
            },
        )
        if letter.key is not None:
            await parking.advance(tx, self.consumer, [(letter.tenant_id, letter.key)])

    async def _note_failure(self, letter: Letter) -> None:
        async with self._database.pipeline({letter.tenant_id}) as tx:
            await tx.run(_FAILED_AGAIN, {"tenant": str(letter.tenant_id), "id": str(letter.id)})


async def _changes(tx: Transaction) -> dict[str, tuple[int, int, int]]:
    rows = await tx.rows(_CHANGES)
    return {row.relname: (row.inserted, row.updated, row.deleted) for row in rows}
