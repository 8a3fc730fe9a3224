"""A small helping of `make fuzz`, and proof that it would notice what it looks for."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, NoReturn

import pytest

from shared.x12 import Options, Reading, read
from shared.x12 import acknowledgement_999 as ack
from tests.shared.x12 import fuzz, mutation
from tests.shared.x12.material import OPTIONS, rewrite

FUZZED = Path(__file__).parent / "fuzzed"
WHOLE = mutation.base("835")[0]


@pytest.mark.parametrize("kind", fuzz.SETS)
def test_damaged_messages_give_findings_and_nothing_worse(kind: str) -> None:
    assert fuzz.run(kind, 1, range(48)) == []


@pytest.mark.parametrize("path", sorted(FUZZED.glob("*.edi")), ids=lambda path: path.stem)
def test_what_once_broke_stays_whole(path: Path) -> None:
    assert fuzz.fault_of(path.read_bytes()) == ""


def test_an_input_is_fixed_by_seed_set_and_number() -> None:
    first, again, other = (mutation.damaged("835", Random(seed)) for seed in ("1", "1", "2"))
    assert first == again != other


@pytest.mark.parametrize("damage", mutation.DAMAGE)
def test_every_damage_does_damage(damage: mutation.Damage) -> None:
    assert any(damage(WHOLE, Random(seed)) != WHOLE for seed in range(20))


def test_an_exception_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any) -> NoReturn:
        raise IndexError("out of range")

    monkeypatch.setattr(fuzz, "read", read)
    assert fuzz.fault_of(WHOLE).startswith("IndexError at test_fuzz.py")


def test_too_much_work_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any) -> NoReturn:
        while True:
            len("")

    monkeypatch.setattr(fuzz, "read", read)
    monkeypatch.setattr(fuzz, "FIRST", 10_000)
    assert "more than" in fuzz.fault_of(WHOLE)


def test_work_that_grows_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "CALLS_PER_BYTE", -5)
    assert "TooMuchWork" in fuzz.fault_of(WHOLE * 2)


def test_a_loop_that_calls_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any) -> NoReturn:
        while True:
            pass

    monkeypatch.setattr(fuzz, "read", read)
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    assert "processor time" in fuzz.fault_of(WHOLE, thorough=False)


@pytest.mark.parametrize(
    ("name", "told"),
    [("encode", "bytes changed"), ("collect", "chunks matter"), ("rewrite", "values changed")],
)
def test_a_broken_law_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str, told: str) -> None:
    other = read(mutation.base("835")[-1], OPTIONS)
    answers = {"encode": [b"else"], "collect": Reading(()), "rewrite": rewrite(other.sets[0])}
    monkeypatch.setattr(fuzz, name, lambda *_: answers[name])
    assert told in fuzz.fault_of(WHOLE)


def test_a_memory_that_matters_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "FORGETFUL", Options(check=False))
    assert "memory matters" in fuzz.fault_of(WHOLE.replace(b"CLP*", b"CLQ*"))


def test_a_999_that_says_something_else_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ack.acknowledge_group

    def refused(group: Any) -> Any:
        answer = right(group)
        return answer and answer._replace(status="?")

    monkeypatch.setattr(ack, "acknowledge_group", refused)
    assert fuzz.fault_of(WHOLE) == ""  # it says "?" and is read as "?"
    monkeypatch.setattr(ack, "acknowledge_group", lambda group: _Lies(right(group)))
    assert "another verdict" in fuzz.fault_of(WHOLE)


class _Lies:
    """An answer that is written with one status and then claims another."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answer, name)

    @property
    def status(self) -> str:
        self._asked = getattr(self, "_asked", 0) + 1
        return "A" if self._asked == 1 else "R"


def test_a_broken_input_is_made_smaller() -> None:
    fails = lambda data: b"CLP" in data  # noqa: E731 - a one-line stand-in
    assert fuzz.smaller(WHOLE, fails).count(b"~") == 0
