"""The kinds of failure: their status, their class, and the tree as its docstring draws it."""

from __future__ import annotations

import pytest

from shared import errors
from shared.errors import Problem, Refused, TryAgain


@pytest.mark.parametrize(
    ("kind", "status", "error_class"),
    [
        (errors.Refused, 422, "refused"),
        (errors.Unreadable, 400, "unreadable"),
        (errors.Contract, 400, "contract"),
        (errors.Invalid, 422, "refused"),
        (errors.NotFound, 404, "refused"),
        (errors.Conflict, 409, "refused"),
        (errors.Forbidden, 403, "refused"),
    ],
)
def test_each_refusal_has_its_status(kind: type[Refused], status: int, error_class: str) -> None:
    refusal = kind("some_code", "A sentence.")
    assert (refusal.status, refusal.error_class) == (status, error_class)
    assert (refusal.code, refusal.sentence, refusal.problems) == ("some_code", "A sentence.", ())
    assert str(refusal) == "some_code: A sentence."


def test_a_refusal_may_carry_problems_and_another_status() -> None:
    problem = Problem("/lines/0/units", "units_zero", "Units must be above zero.")
    refusal = Refused("x", "y", problems=(problem,), status=413)
    assert (refusal.status, refusal.problems) == (413, (problem,))
    assert problem.remedy == ""
    assert Refused.status == 422


def test_try_again_is_no_refusal() -> None:
    away = TryAgain("the clearinghouse", retry_after_seconds=5)
    assert not isinstance(away, Refused)
    assert (away.what, away.retry_after_seconds) == ("the clearinghouse", 5)
    assert TryAgain("x").retry_after_seconds == 1.0


def test_the_docstring_draws_the_tree() -> None:
    drawn = [line for line in (errors.__doc__ or "").splitlines() if "── " in line]
    names = {line.split("── ")[1].split()[0] for line in drawn}
    kinds = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type)
        and issubclass(kind, errors.ClaimstreamError)
        and kind is not errors.ClaimstreamError
    }
    assert names == kinds
    for line in drawn:
        name = line.split("── ")[1].split()[0]
        parent = Refused if line.startswith(" ") else errors.ClaimstreamError
        assert getattr(errors, name).__base__ is parent, name
