"""Two clocks: one that nobody moves, one that a test may advance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared import clock

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_offset() -> Iterator[None]:
    before = clock.offset_seconds()
    clock.set_offset(0)
    yield
    clock.set_offset(before)


def test_both_clocks_agree_without_an_offset() -> None:
    with clock.fixed(NOON):
        assert clock.system() == clock.business() == NOON
        assert clock.today() == NOON.date()


@pytest.mark.parametrize("seconds", [0, 1, 86_400 * 400, -3_600])
def test_the_offset_moves_business_time_only(seconds: int) -> None:
    with clock.fixed(NOON):
        clock.set_offset(seconds)
        assert clock.system() == NOON
        assert clock.business() == NOON + timedelta(seconds=seconds)
        assert clock.offset_seconds() == seconds


def test_the_offset_replaces_the_one_before() -> None:
    clock.set_offset(100)
    clock.set_offset(60)
    assert clock.offset_seconds() == 60


def test_the_business_date_is_that_of_utc() -> None:
    late_in_new_york = datetime(2026, 11, 2, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    with clock.fixed(late_in_new_york):
        assert clock.today().isoformat() == "2026-11-03"
        assert clock.system().tzinfo is UTC


def test_time_runs_and_has_a_zone() -> None:
    first = clock.system()
    assert first.tzinfo is UTC
    assert clock.system() >= first
    assert abs(clock.business() - clock.system()) < timedelta(seconds=5)


def test_freezing_ends_with_the_block_also_when_it_fails() -> None:
    clock.set_offset(30)
    with suppress(ZeroDivisionError), clock.fixed(NOON):
        assert clock.offset_seconds() == 0
        raise ZeroDivisionError
    assert clock.offset_seconds() == 30
    assert clock.system() != NOON


def test_freezing_may_be_nested() -> None:
    with clock.fixed(NOON):
        with clock.fixed(NOON + timedelta(days=1)):
            assert clock.today().day == 3
        assert clock.today().day == 2


def test_an_instant_without_zone_is_not_silently_utc() -> None:
    """`astimezone` would take it for local time: nobody may depend on the machine's zone."""
    with pytest.raises(ValueError, match="zone"), clock.fixed(NOON.replace(tzinfo=None)):
        pytest.fail("frozen at an instant without a zone")
