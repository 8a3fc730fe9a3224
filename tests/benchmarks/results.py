"""Where benchmarks leave their figures: build/bench.json, one flat object that all share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "build" / "bench.json"


def merge(figures: Mapping[str, float]) -> None:
    """Add or replace figures; those of other benchmarks stay."""
    FILE.parent.mkdir(exist_ok=True)
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    known.update({name: round(value, 4) for name, value in figures.items()})
    FILE.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows as aligned text; the first one is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)
