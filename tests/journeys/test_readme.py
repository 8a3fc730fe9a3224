"""The README's six commands do what the README shows, and the other commands answer."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from cli.demo.opening import Company
from cli.everything import Installed
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
MASKS = (
    (re.compile(r"\b(enc|clm)_[a-z2-7]{26}"), r"\1_…"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r", \d{4}-\d\d-\d\d *$", re.MULTILINE), ", <day>"),
    (re.compile(r"[ ━─]+"), " "),
)
ONE_SYSTEM = [
    pytest.mark.parametrize("place", ["embedded"], indirect=True),
    pytest.mark.parametrize("system", ["one"], indirect=True),
]
pytestmark = ONE_SYSTEM


def session() -> list[tuple[str, str]]:
    """(command, output) of the README's console block."""
    block = (ROOT / "README.md").read_text().partition("```console\n")[2].partition("```")[0]
    parts = re.split(r"^\$ (.*)$", block, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def masked(text: str) -> str:
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


def same(output: str, shown: str) -> bool:
    """Whether both say the same; what services do side by side may stand in either order."""
    lines, expected = masked(output).splitlines(), masked(shown).splitlines()
    return sorted(lines) == sorted(expected)


async def rcm(system: Installed, company: Company, *arguments: str) -> tuple[int, str]:
    told = {"RCM_API_URL": system.gateway_url, "RCM_API_KEY": company.api.secret, "COLUMNS": "100"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments,
        cwd=ROOT,
        env={**os.environ, **system.environment, **told},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_the_six_commands_print_what_the_readme_shows(
    system: Installed, company: Company
) -> None:
    steps = session()
    assert len(steps) == 6
    ids: dict[str, str] = {}
    for command, shown in steps:
        words = [_own(word, ids) for word in command.split()[1:]]

        async def agrees(words: list[str] = words, shown: str = shown) -> str:
            code, output = await rcm(system, company, *words)
            ids.update({one[:4]: one for one in re.findall(r"(?:enc|clm)_[a-z2-7]{26}", output)})
            return "" if code == 0 and same(output, shown) else output

        last = await agrees()
        if last:
            await eventually(
                lambda: _none_is_true(agrees), timeout_seconds=60, describe=f"{command}:\n{last}"
            )


async def _none_is_true(probe: object) -> bool:
    assert callable(probe)
    return not await probe()


def _own(word: str, ids: dict[str, str]) -> str:
    """An id of the README becomes the id this run got for it."""
    return ids.get(word[:4], word) if re.fullmatch(r"(enc|clm)_[a-z2-7]{26}", word) else word


async def test_operations_commands_answer(system: Installed, company: Company) -> None:
    for words, code in (
        (["doctor", "--json"], 0),
        (["topics", "plan", "--json"], 0),
        (["groups", "ls", "--json"], 0),
        (["dlq", "ls", "--json"], 0),
        (["outbox", "ls", "--json"], 0),
        (["parked", "ls", "--json"], 0),
        (["verify", "ledger", "--json"], 0),
        (["verify", "audit", "--json"], 0),
        (["verify", "isolation", "--json"], 0),
        (["migrate", "--check"], 0),
        (["tail", "--seconds", "0.1", "--json"], 0),
        (["groups", "lag", "nobody"], 2),
        (["claim", "show", "clm_nonsense"], 4),
        (["dlq", "show", "claims", "01900000-0000-7000-8000-000000000001"], 3),
        (["dlq", "discard", "claims", "01900000-0000-7000-8000-000000000001", "--reason", "x"], 4),
        (["groups", "rewind", "claims", "--to", "2026-01-01"], 4),
    ):
        found, output = await rcm(system, company, *words)
        assert found == code, f"rcm {' '.join(words)} ended with {found}:\n{output}"
        if "--json" in words and words[0] != "tail":
            assert isinstance(json.loads(output), list)
