"""`rcm dlq`, `rcm outbox`, `rcm parked`: what is stuck, why, and how it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.answers import FAILED, Json, Yes, answer, out, print_json, show, tell, wants_yes
from cli.installation import known, operator, rows_of, rows_of_all, subscription_of, working
from shared import ids
from shared.errors import Conflict, NotFound
from shared.messaging import DeadLetterDesk, attach
from shared.messaging import outbox as outbox_rows
from shared.messaging.desk import Letter, Replayed
from shared.messaging.limits import Stop

AT_ONCE = 100
"""Letters of one bulk replay; what is left wants another call, and another look."""

ServiceName = Annotated[str, typer.Argument(help="coding, eligibility, claims, …")]

OUTBOX = """
select o.topic,
    case when u.failed_at is not null then 'failed'
        when h.key is not null then 'behind a failed one' else 'waits' end as state,
    u.failure as reason, count(*) as rows, count(distinct u.key) as keys,
    min(o.created_at) as oldest, min(u.failed_at) as failed_since
from outbox_unsent u join outbox o on o.day = u.day and o.id = u.id
left join (select distinct key from outbox_unsent where failed_at is not null) h on h.key = u.key
group by o.topic, state, u.failure order by oldest limit 200
"""
PARKED = """
select consumer, tenant_id, key, count(*) as events, min(waiting_kind) as waits_for,
    min(parked_at) as since
from parked_events group by consumer, tenant_id, key order by min(parked_at) limit 200
"""
LETTERS = """
select consumer, id, event_type, error_class, error_code, attempts, first_failed_at
from dead_letters where status = 'open' order by first_failed_at limit 200
"""

dlq = typer.Typer(no_args_is_help=True, help="Dead letters: look, try again, give up.")
outbox = typer.Typer(no_args_is_help=True, help="Facts that wait to be sent.")
parked = typer.Typer(no_args_is_help=True, help="Events that wait for something to arrive.")


@outbox.command("ls")
def list_outbox(json: Json = False) -> None:
    """Unsent facts of every service by topic: how many wait, which failed and why, since when."""
    show(answer(rows_of_all(OUTBOX)), as_json=json, title="unsent")


@outbox.command("unstick")
def unstick(service: ServiceName, yes: Yes = False, json: Json = False) -> None:
    """Let the relay try again what failed, and what waits behind it; mend the reason first."""
    if not yes:
        stuck = answer(rows_of(known(service), OUTBOX))
        show([row for row in stuck if row["state"] != "waits"], as_json=json, title="stuck")
        raise wants_yes("The failed ones would be tried again")

    async def work() -> int:
        async with working(known(service)) as database, database.pipeline({ids.NIL}) as tx:
            tx.actor = operator()
            return await outbox_rows.forgive(tx)

    tell(f"{answer(work())} facts are tried again", as_json=json)


@parked.command("ls")
def list_parked(json: Json = False) -> None:
    """Parked events by key, and what they wait for."""
    show(answer(rows_of_all(PARKED)), as_json=json, title="parked")


@dlq.command("ls")
def list_letters(
    service: Annotated[str, typer.Option(help="Only this service's.")] = "", json: Json = False
) -> None:
    """Open dead letters, oldest first, without their content."""
    if service:
        show(answer(rows_of(known(service), LETTERS)), as_json=json, title="dead letters")
    else:
        show(answer(rows_of_all(LETTERS)), as_json=json, title="dead letters")


@dlq.command("show")
def show_letter(service: ServiceName, letter: UUID, json: Json = False) -> None:
    """Everything known of one dead letter, its content left out."""

    async def work() -> Letter:
        async with _desk(service) as desk:
            return await desk.show(letter)

    found = answer(work())._asdict()
    if json:
        print_json(found)
        return
    show([{"field": name, "value": value} for name, value in found.items()], as_json=False)


@dlq.command("replay")
def replay(  # noqa: PLR0917 - options of a command, given by name
    service: ServiceName,
    letter: Annotated[UUID | None, typer.Argument(help="One letter's id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are open, oldest first.")] = False,
    event_type: Annotated[str, typer.Option("--type", help="With --all: only of this type.")] = "",
    code: Annotated[str, typer.Option(help="With --all: only of this error code.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show, then roll back.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Run the handler again on one dead letter, or on all; exit 1 when one fails again."""
    if every == (letter is not None):
        raise typer.BadParameter("give the id of one letter, or --all")
    if letter is not None:
        outcomes = [answer(_replay_one(service, letter, dry_run=dry_run))]
    else:
        wanted = answer(_open_letters(service, event_type, code))
        if not (yes or dry_run):
            show(_by_cause(wanted), as_json=json, title="dead letters")
            raise wants_yes(f"{len(wanted)} dead letters would be tried again")
        outcomes = answer(_replay_all(service, wanted, dry_run=dry_run, quiet=json))
    if json:
        told = [{**each._asdict(), "dry_run": dry_run} for each in outcomes]
        print_json(told if every else told[0])
    elif every:
        failed = sum(bool(each.error) for each in outcomes)
        out.print(f"{len(outcomes) - failed} went well, {failed} failed again")
    else:
        _print_outcome(outcomes[0], dry_run=dry_run)
    if any(each.error for each in outcomes):
        raise typer.Exit(FAILED)


async def _replay_one(service: str, letter: UUID, *, dry_run: bool) -> Replayed:
    async with _desk(service) as desk:
        return await desk.replay(letter, by=operator(), dry_run=dry_run)


async def _open_letters(service: str, event_type: str, code: str) -> list[Letter]:
    async with _desk(service) as desk:
        return await desk.list(event_type=event_type, code=code, limit=AT_ONCE)


async def _replay_all(
    service: str, letters: Sequence[Letter], *, dry_run: bool, quiet: bool
) -> list[Replayed]:
    """One after the other, each in its own transaction, so that it may be stopped at any time.

    One that somebody else resolved meanwhile is left out.
    """
    outcomes = []
    async with _desk(service) as desk:
        for number, letter in enumerate(letters, 1):
            try:
                outcome = await desk.replay(letter.id, by=operator(), dry_run=dry_run)
            except (Conflict, NotFound):
                continue
            outcomes.append(outcome)
            if not quiet:
                verdict = outcome.error or "well"
                out.print(f"{number}/{len(letters)} {letter.event_type} {letter.id}: {verdict}")
    return outcomes


def _by_cause(letters: Sequence[Letter]) -> list[dict[str, Any]]:
    counted = Counter((each.event_type, each.error_class, each.error_code) for each in letters)
    names = ("event_type", "error_class", "error_code")
    return [{**dict(zip(names, cause, strict=True)), "letters": n} for cause, n in counted.items()]


def _print_outcome(outcome: Replayed, *, dry_run: bool) -> None:
    verdict = f"failed again: {outcome.error}" if outcome.error else "went well"
    out.print(f"{'dry run: ' if dry_run else ''}{verdict}; told {', '.join(outcome.told) or '-'}")
    for table, (inserted, updated, deleted) in outcome.changes.items():
        out.print(f"  {table}: {inserted} inserted, {updated} updated, {deleted} deleted")


@dlq.command("resume")
def resume(service: ServiceName, yes: Yes = False, json: Json = False) -> None:
    """Let a consumer go on that stopped after too many refusals; deploying a fix does so too."""
    if not yes:
        show([stop._asdict() for stop in answer(_stops(service))], as_json=json, title="stopped")
        raise wants_yes("The consumer would go on within seconds")

    async def work() -> int:
        async with _desk(service) as desk:
            return await desk.resume(by=operator())

    count = answer(work())
    tell(f"{service} goes on" if count else f"{service} was not stopped", as_json=json)


async def _stops(service: str) -> Sequence[Stop]:
    async with _desk(service) as desk:
        return await desk.stops()


@dlq.command("discard")
def discard(
    service: ServiceName,
    letter: UUID,
    reason: Annotated[str, typer.Option(help="Why; kept with the letter.")],
    yes: Yes = False,
) -> None:
    """Give an event up for good; what was parked behind it goes on."""
    if not yes:
        raise wants_yes("The event would be given up for good")

    async def work() -> None:
        async with _desk(service) as desk:
            await desk.discard(letter, by=operator(), reason=reason)

    answer(work())
    out.print("discarded")


@asynccontextmanager
async def _desk(service: str) -> AsyncIterator[DeadLetterDesk]:
    """The dead letters of a service, its database with the hooks a replay needs."""
    async with working(known(service)) as database:
        attach(database)
        yield DeadLetterDesk(database, subscription_of(service))
