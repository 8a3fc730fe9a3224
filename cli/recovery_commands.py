"""`rcm dlq`, `rcm outbox`, `rcm parked`: what is stuck, why, and how it goes on."""

from __future__ import annotations

import getpass
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.answers import FAILED, REFUSED, answer, errors, out, print_json, show
from cli.installation import known, rows_of, rows_of_all, subscription_of, working
from shared.messaging import DeadLetterDesk, attach
from shared.messaging.desk import Letter, Replayed

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
ServiceName = Annotated[str, typer.Argument(help="coding, eligibility, claims, …")]

OUTBOX = """
select u.id, u.tenant_id, u.key, o.topic, o.created_at, u.failed_at is not null as held
from outbox_unsent u join outbox o on o.day = u.day and o.id = u.id
order by u.id limit 200
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
    """Unsent facts of every service, oldest first; `held` ones can never be sent as they are."""
    show(answer(rows_of_all(OUTBOX)), as_json=json, title="unsent")


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
        async with working(known(service)) as database:
            return await DeadLetterDesk(database, subscription_of(service)).show(letter)

    found = answer(work())._asdict()
    if json:
        print_json(found)
        return
    show([{"field": name, "value": value} for name, value in found.items()], as_json=False)


@dlq.command("replay")
def replay(
    service: ServiceName,
    letter: UUID,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show, then roll back.")] = False,
    json: Json = False,
) -> None:
    """Run the handler again on one dead letter; exit 1 when it fails again."""

    async def work() -> Replayed:
        async with working(known(service)) as database:
            attach(database)
            desk = DeadLetterDesk(database, subscription_of(service))
            return await desk.replay(letter, by=_me(), dry_run=dry_run)

    outcome = answer(work())
    told: dict[str, Any] = {**outcome._asdict(), "dry_run": dry_run}
    if json:
        print_json(told)
    else:
        verdict = f"failed again: {outcome.error}" if outcome.error else "went well"
        out.print(f"{'would have ' if dry_run else ''}{verdict}; told {list(outcome.told)}")
        for table, (inserted, updated, deleted) in outcome.changes.items():
            out.print(f"  {table}: {inserted} inserted, {updated} updated, {deleted} deleted")
    if outcome.error:
        raise typer.Exit(FAILED)


@dlq.command("discard")
def discard(
    service: ServiceName,
    letter: UUID,
    reason: Annotated[str, typer.Option(help="Why; kept with the letter.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """Give an event up for good; what was parked behind it goes on."""
    if not yes:
        errors.print("The event would be given up for good; add --yes")
        raise typer.Exit(REFUSED)

    async def work() -> None:
        async with working(known(service)) as database:
            attach(database)
            desk = DeadLetterDesk(database, subscription_of(service))
            await desk.discard(letter, by=_me(), reason=reason)

    answer(work())
    out.print("discarded")


def _me() -> str:
    return f"user:{getpass.getuser()}"
