"""How commands answer: a table or JSON, one sentence for a failure, an exit code with one meaning.

Exit codes: 0 ok, 1 a check failed, 2 usage, 3 not found, 4 refused, 69 service unavailable,
75 try again, 78 bad configuration.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import asyncpg
import httpx
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.api import ApiError
from cli.local_process import EngineUnavailable
from shared.errors import Conflict, Forbidden, NotFound, Refused, TryAgain
from shared.settings import BadSetting, problems_of

OK, FAILED, NOT_FOUND, REFUSED, UNAVAILABLE, TRY_AGAIN, BAD_CONFIGURATION = 0, 1, 3, 4, 69, 75, 78

T = TypeVar("T")
Row = Mapping[str, Any]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it.")]

out = Console(markup=False, emoji=False)
errors = Console(markup=False, emoji=False, stderr=True)
"""What they print comes from users, files and databases: a bracket in it is a bracket."""

AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, httpx.TransportError)


class NotConfigured(Exception):
    """The command needs an installation and found none; the message names the remedy."""


def answer(work: Coroutine[Any, Any, T]) -> T:
    """The result of a command's work; a failure becomes one sentence and its exit code."""
    with plainly():
        return asyncio.run(work)


@contextmanager
def plainly() -> Iterator[None]:
    """A failure that is nobody's bug becomes one sentence and its exit code; others pass."""
    try:
        yield
    except Exception as error:
        found = told(error)
        if found is None:
            raise
        raise ended(*found) from error


def told(error: Exception) -> tuple[str, int] | None:
    """The sentence and the exit code of a failure, None for a bug."""
    match error:
        case ValidationError() | BadSetting():
            return "\n".join(problems_of(error)), BAD_CONFIGURATION
        case NotConfigured():
            return str(error), BAD_CONFIGURATION
        case EngineUnavailable():
            return str(error), UNAVAILABLE
        case TryAgain():
            return f"{error.what}; try again shortly", TRY_AGAIN
        case Refused():
            return error.sentence, _code_of(error)
        case ApiError():
            return str(error), NOT_FOUND if error.status == 404 else REFUSED
        case OSError() if error.filename is not None:
            return f"{error.filename}: {error.strerror}", UNAVAILABLE
        case _ if isinstance(error, AWAY):
            name = type(error).__name__
            return f"something this needs cannot be reached ({name})", UNAVAILABLE
    return None


def _code_of(error: Refused) -> int:
    if isinstance(error, NotFound):
        return NOT_FOUND
    return REFUSED if isinstance(error, (Conflict, Forbidden)) else FAILED


def ended(sentence: str, code: int) -> typer.Exit:
    """What to raise to end a command with one sentence and an exit code."""
    complain(sentence)
    return typer.Exit(code)


def complain(sentence: str) -> None:
    """Say on standard error what is wrong."""
    errors.print(sentence, style="red", highlight=False, soft_wrap=True)


def wants_yes(sentence: str) -> typer.Exit:
    """To be raised where a command would destroy something and was not told `--yes`."""
    errors.print(f"{sentence}; add --yes")
    return typer.Exit(REFUSED)


def tell(sentence: str, *, as_json: bool) -> None:
    """Say what was done."""
    if as_json:
        print_json({"done": sentence})
    else:
        out.print(sentence)


def show(rows: Sequence[Row], *, as_json: bool, title: str = "") -> None:
    """Rows as a table, or as a JSON array."""
    if as_json:
        print_json([dict(row) for row in rows])
        return
    if not rows:
        out.print(f"{title or 'nothing'}: none")
        return
    table = Table(title=title or None)
    for name in rows[0]:
        table.add_column(str(name).replace("_", " "))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    out.print(table)


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(value, default=str, sort_keys=True) + "\n")


def _cell(value: object) -> Text:
    if isinstance(value, bool):
        return Text("yes") if value else Text("no", style="red")
    return Text("" if value is None else str(value))
