"""What the `type` of a problem leads to: the row of problems.md that explains its code."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).with_name("problems.md")


class Explained(NamedTuple):
    """One row: code, HTTP status ("-" for a code that stands in `errors`), meaning, remedy."""

    code: str
    status: str
    meaning: str
    remedy: str


@cache
def explained() -> dict[str, Explained]:
    """Every code of the edge, by code."""
    rows = (line for line in _TABLE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `")
    cells = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    return {code.strip("`"): Explained(code.strip("`"), *rest) for code, *rest in cells}


def page_of(code: str) -> str:
    """A short page in Markdown; a service's own codes are explained in `detail`."""
    found = explained().get(code)
    if found is None:
        return f"# {code}\n\nThe service that refused says in `detail` what to do.\n"
    status = "" if found.status == "-" else f"HTTP {found.status}. "
    return f"# {code}\n\n{status}{found.meaning}\n\n{found.remedy}\n"
