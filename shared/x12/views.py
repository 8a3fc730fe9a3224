"""Typed values that are decoded from their segments only when they are looked at."""

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

_new, _get, _set = object.__new__, object.__getattribute__, object.__setattr__


class Source(Protocol):
    """Where a view gets its fields from."""

    def fill(self, name: str) -> dict[str, Any]:
        """The field of this name with others found in passing; empty for no such field.

        Raises NotANumberError for an amount that cannot be read.
        """


class View:
    """Base of frozen, slotted dataclasses that may also be made by `view_of`.

    A field that is not there yet comes from the source; values compare by all their fields.
    """

    __slots__ = ("_source",)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            for field, value in _get(self, "_source").fill(name).items():
                _set(self, field, value)
            return _get(self, name)

    def _replace(self, **changes: Any) -> Self:
        """The same value with some fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


V = TypeVar("V", bound=View)


def view_of(kind: type[V], source: Source) -> V:
    """A value of this kind whose fields come from `source` when asked for."""
    view = _new(kind)
    _set(view, "_source", source)
    return view
