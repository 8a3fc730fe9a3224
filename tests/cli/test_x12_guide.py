"""docs/guides/x12.md is what the commands say; run as a program this writes it anew."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.x12_commands import x12
from shared import clock

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guides" / "x12.md"
AT = dt.datetime(2026, 2, 1, 9, 30, tzinfo=dt.UTC)
RUN = re.compile(r"```console\n\$ rcm x12 (?P<arguments>.+)\n(?P<output>(?:(?!```).*\n)*)```")
SHOWN = re.compile(r"```x12 (?P<path>.+)\n(?P<text>(?:(?!```).*\n)*)```")


def said(arguments: str) -> str:
    """What the command prints on the page's day."""
    with clock.fixed(AT):
        return CliRunner().invoke(x12, arguments.split()).stdout


def as_it_should_be(text: str) -> str:
    """The page with each command's output as it is now."""

    def block(found: re.Match[str]) -> str:
        arguments = found["arguments"]
        return f"```console\n$ rcm x12 {arguments}\n{said(arguments)}```"

    return RUN.sub(block, text)


def test_the_page_shows_what_the_commands_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = PAGE.read_text()
    assert as_it_should_be(text) == text, "run `python -m tests.cli.test_x12_guide`"
    assert len(RUN.findall(text)) >= 5


def test_the_page_shows_the_file_it_speaks_of() -> None:
    found = SHOWN.search(PAGE.read_text())
    assert found
    assert (ROOT / found["path"]).read_text() == found["text"]


def test_three_faults_are_planted_and_three_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    faulty, corrected = ("docs/guides/x12/faulty.edi", "docs/guides/x12/corrected.edi")
    differences = said(f"diff {faulty} {corrected}").splitlines()
    findings = [line for line in said(f"lint {faulty}").splitlines() if "error  " in line]
    assert len(differences) == len(findings) == 3
    assert said(f"lint {corrected}").splitlines()[1] == "0 errors, 0 warnings in 1 set."


if __name__ == "__main__":
    PAGE.write_text(as_it_should_be(PAGE.read_text()))
