"""Every declared metric is written somewhere, every written one is declared, the page lists all."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from shared.telemetry.metrics import METRICS

ROOT = Path(__file__).resolve().parents[2]
CODE = ("shared", "services", "gateway", "cli")
WRITERS = frozenset({"count", "observe", "gauge"})
PAGE = ROOT / "docs" / "operations" / "metrics.md"
DECLARED = {metric.name for metric in METRICS}


def written(source: str) -> set[str]:
    """The names that a module hands to count, observe or gauge."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {
        str(call.args[0].value)
        for call in calls
        if call.args
        and isinstance(call.args[0], ast.Constant)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) in WRITERS
        and str(call.args[0].value).startswith("rcm_")
    }


def test_every_declared_metric_has_a_writer_and_the_reverse() -> None:
    found: set[str] = set()
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            found |= written(path.read_text(encoding="utf-8"))
    assert DECLARED - found == set(), "declared, and nobody writes them"
    assert found - DECLARED == set(), "written, and not declared"


def test_a_writer_is_recognised() -> None:
    assert written('telemetry.count("rcm_a_total", 1, service=s)\ngauge("rcm_b", 2)') == {
        "rcm_a_total",
        "rcm_b",
    }
    assert written('Metric("rcm_c", Gauge, "text")\nlabels.get("rcm_d")') == set()


def test_the_page_lists_what_is_declared() -> None:
    rows = re.findall(r"^\| `(rcm_\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [metric.name for metric in METRICS]
