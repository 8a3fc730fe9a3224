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


HEAD = """# Fault runs

Written by `RCM_FAULT_REPORT=docs/operations/fault-runs.md make faults SEED={seed}`, which replaces
the rows of the scenarios it ran and leaves the others with their own commit. `ONLY=F8` runs one
scenario again (`ONLY=F1_` for F1 alone), `ARGS="-m 'fault and not slow'"` the fast set: every
scenario once, some on Kafka, some on the embedded log. The seed decides the load, the order of
kills and the pauses; what the machine does in between it does not decide.

Every scenario ends with the independent checker of `tests/support/checker.py` over all databases
and topics (I1-I6 of docs/trust; those that hold at every moment also every 5 s while faults run),
on separate processes, except F11 and F13, which run the consumer in the test's own process on a
service made for tests. Passed means: no violation, and rest within 60 s after the last process
was ready again. `RCM_FAULT_PATIENCE=3` makes that 180 s on a machine that does other work beside;
the row then says so.

| scenario | bus | seed | commit | seconds | verdict | seen |
| --- | --- | --- | --- | --- | --- | --- |
"""
TAIL = """
Not run, never passed: a scenario whose engine cannot be started here is `not run`.

What these runs cannot show: power loss of a whole Kafka cluster, disks that lie, failure of a cloud
zone, a live Kubernetes cluster, real payers and clearinghouses, a penetration test, load beyond the
machine they ran on (docs/trust 5). Of the scenarios in docs/trust 4 only those in the table are
here, in their short form; I7 and I8 are not judged, and how much a kill makes the bus deliver again
is bounded for relays (only what the killed relay did not know to be sent, at most one batch), not
for consumers. F8 restarts PostgreSQL for 30 s, not 3 minutes, and on 60 claims, not 1,000.
"""


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip()


COMMIT = (_git("rev-parse", "--short", "HEAD") or "unknown") + "+" * bool(
    _git("status", "--porcelain")
)
"""What the run began with; + when the working tree had changes of its own."""


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
    shutil.rmtree(made.postgres.directory)


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
    lines = page.read_text().splitlines() if page.exists() else []
    known = {_place(line): line for line in lines if line.startswith("| F")}
    known |= {_place(row.line): row.line for row in _ROWS}
    ordered = sorted(known.values(), key=lambda line: (int(re.findall(r"\d+", line)[0]), line))
    page.write_text(HEAD.format(seed=SEED) + "\n".join(ordered) + "\n" + TAIL)


def _place(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split("|")[1:3])


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
