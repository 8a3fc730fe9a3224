"""Nothing is bigger than the house allows, and the rule that says so sees what is planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.sizes import violations
from tests.architecture.skeleton import ROOT

LONG = "def long():\n" + "    step()\n" * 70
DEEP = """
def deep():
    for each in things:
        with each:
            if each:
                while each:
                    pass
"""
DEEP_IN_EXCEPT = """
async def deep():
    try:
        pass
    except ValueError:
        if this:
            pass
        elif that:
            async for each in things:
                match each:
                    case 1:
                        pass
"""
FLAT = """
def flat(kind):
    if kind == 1:
        pass
    elif kind == 2:
        pass
    elif kind == 3:
        pass
    elif kind == 4:
        for each in kind:
            with each:
                pass
"""
ROUTE = """
@router.get("/claims")
def claims(a, b, c, d, e, f, g): ...
"""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\n" * 401, ":1: module of 401 lines"),
        (LONG, ":1: long has 71 lines"),
        (DEEP, "deep nests 4 deep"),
        (DEEP_IN_EXCEPT, "deep nests 4 deep"),
        ("def wide(a, b, *, c, d, e, f): ...\n", "wide has 6 parameters"),
        ("def loose(a, b, c, d): ...\n", "loose has 4 positional parameters"),
        ("class A:\n    def loose(self, a, b, c, d): ...\n", "loose has 4 positional parameters"),
        ("@cached\ndef loose(a, b, c, d): ...\n", "loose has 4 positional parameters"),
    ],
)
def test_what_is_too_big_is_named(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "module.py").write_text(source)
    assert [found for found in violations(tmp_path) if said in found], violations(tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n" * 400,
        LONG.removesuffix("    step()\n"),
        FLAT,
        ROUTE,
        "class A:\n    @override\n    def shaped(self, a, b, c, d, e, f): ...\n",
        "class A:\n    def full(self, a, b, c, *, d, e): ...\n",
    ],
)
def test_what_just_fits_is_left_alone(tmp_path: Path, source: str) -> None:
    (tmp_path / "module.py").write_text(source)
    assert violations(tmp_path) == []


def test_other_peoples_files_do_not_count(tmp_path: Path) -> None:
    for folder in (".venv/lib", "build"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "module.py").write_text(LONG)
    assert violations(tmp_path) == []


def test_tests_may_be_longer_and_take_fixtures(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    path = tmp_path / "tests" / "test_it.py"
    path.write_text("def test_it(a, b, c, d, e, f): ...\n" + "x = 1\n" * 499)
    assert violations(tmp_path) == []
    path.write_text("x = 1\n" * 501)
    assert violations(tmp_path) == ["tests/test_it.py:1: module of 501 lines (limit 500)"]


def test_nothing_in_the_project_is_too_big() -> None:
    assert violations(ROOT) == []
