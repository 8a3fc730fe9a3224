"""The overview of `rcm` says of each command what the command says of itself, and loads none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli.main import COMMANDS, loaded

_LISTS_AND_NAMES_MODULES = """
import sys
from typer.testing import CliRunner
from cli.main import app
answer = CliRunner().invoke(app, ["--help"])
print(answer.output)
print("loaded:", [name for name in sys.modules if name.startswith(("services.", "gateway."))])
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_command_says(name: str) -> None:
    assert loaded(name).get_short_help_str(limit=200) == COMMANDS[name][1]


@pytest.mark.parametrize("words", [(), ("migrate",), ("claim", "show")])
def test_a_command_calls_itself_rcm(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "cli", *words, "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split()[: len(words) + 2] == ["Usage:", "rcm", *words]


def test_the_overview_loads_no_service() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LISTS_AND_NAMES_MODULES], capture_output=True, text=True, check=True
    ).stdout
    assert all(f" {name} " in told for name in (*COMMANDS, "demo", "dev"))
    assert told.rstrip().endswith("loaded: []")
