"""What TA1, 999 and 277CA codes mean, and when a verdict moves a claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.domain import acknowledging
from services.claims.domain.acknowledging import RESPONSES, Verdict, target
from services.claims.domain.lifecycle import Status, may_move
from tests.claims.cases import claim


@pytest.mark.parametrize(
    ("categories", "verdict"),
    [
        (["A0"], Verdict.RECEIVED),
        (["A1"], Verdict.RECEIVED),
        (["A2"], Verdict.ACCEPTED),
        (["A5"], Verdict.ACCEPTED),
        (["A3"], Verdict.REJECTED),
        (["A6"], Verdict.REJECTED),
        (["A8"], Verdict.REJECTED),
        (["A4"], Verdict.NOT_FOUND),
        (["A2", "A7"], Verdict.REJECTED),
        (["A1", "A2"], Verdict.ACCEPTED),
        (["E0"], Verdict.SILENT),
        ([], Verdict.SILENT),
    ],
)
def test_categories(categories: list[str], verdict: Verdict) -> None:
    assert acknowledging.of_categories(categories) is verdict


@pytest.mark.parametrize(
    ("code", "reasons", "verdict"),
    [
        ("A", [], Verdict.RECEIVED),
        ("E", ["5"], Verdict.RECEIVED),
        ("R", ["4"], Verdict.ENVELOPE_REFUSED),
        ("R", ["3", "23"], Verdict.ENVELOPE_REFUSED),
        ("R", ["5"], Verdict.CONTENT_REFUSED),
        ("R", ["4", "5"], Verdict.CONTENT_REFUSED),
        ("R", [], Verdict.CONTENT_REFUSED),
        ("M", ["10"], Verdict.CONTENT_REFUSED),
    ],
)
def test_sets(code: str, reasons: list[str], verdict: Verdict) -> None:
    assert acknowledging.of_set(code, reasons) is verdict


def test_interchanges() -> None:
    assert acknowledging.of_interchange("R") is Verdict.ENVELOPE_REFUSED
    assert acknowledging.of_interchange("A") is Verdict.SILENT
    assert acknowledging.of_interchange("E") is Verdict.SILENT


@given(st.sampled_from(sorted(Status)), st.sampled_from(sorted(Verdict)))
def test_a_verdict_only_makes_moves_the_tables_allow(status: Status, verdict: Verdict) -> None:
    found = target(claim(status=status, version=1), verdict, version=1)
    assert found is None or may_move(status, found)


@given(st.sampled_from(sorted(RESPONSES)))
def test_an_older_sending_changes_nothing(verdict: Verdict) -> None:
    for source in RESPONSES[verdict].sources:
        now = claim(status=source, version=2)
        assert target(now, verdict, version=1) is None
        assert target(now, verdict, version=2) is RESPONSES[verdict].target


@pytest.mark.parametrize("status", [Status.PAID, Status.DENIED, Status.CLOSED, Status.PENDED])
def test_after_the_decision_nothing_moves(status: Status) -> None:
    for verdict in Verdict:
        assert target(claim(status=status, version=1), verdict, version=1) is None
