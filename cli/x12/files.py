"""Read the file a command names, in pieces, with the code lists there are to check it by."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import typer
from rich.progress import DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cli.answers import BAD_CONFIGURATION, FAILED, NOT_FOUND, UNAVAILABLE, ended, errors
from shared import clock
from shared.codesets.place_of_service import places
from shared.x12 import (
    Interchange,
    InterchangeAcknowledgement,
    Options,
    SetEnd,
    SetStart,
    X12Error,
)

PIECE = 1 << 20
LARGE = 8 * PIECE
"""From this size on a terminal is shown how far the reading is."""
LISTS = ("carc", "rarc", "claim_status", "service_type", "taxonomy", "revenue", "icd10cm", "hcpcs")
"""The lists most worth handing in; a check without its list is not made."""
_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ"
    " NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI FM MH PW AA AE AP"
    " AB BC MB NB NL NS NT NU ON PE QC SK YT"
)
STATES = frozenset(_STATES.split())
"""States, territories and military posts of the postal service, and Canada's provinces."""


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file (`-` is standard input); ends the command when it cannot be read."""
    try:
        if str(path) == "-":
            yield from iter(lambda: sys.stdin.buffer.read(PIECE), b"")
            return
        with path.open("rb") as source, _progress(path) as progress:
            task = progress.add_task(path.name, total=path.stat().st_size)
            while piece := source.read(PIECE):
                yield piece
                progress.advance(task, len(piece))
    except FileNotFoundError as error:
        raise ended(f"There is no file {path}.", NOT_FOUND) from error
    except OSError as error:
        raise ended(f"{path} cannot be read: {error.strerror}.", UNAVAILABLE) from error


def _progress(path: Path) -> Progress:
    shown = errors.is_terminal and path.stat().st_size >= LARGE
    columns = (
        TextColumn("{task.description}", markup=False),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=errors, transient=True, disable=not shown)


def unreadable(error: X12Error) -> typer.Exit:
    """What to raise when a file is no X12 at all."""
    return ended(f"This cannot be read as X12: {error}.", FAILED)


def set_named(start: SetStart, end: SetEnd) -> dict[str, Any]:
    """Which set of a file it is, as JSON names it."""
    return {
        "interchange": start.interchange.control,
        "group": start.group.control,
        "control": end.header.control,
        "set": end.kind or end.header.id,
        "version": end.header.version,
        "segments": end.segments,
    }


def acknowledgement_named(
    interchange: Interchange, answer: InterchangeAcknowledgement
) -> dict[str, Any]:
    """A TA1, which stands outside of groups, in the same words; its number is what it answers."""
    return {
        "interchange": interchange.control,
        "group": "",
        "control": answer.control,
        "set": "TA1",
        "version": interchange.version,
        "segments": 1,
    }


def options(folder: Path | None) -> Options:
    """Today's date and the code lists: those of the project, and `<name>.txt` of a folder.

    Such a file has one code a line; what follows a blank or comma is not read.
    """
    lists: dict[str, Container[str]] = {"pos": frozenset(places()), "state": STATES}
    for path in sorted(folder.glob("*.txt")) if folder else ():
        words = (line.replace(",", " ").split() for line in _text_of(path).splitlines())
        lists[path.stem] = frozenset(found[0].upper() for found in words if found)
    return Options(external=lists, today=clock.today())


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        sentence = f"The code list {path} is not UTF-8 text: save it as UTF-8."
        raise ended(sentence, BAD_CONFIGURATION) from error
    except OSError as error:
        raise ended(f"{path} cannot be read: {error.strerror}.", UNAVAILABLE) from error


def write(path: Path, content: bytes) -> None:
    """Write an answer to a file; ends the command when that is not possible."""
    try:
        path.write_bytes(content)
    except FileNotFoundError as error:
        sentence = f"There is no folder {path.parent}: make it first."
        raise ended(sentence, NOT_FOUND) from error
    except OSError as error:
        raise ended(f"{path} cannot be written: {error.strerror}.", UNAVAILABLE) from error


def lists_not_checked(chosen: Options) -> list[str]:
    """Code lists that guides name and nobody has handed in."""
    return [name for name in LISTS if name not in chosen.external]
