"""`rcm x12`: check a file, list what it says, explain it, answer it, compare it with another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.answers import FAILED, NOT_FOUND, Json, ended, print_json
from cli.answers import show as show_rows
from cli.x12 import acknowledge as acknowledging
from cli.x12 import compare, files
from cli.x12 import explain as explaining
from cli.x12 import lint as linting
from cli.x12 import parse as parsing
from shared import clock
from shared.x12 import GUIDES, UnwritableError, X12Error
from shared.x12.printing import guide_table

File = Annotated[Path, typer.Argument(dir_okay=False, help="The file; - is standard input.")]
ShowPhi = Annotated[
    bool, typer.Option("--show-phi", help="Show names, numbers and dates of patients, too.")
]
Lists = Annotated[
    Path | None,
    typer.Option("--lists", file_okay=False, exists=True, help="Folder of code lists: carc.txt …"),
]

MOST_CONTROL = 999_999_999
"""ISA13 has nine digits."""

x12 = typer.Typer(no_args_is_help=True, help="Read, check, explain and answer X12 files.")


@x12.command("lint")
def lint(file: File, json: Json = False, show_phi: ShowPhi = False, lists: Lists = None) -> None:
    """Everything that is wrong with a file, and the remedy; the exit status is 1 for an error."""
    options = files.options(lists)
    verdict = linting.lint(files.pieces(file), options)
    if json:
        print_json({
            "findings": verdict.findings, "sets": verdict.sets, "totals": verdict.totals(),
        })  # fmt: skip
    else:
        not_checked = files.lists_not_checked(options)
        linting.show(verdict, values=show_phi, not_checked=not_checked)
    if verdict.errors:
        raise typer.Exit(FAILED)


@x12.command("parse")
def parse(file: File, json: Json = False, show_phi: ShowPhi = False) -> None:
    """The typed values of a file: claims, payments, benefits, statuses."""
    try:
        sets = parsing.parse(files.pieces(file), files.options(None), show_phi=show_phi)
        if json:
            print_json({"sets": list(sets)})
        else:
            parsing.show(sets)
    except X12Error as error:
        raise files.unreadable(error) from error


@x12.command("explain")
def explain(file: File, json: Json = False, show_phi: ShowPhi = False) -> None:
    """The file in words, segment by segment, under the loops of its guide."""
    try:
        lines = explaining.explain(files.pieces(file), show_phi=show_phi)
        if json:
            print_json(explaining.as_json(lines))
        else:
            explaining.show(lines)
    except X12Error as error:
        raise files.unreadable(error) from error


@x12.command("ack")
def ack(
    file: File,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="Write here.")
    ] = None,
    claims: Annotated[bool, typer.Option("--claims", help="A 277CA for claims, too.")] = False,
    control: Annotated[
        int, typer.Option(min=1, max=MOST_CONTROL, help="The first control number.")
    ] = 1,
    lists: Lists = None,
) -> None:
    """TA1 and 999 that a file is owed, from its receiver to its sender, as X12.

    The exit status is 1 when none is owed: a TA1 or 999 is not answered.
    """
    try:
        written = acknowledging.acknowledge(
            files.pieces(file), files.options(lists), claims=claims, control=control,
            at=clock.system(),
        )  # fmt: skip
    except UnwritableError as error:
        raise ended(f"The answer cannot be written: {error}.", FAILED) from error
    except X12Error as error:
        raise files.unreadable(error) from error
    if not written:
        raise ended("No answer is owed: the file asks for none, and an answer gets none.", FAILED)
    if output:
        files.write(output, written)
    else:
        sys.stdout.buffer.write(written)


@x12.command("diff")
def diff(left: File, right: File, json: Json = False, show_phi: ShowPhi = False) -> None:
    """What two files say differently, whatever their delimiters; the exit status is 1 for that."""
    try:
        lines = [compare.lines_of(files.pieces(file)) for file in (left, right)]
    except X12Error as error:
        raise files.unreadable(error) from error
    rows = [compare.row_of(d, show_phi=show_phi) for d in compare.differences(*lines)]
    if json:
        print_json({"same": not rows, "differences": rows})
    elif rows:
        compare.show(rows)
    else:
        typer.echo("Both say the same.")
    if rows:
        raise typer.Exit(FAILED)


@x12.command("guide")
def guide(
    name: Annotated[str, typer.Argument(help="837P, 835, 271 …")],
    segment: Annotated[str, typer.Argument(help="Only this segment, such as CLM.")] = "",
    json: Json = False,
) -> None:
    """What may stand where in a set: loops, segments, elements, codes."""
    found = next((one for one in GUIDES if one.name == name.upper()), None)
    if found is None:
        known = ", ".join(one.name for one in GUIDES)
        raise ended(f"There is no guide {name}; there are {known}.", NOT_FOUND)
    columns = ("loop", "place", "usage", "repeats", "detail")
    rows = [dict(zip(columns, row, strict=True)) for row in guide_table(found)]
    wanted = segment.upper()
    kept = [row for row in rows if not wanted or row["place"].startswith(wanted)]
    if not kept:
        sentence = f"{found.name} has no segment {wanted}: leave it out to see all there are."
        raise ended(sentence, NOT_FOUND)
    show_rows(kept, as_json=json, title=f"{found.name} {found.version}")
