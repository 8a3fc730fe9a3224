"""What a transaction collects, in which order it ends, and what its locks do."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import clock, ids
from shared.database import Database, Transaction
from shared.errors import TryAgain
from shared.events.claims import ClaimClosed, ClaimReleased
from shared.events.envelope import Envelope
from tests.support.builders import OTHER_TENANT, TENANT, envelope, origin
from tests.support.databases import DatabaseFactory
from tests.support.eventually import eventually

CLAIM = ids.derived(ids.NIL, "a claim")
ENCOUNTER = ids.derived(ids.NIL, "an encounter")

WAITING = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")


def released(claim_id: UUID = CLAIM) -> ClaimReleased:
    return ClaimReleased(claim_id=claim_id, encounter_id=ENCOUNTER, hold_reason="charges")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    return await service_database("sample", attached=False)


async def test_an_event_caused_by_an_event_has_a_derived_id(database: Database) -> None:
    cause = envelope(released())
    found: list[list[UUID]] = []
    for _ in range(2):
        async with database.pipeline([TENANT]) as tx:
            found.append([tx.publish(released(), subject=CLAIM, caused_by=cause) for _ in range(2)])
    expected = [ids.derived(cause.id, f"ClaimReleased:{CLAIM}:{n}") for n in range(2)]
    assert found == [expected, expected]


async def test_the_count_is_per_cause_type_and_subject(database: Database) -> None:
    one, two = envelope(released()), envelope(released())
    other = ids.new()
    async with database.pipeline([TENANT]) as tx:
        told = [
            tx.publish(released(), subject=CLAIM, caused_by=one),
            tx.publish(released(other), subject=other, caused_by=one),
            tx.publish(released(), subject=CLAIM, caused_by=two),
        ]
    assert told == [
        ids.derived(one.id, f"ClaimReleased:{CLAIM}:0"),
        ids.derived(one.id, f"ClaimReleased:{other}:0"),
        ids.derived(two.id, f"ClaimReleased:{CLAIM}:0"),
    ]


async def test_an_origin_without_cause_makes_new_ids(database: Database) -> None:
    request = origin()
    async with database.request(TENANT, actor="user:a") as tx:
        told = {tx.publish(released(), subject=CLAIM, caused_by=request) for _ in range(2)}
    assert {each.version for each in told} == {7}
    assert len(told) == 2


async def test_a_batch_as_origin_makes_derived_ids(database: Database) -> None:
    batch = origin(causation_id=ids.new())
    async with database.pipeline([TENANT]) as tx:
        told = tx.publish(released(), subject=CLAIM, caused_by=batch)
    assert told == ids.derived(batch.causation_id or ids.NIL, f"ClaimReleased:{CLAIM}:0")


async def test_what_is_published_inherits_from_its_cause(database: Database) -> None:
    cause = envelope(released())
    async with database.pipeline([TENANT]) as tx:
        tx.publish(released(), subject=CLAIM, caused_by=cause)
        (told,) = tx.published
    assert told.key == CLAIM
    assert (told.tenant_id, told.practice_id) == (TENANT, cause.practice_id)
    assert (told.correlation_id, told.causation_id) == (cause.correlation_id, cause.id)


async def test_a_cause_of_a_foreign_tenant_is_refused(database: Database) -> None:
    foreign: Envelope[ClaimReleased] = envelope(released(), tenant_id=OTHER_TENANT)  # type: ignore[assignment]
    async with database.pipeline([TENANT]) as tx:
        with pytest.raises(LookupError):
            tx.publish(released(), subject=CLAIM, caused_by=foreign)
        with pytest.raises(LookupError):
            tx.park(foreign, until=("claim", CLAIM))
        with pytest.raises(LookupError):
            tx.schedule("submit", CLAIM, due_at=clock.business(), cause=foreign)
        with pytest.raises(LookupError):
            tx.audit_in(OTHER_TENANT, "read", subject=CLAIM)
        assert [tx.published, tx.parked, tx.scheduled, tx.audited] == [[], [], [], []]


async def test_parking_releasing_and_scheduling_collect(database: Database) -> None:
    cause, due = envelope(released()), clock.business()
    async with database.pipeline([TENANT]) as tx:
        tx.park(cause, until=("claim", CLAIM))
        tx.release("claim", CLAIM)
        tx.schedule("submit", CLAIM, due_at=due, cause=cause, attempt=2)
        assert tx.parked == [(cause, "claim", CLAIM)]
        assert tx.released == [("claim", CLAIM)]
        (intended,) = tx.scheduled
    assert (intended.job, intended.subject, intended.due_at, intended.attempt) == (
        "submit",
        CLAIM,
        due,
        2,
    )
    assert intended.causation_id == cause.id


async def test_hooks_run_inside_the_transaction_and_after_it(database: Database) -> None:
    seen: list[str] = []

    async def before(tx: Transaction) -> None:
        assert await tx.scalar(text("select current_setting('app.tenants')")) == str(TENANT)
        seen.append(f"before {len(tx.published)}")

    database.on_before_commit.append(before)
    database.on_after_commit.append(lambda tx: seen.append(f"after {len(tx.published)}"))
    async with database.pipeline([TENANT]) as tx:
        tx.publish(released(), subject=CLAIM, caused_by=origin())
        seen.append("body")
    assert seen == ["body", "before 1", "after 1"]


async def test_no_hook_runs_when_the_body_fails(database: Database) -> None:
    seen: list[str] = []

    async def before(_: Transaction) -> None:
        seen.append("before")

    database.on_before_commit.append(before)
    database.on_after_commit.append(lambda _: seen.append("after"))
    with pytest.raises(ZeroDivisionError):
        await fail(database)
    assert not seen


async def fail(database: Database) -> None:
    async with database.pipeline([TENANT]) as tx:
        tx.audit("read", subject=CLAIM)
        raise ZeroDivisionError


async def test_a_hook_that_fails_rolls_everything_back(database: Database) -> None:
    async def before(_: Transaction) -> None:
        raise TryAgain("the hook")

    database.on_before_commit.append(before)
    with pytest.raises(TryAgain):
        await write_audit(database)
    database.on_before_commit.clear()
    async with database.pipeline(()) as tx:
        assert await tx.scalar(text("select count(*) from audit_entries")) == 0


async def write_audit(database: Database) -> None:
    async with database.pipeline([TENANT]) as tx:
        tx.audit("read", subject=CLAIM)


async def test_audit_entries_are_written_with_the_act(database: Database) -> None:
    async with database.request(TENANT, actor="user:7", request_id="req-1") as tx:
        tx.audit("claim.read", subject=CLAIM, patient=ENCOUNTER, purpose="TPO", fields=["name"])
        tx.audit("claim.list", subject=CLAIM)
    async with database.pipeline(()) as tx:
        rows = await tx.rows(text("select * from audit_entries order by at"))
        waiting = await tx.scalar(text("select count(*) from audit_unsealed"))
    assert [(row.actor, row.action, row.request_id) for row in rows] == [
        ("user:7", "claim.read", "req-1"),
        ("user:7", "claim.list", "req-1"),
    ]
    assert (rows[0].patient_id, rows[0].purpose, rows[0].fields) == (ENCOUNTER, "TPO", ["name"])
    assert (rows[1].patient_id, rows[1].fields) == (None, [])
    assert waiting == 2


async def test_a_handler_notes_acts_for_each_tenant_of_its_batch(database: Database) -> None:
    async with database.pipeline([TENANT, OTHER_TENANT]) as tx:
        tx.audit_in(OTHER_TENANT, "claim.sent", subject=CLAIM, fields=["member"])
        with pytest.raises(LookupError):
            tx.audit("claim.sent", subject=CLAIM)
    async with database.pipeline(()) as tx:
        (row,) = await tx.rows(text("select * from audit_entries"))
    assert (row.tenant_id, row.actor, row.purpose) == (OTHER_TENANT, "service:sample", "operations")


async def test_an_advisory_lock_holds_others_off_until_the_end(database: Database) -> None:
    order: list[str] = []
    locked = asyncio.Event()

    async def first() -> None:
        async with database.pipeline([TENANT]) as tx:
            await tx.lock("claim", [CLAIM])
            locked.set()
            await eventually(lambda: tx.scalar(WAITING), describe="the second one waits")
            order.append("first")

    async def second() -> None:
        await locked.wait()
        async with database.pipeline([TENANT]) as tx:
            await tx.lock("claim", [CLAIM])
            order.append("second")

    await asyncio.gather(first(), second())
    assert order == ["first", "second"]


async def test_locks_of_two_kinds_or_things_do_not_meet(database: Database) -> None:
    async with database.pipeline([TENANT]) as one, database.pipeline([TENANT]) as two:
        await one.lock("claim", [CLAIM])
        await two.lock("encounter", [CLAIM])
        await two.lock("claim", [ENCOUNTER])
        await two.lock("claim", [])


async def test_locks_are_taken_in_one_order_whatever_order_is_asked_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two transactions that lock the same things in opposite order would wait for each other."""
    things = [ids.new() for _ in range(50)]
    asked: list[list[int]] = []

    async def note(_: object, params: dict[str, str]) -> None:
        asked.append([int(one) for one in params["numbers"][1:-1].split(",")])

    async with database.pipeline([TENANT]) as tx:
        monkeypatch.setattr(tx, "execute", note)
        await tx.lock("claim", things)
        await tx.lock("claim", [*things[::-1], *things])
        monkeypatch.undo()
    assert asked[0] == asked[1] == sorted(set(asked[0]))
    assert len(asked[0]) == 50


async def test_the_catalogue_names_the_key(database: Database) -> None:
    closed = ClaimClosed(claim_id=CLAIM, encounter_id=ENCOUNTER, reason="paid")
    async with database.pipeline([TENANT]) as tx:
        tx.publish(closed, subject=ENCOUNTER, caused_by=origin())
        assert tx.published[0].key == CLAIM
        assert tx.published[0].subject == ENCOUNTER


async def test_row_and_scalar(database: Database) -> None:
    async with database.pipeline(()) as tx:
        assert await tx.row(text("select 1 as one where false")) is None
        row = await tx.row(text("select cast(:n as int) as n"), {"n": 4})
        assert row is not None
        assert row.n == 4
        assert await tx.scalar(text("select 1 where false")) is None
