"""Medicare dollars per relative value unit, dated: physician services and anesthesia."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path

from shared.codesets.answers import within

TABLE_FILE = Path(__file__).parent / "data" / "conversion_factors.csv"


class Service(StrEnum):
    """What the factor multiplies."""

    PHYSICIAN = "pfs"
    ANESTHESIA = "anesthesia"


@dataclass(frozen=True, slots=True)
class Factor:
    """Dollars per unit (exact decimal), in force on inclusive dates; `source` names the rule."""

    kind: str
    value: Decimal
    valid_from: date
    valid_to: date
    source: str

    @property
    def is_confirmed(self) -> bool:
        """False while the row still waits to be compared with the final rule."""
        return "verify" not in self.source


def conversion_factor(
    on: date, service: Service = Service.PHYSICIAN, *, qualifying: bool = False
) -> Factor | None:
    """The factor of the date of service; None when no final row covers it (never a guess).

    `qualifying`: the rendering NPI is a qualifying APM participant; since 2026 that has its own
    factor, before there was one for all. Source: yearly CMS physician fee schedule final rule.
    """
    wanted = {service.value, f"{service.value}_{'qp' if qualifying else 'nonqp'}"}
    rows = (
        row
        for row in table()
        if row.kind in wanted and within(on, start=row.valid_from, end=row.valid_to)
    )
    return next(rows, None)


@cache
def table() -> tuple[Factor, ...]:
    """Every shipped row in file order; final rules only."""
    with TABLE_FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Factor(
                row["kind"],
                Decimal(row["value"]),
                date.fromisoformat(row["effective_from"]),
                date.fromisoformat(row["effective_to"]),
                row["source"],
            )
            for row in csv.DictReader(lines)
            if row["status"] == "final"
        )
