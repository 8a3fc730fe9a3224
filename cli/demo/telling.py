"""How the demo speaks: progress on standard error, one result on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.answers import errors
from cli.demo.counting import Figures


def progress() -> Progress:
    """A progress bar on standard error; plain lines where it is no terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=False,
    )


def dollars(cents: int) -> str:
    """Cents as US dollars."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def table(figures: Figures, seconds: float, first_paid_claim_seconds: float) -> Table:
    """The closing table."""
    rows: list[tuple[str, object]] = [
        ("encounters", figures.encounters.total()),
        ("coded", figures.encounters["coded"]),
        ("eligible", f"{figures.eligible} of {figures.checks} checks"),
        ("claims", figures.claims.total()),
        ("submitted", figures.submitted),
        ("accepted", figures.accepted),
        ("paid", figures.paid),
        ("denied", figures.denied),
        ("posted", figures.posted),
        *(("claims " + status, count) for status, count in sorted(figures.claims.items())),
        *((_words(name), dollars(cents)) for name, cents in figures.money.items()),
        ("ledger sum", dollars(figures.ledger_sum_cents)),
        ("first paid claim", f"{first_paid_claim_seconds:.1f} s"),
        ("all of it", f"{seconds:.1f} s"),
    ]
    made = Table(title="Riverbend Billing (invented), three practices", show_header=False)
    made.add_column()
    made.add_column(justify="right")
    for name, value in rows:
        made.add_row(name, str(value))
    return made


def _words(name: str) -> str:
    return name.removesuffix("_cents").replace("_", " ")


def print_json(result: dict[str, Any]) -> None:
    """The one object on standard output."""
    sys.stdout.write(json.dumps(result, sort_keys=True) + "\n")
    sys.stdout.flush()
