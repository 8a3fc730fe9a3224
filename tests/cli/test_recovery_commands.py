"""`rcm dlq` and `rcm outbox`: what is stuck is shown with its reason, and goes on when told so."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shared import ids
from shared.database import Database
from shared.messaging import Consumer
from shared.messaging.embedded import EmbeddedBus
from tests.support.builders import TENANT, envelopes, origin
from tests.support.commands import Commands, commands, rcm
from tests.support.databases import DatabaseFactory
from tests.support.messaging import (
    Troubles,
    caught_up,
    counts,
    funds,
    running,
    sample_topics,
    send,
    subscription,
    things,
)

__all__ = ["commands"]
LETTERS = 7
NO_TOPIC = "no such topic"
FAIL = text(f"""
update outbox_unsent set failed_at = current_timestamp, failure = '{NO_TOPIC}'
where id = (select min(id) from outbox_unsent)
""")
STOPPED = text("""
insert into dlq_limits (consumer, service_version, topic, partition, reason)
values ('sample', 'bad', 'rcm.payments.v1', 2, 'in_a_row')
""")
ACTS = text("select actor, action from audit_entries order by at")


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    """The sample service's database."""
    return await service_database("sample")


@pytest.fixture
async def troubles(database: Database, empty_database: str, commands: Commands) -> Troubles:
    """The sample's handlers, after they refused some events; mended since."""
    troubles = Troubles()
    wanted = subscription(troubles)
    commands.find(database, wanted)
    bus = EmbeddedBus(empty_database)
    await bus.start()
    await bus.apply_topics(sample_topics())
    traces = ["refuse"] * (LETTERS - 1) + ["", "bug"]
    await send(bus, envelopes([funds(trace=trace) for trace in traces]))
    async with running(Consumer(bus, database, wanted)):
        await caught_up(bus, ["rcm.payments.v1"])
    await bus.stop()
    assert await _open(database) == LETTERS
    troubles.mended = True
    return troubles


async def _open(database: Database) -> int:
    async with database.pipeline(()) as tx:
        return int(await tx.scalar(text("select count(*) from dead_letters where status = 'open'")))


async def _acts(database: Database) -> set[tuple[str, str]]:
    """Actors and actions of the installation's audit entries and the tenant's."""
    async with database.pipeline({ids.NIL, TENANT}) as tx:
        return {(row.actor.partition(":")[0], row.action) for row in await tx.rows(ACTS)}


@pytest.mark.usefixtures("troubles")
async def test_all_letters_are_replayed_in_order(database: Database) -> None:
    told = await rcm("dlq", "replay", "sample", "--all", "--yes")
    assert told.code == 0
    *lines, last = told.says.splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == [f"{n}/{LETTERS}" for n in range(1, 8)]
    assert last == f"{LETTERS} went well, 0 failed again"
    assert await _open(database) == 0
    assert len(await things(database, TENANT)) == LETTERS + 1
    assert await _acts(database) == {("user", "dead_letter.replayed")}


@pytest.mark.usefixtures("troubles")
@pytest.mark.parametrize(
    ("which", "left"),
    [
        (["--code", "sample_refused"], 1),
        (["--code", "ZeroDivisionError"], LETTERS - 1),
        (["--type", "FundsReceived"], 0),
        (["--type", "FundsReconciled"], LETTERS),
    ],
)
async def test_only_the_letters_of_a_kind(database: Database, which: list[str], left: int) -> None:
    told = await rcm("dlq", "replay", "sample", "--all", *which, "--yes", "--json")
    assert (told.code, len(told.json)) == (0, LETTERS - left)
    assert await _open(database) == left


async def test_letters_that_fail_again_stay(database: Database, troubles: Troubles) -> None:
    troubles.mended = False
    told = await rcm("dlq", "replay", "sample", "--all", "--yes", "--json")
    assert told.code == 1
    assert {each["error"] for each in told.json} == {"sample_refused", "ZeroDivisionError"}
    assert await _open(database) == LETTERS


@pytest.mark.usefixtures("troubles")
async def test_a_bulk_replay_is_bounded_and_shown_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.recovery_commands.AT_ONCE", 3)
    shown = await rcm("dlq", "replay", "sample", "--all", "--json")
    assert shown.code == 4
    assert "3 dead letters would be tried again; add --yes" in shown.complains
    assert sum(row["letters"] for row in shown.json) == 3
    dry = await rcm("dlq", "replay", "sample", "--all", "--dry-run")
    assert dry.code == 0
    assert await _open(database) == LETTERS
    assert (await rcm("dlq", "replay", "sample", "--all", "--yes")).code == 0
    assert await _open(database) == LETTERS - 3


@pytest.mark.parametrize("words", [[], [str(ids.NIL), "--all"]])
async def test_a_replay_is_of_one_letter_or_of_all(words: list[str]) -> None:
    assert (await rcm("dlq", "replay", "sample", *words)).code == 2


async def test_a_stopped_consumer_is_shown_and_resumed(
    database: Database, commands: Commands
) -> None:
    commands.find(database, subscription(Troubles()))
    async with database.pipeline(()) as tx:
        await tx.run(STOPPED)
    shown = await rcm("dlq", "resume", "sample", "--json")
    assert shown.code == 4
    assert shown.complains == "The consumer would go on within seconds; add --yes\n"
    (stop,) = shown.json
    assert (stop["service_version"], stop["partition"], stop["reason"]) == ("bad", 2, "in_a_row")
    assert await counts(database, "dlq_limits") == {"dlq_limits": 1}
    assert (await rcm("dlq", "resume", "sample", "--yes")).says == "sample goes on\n"
    assert await counts(database, "dlq_limits") == {"dlq_limits": 0}
    assert await _acts(database) == {("user", "dlq_limit.reset")}
    assert (await rcm("dlq", "resume", "sample", "--yes")).says == "sample was not stopped\n"


async def test_what_failed_to_be_sent_is_shown_and_tried_again(
    database: Database, commands: Commands
) -> None:
    commands.find(database, subscription(Troubles()))
    held, other = ids.new(), ids.new()
    async with database.pipeline({TENANT}) as tx:
        for deposit in (held, held, held, other):
            tx.publish(funds(deposit), subject=deposit, caused_by=origin())
    async with database.pipeline(()) as tx:
        await tx.run(FAIL)
    shown = (await rcm("outbox", "ls", "--json")).json
    found = {row["state"]: row for row in shown if row["service"] == "sample"}
    assert {state: (row["rows"], row["keys"]) for state, row in found.items()} == {
        "failed": (1, 1),
        "behind a failed one": (2, 1),
        "waits": (1, 1),
    }
    assert found["failed"]["reason"] == NO_TOPIC
    assert found["failed"]["oldest"]
    plan = await rcm("outbox", "unstick", "sample", "--json")
    assert (plan.code, {row["state"] for row in plan.json}) == (
        4,
        {"failed", "behind a failed one"},
    )
    told = await rcm("outbox", "unstick", "sample", "--yes")
    assert (told.code, told.says) == (0, "1 facts are tried again\n")
    (left,) = [r for r in (await rcm("outbox", "ls", "--json")).json if r["service"] == "sample"]
    assert (left["state"], left["rows"]) == ("waits", 4)
    assert await _acts(database) == {("user", "outbox.unstuck")}
