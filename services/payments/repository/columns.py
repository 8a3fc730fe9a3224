"""Rows turned into columns: how many values travel in one statement by `unnest`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec


def columns(names: Sequence[str], rows: Iterable[Sequence[object]]) -> dict[str, object]:
    """One list per name; UUIDs go as text (`cast(:name as uuid[])`), None stays None."""
    found: dict[str, list[object]] = {name: [] for name in names}
    lists = list(found.values())
    for row in rows:
        for values, value in zip(lists, row, strict=True):
            values.append(str(value) if isinstance(value, UUID) else value)
    return dict(found)


def strings(values: Iterable[UUID]) -> list[str]:
    """UUIDs for `cast(:ids as uuid[])`."""
    return [str(each) for each in values]


def as_json(value: object) -> str:
    """JSON text for `cast(… as jsonb)`; dataclasses and NamedTuples included."""
    return msgspec.json.encode(value).decode()
