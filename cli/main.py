"""The command line: every command of `rcm`, each a few lines over the module that does it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "migrate": ("cli.checks:migrate_command", "Bring the databases to the newest revision."),
    "doctor": (
        "cli.checks:doctor",
        "Look at settings, databases, revisions, event log, keys, clock and disk; say the remedy.",
    ),
    "tail": (
        "cli.bus_commands:tail",
        "Show events as they are published: types and ids, never their content.",
    ),
    "verify": ("cli.verify_commands:verify", "Invariants, checked now."),
    "topics": ("cli.bus_commands:topics", "The declared topics against the event log."),
    "groups": ("cli.bus_commands:groups", "Consumer groups: who is behind, and by how much."),
    "dlq": ("cli.recovery_commands:dlq", "Dead letters: look, try again, give up."),
    "outbox": ("cli.recovery_commands:outbox", "Facts that wait to be sent."),
    "parked": ("cli.recovery_commands:parked", "Events that wait for something to arrive."),
    "claim": ("cli.claim_commands:claim", "One claim across services."),
    "encounter": ("cli.visit_commands:encounter", "Encounters: send one in, look at one."),
    "account": ("cli.visit_commands:account", "Patients' accounts."),
    "x12": ("cli.x12_commands:x12", "Read, check, explain and answer X12 files."),
}
"""Commands by name: where they are, so that only the one that is called is loaded; its line."""


class _LoadedWhenCalled(TyperGroup):
    """Lists the table's lines and loads the module of the command that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The table's commands, then those of this module."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command's line for the overview."""
        if cmd_name in COMMANDS:
            return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name in COMMANDS else command, rest


def loaded(name: str) -> TyperCommand | TyperGroup:
    """A command of the table, its module loaded."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found: Any = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return cast(TyperCommand, typer.main.get_command(alone))


app = typer.Typer(
    name="rcm",
    cls=_LoadedWhenCalled,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def rcm() -> None:
    """Claimstream: an event-driven revenue cycle."""


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
    app(prog_name="rcm", obj=started_at)
