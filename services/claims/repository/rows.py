"""Many rows as one parameter: JSON that PostgreSQL turns into rows of a table's own type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec


def as_json(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows for `json_populate_recordset`; a column that is not named becomes null."""
    return msgspec.json.encode(list(rows)).decode()


def as_keys(keys: Iterable[tuple[UUID, UUID]]) -> dict[str, object]:
    """Keys as the two arrays `:tenants` and `:ids`, each pair once, in key order."""
    pairs = sorted(set(keys))
    return {"tenants": [str(pair[0]) for pair in pairs], "ids": [str(pair[1]) for pair in pairs]}


def from_json(value: Any) -> Any:
    """A jsonb column's value; drivers hand it over as text."""
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value
