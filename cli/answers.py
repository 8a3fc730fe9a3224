"""How commands answer: a table or JSON, one sentence for a failure, an exit code with one meaning.

Exit codes: 0 ok, 1 a check failed, 2 usage, 3 not found, 4 refused, 69 service unavailable,
75 try again, 78 bad configuration.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import asyncpg
import httpx
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from cli.api import ApiError
from cli.local_process import EngineUnavailable
from shared.errors import Conflict, Forbidden, NotFound, Refused, TryAgain

OK, FAILED, NOT_FOUND, REFUSED, UNAVAILABLE, TRY_AGAIN, BAD_CONFIGURATION = 0, 1, 3, 4, 69, 75, 78

T = TypeVar("T")
Row = Mapping[str, Any]

out = Console()
errors = Console(stderr=True)

AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, httpx.TransportError)


class NotConfigured(Exception):
    """The command needs an installation and found none; the message names the remedy."""


def answer(work: Coroutine[Any, Any, T]) -> T:
    """The result of a command's work; a failure becomes one sentence and its exit code."""
    try:
        return asyncio.run(work)
    except (NotConfigured, ValidationError) as error:
        raise _end(str(error), BAD_CONFIGURATION) from error
    except EngineUnavailable as error:
        raise _end(str(error), UNAVAILABLE) from error
    except TryAgain as error:
        raise _end(f"{error.what}; try again shortly", TRY_AGAIN) from error
    except Refused as error:
        raise _end(error.sentence, _code_of(error)) from error
    except ApiError as error:
        raise _end(str(error), NOT_FOUND if error.status == 404 else REFUSED) from error
    except AWAY as error:
        name = type(error).__name__
        raise _end(f"something this needs cannot be reached ({name})", UNAVAILABLE) from error


def _code_of(error: Refused) -> int:
    if isinstance(error, NotFound):
        return NOT_FOUND
    return REFUSED if isinstance(error, (Conflict, Forbidden)) else FAILED


def _end(sentence: str, code: int) -> typer.Exit:
    errors.print(f"[red]{sentence}[/red]")
    return typer.Exit(code)


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


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "[red]no[/red]"
    return "" if value is None else str(value)
