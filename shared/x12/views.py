"""Typed values that are decoded from their segments only when they are looked at."""

import dataclasses
from functools import cache
from typing import Any, Protocol, Self, SupportsIndex, TypeVar

_new, _set = object.__new__, object.__setattr__


class Source(Protocol):
    """Where a view gets its fields from."""

    def fill(self, name: str) -> dict[str, Any]:
        """The field of this name with others found in passing.

        Raises NotANumberError for an amount that cannot be read.
        """


class View:
    """Base of frozen, slotted dataclasses that may also be made by `view_of`.

    Values compare by all their fields.
    """

    __slots__ = ("_reading",)

    def _replace(self, **changes: Any) -> Self:
        """The same value with some fields changed."""
        return dataclasses.replace(whole(self), **changes)  # type: ignore[type-var]


V = TypeVar("V", bound=View)


def view_of(kind: type[V], source: Source) -> V:
    """A value of this kind whose fields come from `source` when asked for.

    With its last field it becomes an ordinary value of its kind, and lets go of the source.
    """
    view: V = _new(_lazy(kind))  # type: ignore[arg-type]
    _set(view, "_reading", (source, {}))
    return view


def whole(view: V) -> V:
    """The value with every field read."""
    for field in dataclasses.fields(view):  # type: ignore[arg-type]
        getattr(view, field.name)
    return view


@cache
def _lazy(kind: type[V]) -> type[V]:
    """The kind while fields are missing: each is a property that reads it.

    What is read is gathered in a dict and put into the slots at the end, all at once; a frozen
    value takes its slots slowly.
    """

    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    setters = {name: getattr(kind, name).__set__ for name in names}  # of the slots

    def become_whole(view: V, found: dict[str, Any]) -> None:
        for name, value in found.items():
            setters[name](view, value)
        _set(view, "__class__", kind)
        _set(view, "_reading", None)

    def field(name: str) -> property:
        def read(view: Any) -> Any:
            source, found = view._reading
            if name not in found:
                found.update(source.fill(name))
                if len(found) == len(names):
                    become_whole(view, found)
            return found[name]

        return property(read)

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
        "__eq__": equals,
        "__hash__": hashed,
        "__reduce_ex__": reduced,
    }
    return type(kind.__name__, (kind,), own | {name: field(name) for name in names})
