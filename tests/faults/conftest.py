"""Fixtures of the fault scenarios, and the table of what a run of them showed."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.rig import Rig
from tests.support.processes import ROOT, Supervisor
from tests.support.system import BUSES, engines, installation

SEED = int(os.environ.get("RCM_FAULT_SEED", "1"))
REPORT = "RCM_FAULT_REPORT"
LOGS = ROOT / ".cache" / "faults"
"""What the processes of the latest run said."""
BUS_PARAMS = [
    pytest.param(bus, marks=[pytest.mark.kafka] if bus == "kafka" else []) for bus in BUSES
]


def rig_on(*, fast: str, only: bool = False) -> pytest.MarkDecorator:
    """The event logs a scenario runs on: `fast` belongs to the fast set, the other is slow."""
    params = []
    for bus in BUSES:
        marks = [pytest.mark.kafka] * (bus == "kafka") + [pytest.mark.slow] * (bus != fast)
        if bus == fast or not only:
            params.append(pytest.param(bus, marks=marks))
    return pytest.mark.parametrize("rig", params, indirect=True)


HEADER = """\
| scenario | bus | seed | commit | seconds | verdict | seen |
| --- | --- | --- | --- | --- | --- | --- |
"""


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip()


COMMIT = (_git("rev-parse", "--short", "HEAD") or "unknown") + "+" * bool(
    _git("status", "--porcelain", "--", ".", ":!docs/operations/fault-runs.md")
)
"""What the run began with; + when the working tree had changes beside the page of runs."""


class Row(NamedTuple):
    """One run of one scenario."""

    scenario: str
    bus: str
    seed: int
    commit: str
    seconds: int
    verdict: str
    seen: str

    @property
    def line(self) -> str:
        """The row as Markdown."""
        return f"| {' | '.join(str(cell) for cell in self)} |"


class Run:
    """The run of a scenario: its own seeded chance, and what it wants to tell."""

    def __init__(self, name: str) -> None:
        self.chance = random.Random(f"{SEED} {name}")
        self.seen: list[str] = []

    def saw(self, text: str) -> None:
        """One fact for the table."""
        self.seen.append(text)


_ROWS: list[Row] = []


@pytest.fixture(scope="session")
async def rig(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rig]:
    """An installation of separate processes on durable engines of its own, per event log."""
    folder = tmp_path_factory.mktemp(request.param)
    with engines(folder, request.param) as made:
        async with installation(made.plan()) as place:
            supervisor = Supervisor(place.environment, _fresh(LOGS / request.param))
            try:
                yield Rig(made, place, supervisor)
            finally:
                await supervisor.close()


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """The seeded run of a scenario."""
    made = Run(request.node.name)
    request.node.user_properties.append(("run", made))
    return made


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """One row per scenario: of its call, or of a setup that did not get so far."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if item.get_closest_marker("fault") is None or report.when == "teardown":
        return
    if report.when == "setup" and report.passed:
        return
    verdict = {"passed": "passed", "failed": "FAILED", "skipped": "not run"}[report.outcome]
    runs = [made for _, made in item.user_properties if isinstance(made, Run)]
    seen = [text for made in runs for text in made.seen]
    assert isinstance(item, pytest.Function)
    params = item.callspec.params
    name = next((str(value) for value in params.values() if value in BUSES), "-")
    _ROWS.append(
        Row(_scenario(item), name, SEED, COMMIT, round(report.duration), verdict, "; ".join(seen))
    )


def _scenario(item: pytest.Function) -> str:
    """`test_f3_an_answer_is_lost[embedded-coding]` -> `F3 an answer is lost: coding`."""
    number, _, words = item.originalname.removeprefix("test_").partition("_")
    variants = [str(value) for value in item.callspec.params.values() if value not in BUSES]
    label = number.upper().replace("7B", "7b")
    return " ".join([label, words.replace("_", " ")]) + "".join(f": {each}" for each in variants)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table; RCM_FAULT_REPORT names the page whose rows this run replaces."""
    if not _ROWS:
        return
    terminalreporter.section(f"fault runs, seed {SEED}")
    for row in _ROWS:
        terminalreporter.line(row.line)
    if os.environ.get(REPORT):
        _write_down(Path(os.environ[REPORT]))


def _write_down(page: Path) -> None:
    """Replace the rows of what ran in the page's table of runs; its words stay as they are."""
    before, _, rest = page.read_text().partition(HEADER)
    rows, end, after = rest.partition("\n\n")
    known = {_place(line): line for line in rows.splitlines()}
    known |= {_place(row.line): row.line for row in _ROWS}
    ordered = sorted(known.values(), key=lambda line: (int(re.findall(r"\d+", line)[0]), line))
    page.write_text(before + HEADER + "\n".join(ordered) + end + after)


def _place(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split("|")[1:3])


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
