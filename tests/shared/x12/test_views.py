"""Views: a value read bit by bit is the same as one made whole, and stays as it is."""

import pickle
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from shared.x12.errors import NotANumberError
from shared.x12.views import View, view_of, whole


@dataclass(frozen=True, slots=True)
class Pair(View):
    """Two fields that are read together, and one by itself."""

    left: int
    right: int
    far: int = 3


class _Shelf:
    def __init__(self, far: int | None = 3) -> None:
        self.asked: list[str] = []
        self._far = far

    def fill(self, name: str) -> dict[str, Any]:
        self.asked.append(name)
        if name != "far":
            return {"left": 1, "right": 2}
        if self._far is None:
            raise NotANumberError
        return {"far": self._far}


def test_a_field_is_read_when_it_is_first_looked_at_with_what_comes_along() -> None:
    shelf = _Shelf()
    view = view_of(Pair, shelf)
    assert isinstance(view, Pair)
    assert shelf.asked == []
    assert (view.right, view.left, view.right) == (2, 1, 2)
    assert shelf.asked == ["right"]
    assert type(view) is not Pair
    assert view.far == 3
    assert type(view) is Pair  # an ordinary value now
    assert (view.left, view.right, view.far, shelf.asked) == (1, 2, 3, ["right", "far"])


def test_a_view_is_equal_to_the_value_made_whole() -> None:
    made = Pair(1, 2)
    assert view_of(Pair, _Shelf()) == made
    assert made == view_of(Pair, _Shelf())
    assert view_of(Pair, _Shelf(4)) != made
    assert hash(view_of(Pair, _Shelf())) == hash(made)
    assert repr(view_of(Pair, _Shelf())) == repr(made)
    assert pickle.loads(pickle.dumps(view_of(Pair, _Shelf()))) == made  # noqa: S301 - our own
    assert view_of(Pair, _Shelf())._replace(far=4) == Pair(1, 2, 4)
    assert type(whole(view_of(Pair, _Shelf()))) is Pair


def test_a_view_cannot_be_changed_and_has_no_other_fields() -> None:
    view = view_of(Pair, _Shelf())
    with pytest.raises(FrozenInstanceError):
        view.left = 5  # type: ignore[misc]
    with pytest.raises(AttributeError):
        view.middle  # type: ignore[attr-defined]  # noqa: B018
    assert view.left == 1


def test_what_cannot_be_read_is_refused_each_time_and_the_rest_is_there() -> None:
    view = view_of(Pair, _Shelf(None))
    for _ in range(2):
        with pytest.raises(NotANumberError):
            view.far  # noqa: B018
    assert view.left == 1
