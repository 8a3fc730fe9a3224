"""What a changed event schema would take from its readers: the deserializer's compatibility.

Every event written under the old schema must still be readable under the new one, and mean the
same. Schemas are compared as if they were closed: a field nobody lists is a field nobody sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Json = dict[str, Any]

_NOTES = frozenset({"title", "description", "default", "examples", "x-phi"})
_HANDLED = frozenset({"type", "properties", "required", "items", "additionalProperties", "enum"})
_WIDER: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("minimum", "minLength", "minItems", "minProperties"), lambda a, b: b <= a),
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), lambda a, b: b >= a),
}


class _Pair(NamedTuple):
    """The two schemas as a whole, to find the parts that fields refer to."""

    old: Json
    new: Json


def changes(old: Json, new: Json) -> list[str]:
    """What of a schema's change breaks readers, each as `field: what`; [] when nothing does."""
    pair = _Pair(old, new)
    return list(_narrowed(old, new, pair=pair, place=""))


def _narrowed(old: Json, new: Json, *, pair: _Pair, place: str) -> Iterator[str]:
    """One alternative of the old schema after the other must fit one of the new."""
    choices = [_found(each, pair.new) for each in new.get("anyOf", [new])]
    for each in old.get("anyOf", [old]):
        one = _found(each, pair.old)
        tried = [list(_one(one, choice, pair=pair, place=place)) for choice in choices]
        yield from min(tried, key=len)


def _found(schema: Json, whole: Json) -> Json:
    name: str = schema.get("$ref", "").removeprefix("#/$defs/")
    found: Json = whole["$defs"][name] if name else schema
    return found


def _one(old: Json, new: Json, *, pair: _Pair, place: str) -> Iterator[str]:
    if not _fits(old.get("type"), new.get("type")):
        yield f"{place}: was {old.get('type')}, became {new.get('type')}"
        return
    if "enum" in new and (gone := {*old.get("enum", ["any other"])} - {*new["enum"]}):
        yield f"{place}: values were taken away: {', '.join(sorted(map(str, gone)))}"
    yield from _bounds(old, new, place=place)
    yield from _fields(old, new, pair=pair, place=place)
    for inner, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if inner in old and inner in new:
            yield from _narrowed(old[inner], new[inner], pair=pair, place=place + mark)
        elif inner in old and "properties" in new:
            yield f"{place}: names of one's own choice are no longer read"


def _fits(old: Any, new: Any) -> bool:
    return new in (old, None) or (old, new) == ("integer", "number")


def _bounds(old: Json, new: Json, *, place: str) -> Iterator[str]:
    """Formats, limits and marks of meaning: the same as before, or (limits) wider, or gone."""
    for name in sorted({*old, *new} - _NOTES - _HANDLED):
        before, after = old.get(name), new.get(name)
        if before == after or name.startswith("$"):
            continue
        if name.startswith("x-"):
            yield f"{place}: means something else ({name} was {before}, became {after})"
        elif after is not None and (before is None or not _wider(name, before, after)):
            yield f"{place}: was narrowed ({name} was {before}, became {after})"


def _wider(name: str, before: Any, after: Any) -> bool:
    return name in _WIDER and _WIDER[name](before, after)


def _fields(old: Json, new: Json, *, pair: _Pair, place: str) -> Iterator[str]:
    """Fields may be added if they are optional; none may go, none may become required."""
    before, after = old.get("properties", {}), new.get("properties", {})
    start = f"{place}." if place else ""
    for name in before:
        if name not in after:
            yield f"{start}{name}: was removed"
        else:
            yield from _narrowed(before[name], after[name], pair=pair, place=start + name)
    for name in sorted({*new.get("required", ())} - {*old.get("required", ())}):
        yield f"{start}{name}: {'became required' if name in before else 'was added as required'}"
