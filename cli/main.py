"""The command line: every command of `rcm`, each a few lines over the module that does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli import (
    bus_commands,
    checks,
    claim_commands,
    recovery_commands,
    visit_commands,
    x12_commands,
)

app = typer.Typer(
    name="rcm", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def rcm() -> None:
    """Claimstream: an event-driven revenue cycle."""


app.command("migrate")(checks.migrate_command)
app.command("doctor")(checks.doctor)
app.command("tail")(bus_commands.tail)
app.add_typer(checks.verify, name="verify")
app.add_typer(bus_commands.topics, name="topics")
app.add_typer(bus_commands.groups, name="groups")
app.add_typer(recovery_commands.dlq, name="dlq")
app.add_typer(recovery_commands.outbox, name="outbox")
app.add_typer(recovery_commands.parked, name="parked")
app.add_typer(claim_commands.claim, name="claim")
app.add_typer(visit_commands.encounter, name="encounter")
app.add_typer(visit_commands.account, name="account")
app.add_typer(x12_commands.x12, name="x12")


@app.command()
def demo(  # noqa: PLR0917 - options of a command, given by name
    context: typer.Context,
    once: Annotated[bool, typer.Option(help="End when everything has come to rest.")] = False,
    json: Annotated[bool, typer.Option(help="Print one JSON object on standard output.")] = False,
    reset: Annotated[bool, typer.Option(help="Forget earlier runs first.")] = False,
    bus: Annotated[
        Literal["embedded", "kafka"], typer.Option(help="The event log to run on.")
    ] = "embedded",
    encounters: Annotated[
        int, typer.Option(min=0, max=100_000, help="Encounters beside the scenarios.")
    ] = 200,
) -> None:
    """An invented clinic, from the first visit to posted money, in one process."""
    from cli.demo.command import Wishes, play  # noqa: PLC0415 - other commands start sooner

    wishes = Wishes(once=once, json=json, reset=reset, bus=bus, encounters=encounters)
    raise typer.Exit(play(wishes, started_at=context.obj))


@app.command()
def dev(
    bus: Annotated[
        Literal["embedded", "kafka"], typer.Option(help="The event log to run on.")
    ] = "embedded",
    watch: Annotated[
        list[Path] | None, typer.Option(help="A folder to watch instead of the program's own.")
    ] = None,
) -> None:
    """The whole system in one process for development; a changed file starts it again."""
    from cli.dev.command import develop  # noqa: PLC0415 - other commands start sooner

    raise typer.Exit(develop(bus, watched=watch))


def main(*, started_at: float) -> None:
    """Run the command line; started_at is when the process began (time.monotonic)."""
    app(obj=started_at)
