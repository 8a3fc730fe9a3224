"""The house rules hold, and each sees what is planted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.skeleton import ROOT, build, write

Rule = Callable[[Path], list[str]]
RULES: list[Rule] = [
    rules.missing_rooms,
    rules.nameless_names,
    rules.calls_between_services,
    rules.float_money,
    rules.sleeping_tests,
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A skeleton in which every room exists."""
    build(tmp_path)
    return tmp_path


@pytest.mark.parametrize("rule", RULES)
def test_the_project_keeps_its_rules(rule: Rule) -> None:
    assert rule(ROOT) == []


@pytest.mark.parametrize("rule", RULES)
def test_an_empty_house_breaks_none(tree: Path, rule: Rule) -> None:
    assert rule(tree) == []


@pytest.mark.parametrize(
    ("rule", "module", "source"),
    [
        (rules.nameless_names, "services/claims/domain/utils", ""),
        (rules.nameless_names, "gateway/common/keys", ""),
        (rules.calls_between_services, "services/claims/channels", "x = 'http://payments:8104'"),
        (rules.calls_between_services, "services/claims/channels", "x = f'https://Coding.{y}/a'"),
        (rules.calls_between_services, "services/claims/channels", "get(port=8104)"),
        (rules.calls_between_services, "services/claims/settings", "payments_url: str = ''"),
        (rules.calls_between_services, "services/coding/jobs", "settings.claims_base_url"),
        (rules.float_money, "services/claims/domain/lifecycle", "charge: float = 0"),
        (rules.float_money, "shared/money", "def add(paid_amount: float | None): ..."),
        (rules.float_money, "shared/money", "def balance() -> float: ..."),
        (rules.float_money, "console/client", "x = float(line.charge_cents)"),
        (rules.sleeping_tests, "tests/shared/test_clock", "import time\ntime.sleep(1)"),
        (rules.sleeping_tests, "tests/shared/test_bus", "async def t(): await asyncio.sleep(.1)"),
    ],
)
def test_a_planted_violation_is_seen(tree: Path, rule: Rule, module: str, source: str) -> None:
    write(tree, module, source)
    assert [found for found in rule(tree) if f"{module}.py" in found], rule(tree)


@pytest.mark.parametrize(
    ("rule", "module", "source"),
    [
        (rules.calls_between_services, "services/claims/channels", "x = 'http://sandbox/x12'"),
        (rules.calls_between_services, "services/claims/channels", "'''See http://payments.'''"),
        (rules.calls_between_services, "services/claims/settings", "claims_port: int = 1"),
        (rules.float_money, "shared/telemetry", "def wait(timeout_seconds: float): ..."),
        (rules.sleeping_tests, "tests/shared/test_bus", "async def t(): await asyncio.sleep(0)"),
        (rules.sleeping_tests, "shared/messaging/relay", "async def t(): await asyncio.sleep(1)"),
    ],
)
def test_what_looks_alike_is_left_alone(tree: Path, rule: Rule, module: str, source: str) -> None:
    write(tree, module, source)
    assert rule(tree) == []


def test_a_missing_room_is_named_once_the_wiring_is_there(tree: Path) -> None:
    (tree / "services/claims/jobs.py").unlink()
    assert rules.missing_rooms(tree) == ["services/claims has no jobs"]
    (tree / "services/claims/__main__.py").unlink()
    assert rules.missing_rooms(tree) == []
