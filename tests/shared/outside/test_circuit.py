"""A circuit under any order of calls, answers and pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.outside.circuit import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Circuit

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
BEGINS, PASSES, WELL, BADLY, CUT = "begins", "passes", "ends well", "ends badly", "is cut off"
STEPS = st.lists(
    st.tuples(
        st.sampled_from([BEGINS, BEGINS, PASSES, WELL, BADLY, BADLY, BADLY, CUT]),
        st.integers(min_value=0, max_value=40),
    ),
    max_size=120,
)


class World:
    """A circuit, a clock, and the calls under way: for each whether it is a probe."""

    def __init__(self) -> None:
        self.circuit = Circuit()
        self.at = NOW
        self.under_way: list[bool] = []

    def step(self, kind: str, number: int) -> None:
        """One thing happens; number: seconds that pass, or which call it is."""
        if kind is PASSES:
            self.at += timedelta(seconds=number)
        elif kind is BEGINS:
            self.begin()
        elif self.under_way:
            self.end(kind, as_probe=self.under_way.pop(number % len(self.under_way)))

    def begin(self) -> bool:
        """A call, if the circuit admits it."""
        if not self.circuit.admits(self.at):
            return False
        self.under_way.append(not self.circuit.is_closed)
        self.circuit = self.circuit.begun()
        return True

    def end(self, kind: str, *, as_probe: bool) -> None:
        """A call comes to its end."""
        if kind is CUT:
            self.circuit = self.circuit.given_up(as_probe=as_probe)
        else:
            self.circuit = self.circuit.ended(well=kind is WELL, as_probe=as_probe, at=self.at)

    def fail(self, times: int) -> None:
        """So many calls, each failing at once."""
        for _ in range(times):
            assert self.begin()
            self.end(BADLY, as_probe=self.under_way.pop())


def opened() -> World:
    """A world after as many failures as it takes; most steps from a closed one leave it closed."""
    world = World()
    world.fail(FAILURES)
    return world


@given(STEPS)
def test_there_is_never_more_than_one_probe(steps: list[tuple[str, int]]) -> None:
    world = opened()
    for kind, number in steps:
        world.step(kind, number)
        assert sum(world.under_way) <= 1
        assert world.circuit.is_probed == any(world.under_way)


@given(STEPS)
def test_nothing_begins_before_the_pause_is_over(steps: list[tuple[str, int]]) -> None:
    world = opened()
    for kind, number in steps:
        before, calls = world.circuit, len(world.under_way)
        world.step(kind, number)
        if len(world.under_way) > calls and before.opened_at is not None:
            assert world.at >= before.opened_at + before.pause
            assert not before.is_probed


@given(STEPS)
def test_failures_in_a_row_open_it_whatever_was_before(steps: list[tuple[str, int]]) -> None:
    world = World()
    for kind, number in steps:
        world.step(kind, number)
    failed = 0
    while world.circuit.is_closed and failed <= FAILURES:
        world.fail(1)
        failed += 1
    assert failed <= FAILURES


@given(STEPS)
def test_one_probe_that_succeeds_closes_it_whatever_was_before(
    steps: list[tuple[str, int]],
) -> None:
    world = World()
    for kind, number in steps:
        world.step(kind, number)
    for as_probe in world.under_way:
        world.end(CUT, as_probe=as_probe)
    world.at += LONGEST_PAUSE
    assert world.begin()
    world.end(WELL, as_probe=world.under_way[-1])
    assert world.circuit == Circuit()


def test_pauses_grow_to_the_longest() -> None:
    world, pauses = World(), []
    world.fail(FAILURES - 1)
    for _ in range(7):
        world.fail(1)
        pauses.append(world.circuit.pause.total_seconds())
        world.at += world.circuit.pause
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert (FIRST_PAUSE.total_seconds(), LONGEST_PAUSE.total_seconds()) == (1, 30)


def test_success_ends_the_row() -> None:
    world = World()
    world.fail(FAILURES - 1)
    world.begin()
    world.end(WELL, as_probe=world.under_way.pop())
    world.fail(FAILURES - 1)
    assert world.circuit.is_closed


def test_a_call_from_before_it_opened_changes_nothing() -> None:
    world = World()
    world.begin()
    world.fail(FAILURES)
    opened = world.circuit
    for kind in (WELL, BADLY, CUT):
        world.end(kind, as_probe=False)
        assert world.circuit == opened


def test_a_probe_that_is_cut_off_lets_the_next_one_go() -> None:
    world = World()
    world.fail(FAILURES)
    world.at += FIRST_PAUSE
    assert world.begin()
    assert not world.begin()
    world.end(CUT, as_probe=world.under_way.pop())
    assert world.begin()


def test_a_clock_that_is_set_back_does_not_hold_calls_for_long() -> None:
    world = World()
    world.fail(FAILURES)
    world.at -= timedelta(hours=1)
    assert world.begin()
