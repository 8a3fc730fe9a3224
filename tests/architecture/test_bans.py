"""What may stand in one home only is refused elsewhere by the linter, as `make check` runs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.skeleton import ROOT

NOW = "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n"
TODAY = "import datetime\n\nTODAY = datetime.date.today()\n"
STAMP = "import time\n\nSTAMP = time.time()\n"
RANDOM_ID = "from uuid import uuid4\n\nNEW = uuid4()\n"
PRINTED = 'print("a claim")\n'


def refusals(place: str, source: str) -> set[str]:
    """The rules that a source would break if it stood there."""
    ran = subprocess.run(
        [
            sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise",
            "--stdin-filename", place, "-",
        ],
        cwd=ROOT,
        input=f'"""A module."""\n\n{source}',
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    return {line.split()[1] for line in ran.stdout.splitlines() if line.startswith(place)}


@pytest.mark.parametrize(
    ("place", "source", "rule"),
    [
        ("services/claims/actions/planted.py", NOW, "TID251"),
        ("shared/database/planted.py", NOW, "TID251"),
        ("cli/planted.py", TODAY, "TID251"),
        ("gateway/planted.py", STAMP, "TID251"),
        ("services/payments/domain/planted.py", RANDOM_ID, "TID251"),
        ("shared/clock.py", PRINTED, "T201"),
        ("services/claims/planted.py", PRINTED, "T201"),
        ("gateway/planted.py", PRINTED, "T201"),
        ("tests/planted.py", PRINTED, "T201"),
    ],
)
def test_a_planted_violation_is_seen(place: str, source: str, rule: str) -> None:
    assert rule in refusals(place, source)


@pytest.mark.parametrize(
    ("place", "source"),
    [("shared/clock.py", NOW), ("shared/ids.py", RANDOM_ID), ("cli/planted.py", PRINTED)],
)
def test_at_home_it_is_allowed(place: str, source: str) -> None:
    assert refusals(place, source) == set()
