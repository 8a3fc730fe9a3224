"""The README names every member, test value and knob that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.knobs import Door, Fault
from sandbox.scenarios import SCENARIOS, TEST_CENTS

README = (Path(__file__).parents[2] / "sandbox" / "README.md").read_text()


def first_cells(heading: str) -> list[str]:
    """The first column of the table that follows a heading cell."""
    _, _, rest = README.partition(f"\n| {heading} |")
    table = rest.split("\n\n")[0]
    return [line.split("|")[1].strip() for line in table.splitlines()[2:]]


def test_every_member_has_a_row() -> None:
    named = {name for cell in first_cells("member") for name in re.findall("`([^`]+)`", cell)}
    assert named == set(SCENARIOS)


def test_every_test_value_has_a_row() -> None:
    assert first_cells("cents") == [f".{cents:02d}" for cents in TEST_CENTS]


def test_every_knob_has_a_row() -> None:
    named = [cell.strip("`") for cell in first_cells("fault")]
    assert sorted(named) == sorted(set(Fault) - {Fault.NONE})
    assert f'"door": "{"|".join(Door)}"' in README
