"""Typed values that are decoded from their segments only when they are looked at."""

import dataclasses
from functools import cache
from typing import Any, Protocol, Self, SupportsIndex, TypeVar

_new, _get, _set = object.__new__, object.__getattribute__, object.__setattr__


class Source(Protocol):
    """Where a view gets its fields from."""

    def fill(self, name: str) -> dict[str, Any]:
        """The field of this name with others found in passing; empty for no such field.

        Raises NotANumberError for an amount that cannot be read.
        """


class View:
    """Base of frozen, slotted dataclasses that may also be made by `view_of`.

    Values compare by all their fields.
    """

    __slots__ = ("_read", "_source")

    def _replace(self, **changes: Any) -> Self:
        """The same value with some fields changed."""
        return dataclasses.replace(whole(self), **changes)  # type: ignore[type-var]


V = TypeVar("V", bound=View)


def view_of(kind: type[V], source: Source) -> V:
    """A value of this kind whose fields come from `source` when asked for.

    With its last field it becomes an ordinary value of its kind, and lets go of the source.
    """
    view: V = _new(_lazy(kind))  # type: ignore[arg-type]
    _set(view, "_source", source)
    _set(view, "_read", 0)
    return view


def whole(view: V) -> V:
    """The value with every field read."""
    for field in dataclasses.fields(view):  # type: ignore[arg-type]
        getattr(view, field.name)
    return view


@cache
def _lazy(kind: type[V]) -> type[V]:
    """The kind while fields are missing: looking for one of them reads it.

    A class of its own, because a class with `__getattr__` finds every field slowly.
    """

    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    setters = {name: getattr(kind, name).__set__ for name in names}  # of the slots

    def read(view: V, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = _get(view, "_source").fill(name)
        for field, value in found.items():
            setters[field](view, value)
        count = _get(view, "_read") + len(found)
        _set(view, "_read", count)
        if count >= len(names) and _has_all(view, names):
            _set(view, "_source", None)
            _set(view, "__class__", kind)
        return _get(view, name)

    def equals(view: V, other: object) -> bool:
        return whole(view) == other

    def hashed(view: V) -> int:
        return hash(whole(view))

    def reduced(view: V, protocol: SupportsIndex) -> Any:
        return whole(view).__reduce_ex__(protocol)

    own = {
        "__slots__": (),
        "__doc__": kind.__doc__,
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__getattr__": read,
        "__eq__": equals,
        "__hash__": hashed,
        "__reduce_ex__": reduced,
    }
    return type(kind.__name__, (kind,), own)


def _has_all(view: View, names: list[str]) -> bool:
    try:
        for name in names:
            _get(view, name)
    except AttributeError:
        return False
    return True
