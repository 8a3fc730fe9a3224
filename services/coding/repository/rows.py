"""Many rows as one parameter: JSON that PostgreSQL turns into rows of a table's own type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

SCOPED = """(cast(:practices as uuid[]) is null
    or {table}.practice_id = any (cast(:practices as uuid[])))"""
"""The caller's practices; null stands for all of the tenant."""


class Listing(NamedTuple):
    """Which page of a list: the caller's practices, the position before it, its length."""

    practices: Iterable[UUID] | None
    after: tuple[datetime, UUID] | None
    limit: int

    def params(self) -> dict[str, object]:
        """The parameters that every list statement has."""
        return {
            "practices": scope(self.practices),
            "after_at": None if self.after is None else self.after[0],
            "after_id": None if self.after is None else str(self.after[1]),
            "limit": self.limit,
        }


def as_rows(rows: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """Rows for `json_populate_recordset(…, cast(:rows as json))`; bytes become hexadecimal."""
    plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return {"rows": msgspec.json.encode(plain).decode()}


def _plain(value: object) -> object:
    return rf"\x{value.hex()}" if isinstance(value, bytes) else value


def from_json(value: Any) -> Any:
    """A json column's value; drivers hand it over as text."""
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value


def texts(values: Iterable[UUID]) -> list[str]:
    """UUIDs for `cast(:ids as uuid[])`, each once, in order."""
    return [str(value) for value in sorted(set(values))]


def scope(practices: Iterable[UUID] | None) -> list[str] | None:
    """The caller's practices for `:practices`; None = every practice of the tenant."""
    return None if practices is None else texts(practices)
