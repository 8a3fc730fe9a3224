"""Keyset pages: a cursor is sealed, bound to its tenant, address and filter, and expires.

A cursor holds the position after the last row: the values of the columns that order the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from shared import clock
from shared.errors import Invalid, Refused
from shared.sealing import Keyring

MAX_LIMIT = 200
LIFETIME_SECONDS = 24 * 3600

T = TypeVar("T")
Cursor = Annotated[str, Field(max_length=2048, description="`next_cursor` of the page before")]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Rows of one page")]
Value = UUID | datetime | date | int | str | None
Position = tuple[Value, ...]

_WRITE: tuple[tuple[type, str], ...] = (
    (UUID, "u"),
    (datetime, "t"),  # a datetime is a date, so it comes first
    (date, "d"),
    (int, "i"),
    (str, "s"),
    (type(None), "n"),
)
_TO_URL, _FROM_URL = str.maketrans("-+/", "~-_"), str.maketrans("~-_", "-+/")
_READ: dict[str, Any] = {
    "u": UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "i": int,
    "s": str,
    "n": lambda _: None,
}


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` fetches the next one while `has_more`."""

    data: list[T]
    next_cursor: str | None = None
    has_more: bool = False


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is inside a cursor; the name keeps it apart from everything else sealed."""

    cursor: str
    until: int
    at: list[tuple[str, str]]


def _bound_to(scope: str, filter_by: BaseModel | Mapping[str, Any] | None) -> str:
    if isinstance(filter_by, BaseModel):
        filter_by = filter_by.model_dump(mode="json", exclude={"cursor", "limit"})
    plain = msgspec.json.encode(filter_by, enc_hook=str, order="sorted")
    return hashlib.sha256(scope.encode() + b"\0" + plain).hexdigest()


def _text(value: Value) -> tuple[str, str]:
    kind = next(kind for known, kind in _WRITE if isinstance(value, known))
    if isinstance(value, datetime | date):
        return kind, value.isoformat()
    return kind, str(value)


def write_cursor(
    keys: Keyring,
    tenant_id: UUID,
    *,
    scope: str,
    filter_by: BaseModel | Mapping[str, Any] | None,
    position: Position,
) -> str:
    """A cursor after `position`; scope names service and address."""
    until = int(clock.system().timestamp()) + LIFETIME_SECONDS
    inside = _Sealed(_bound_to(scope, filter_by), until, [_text(value) for value in position])
    return keys.seal_event(tenant_id, inside).translate(_TO_URL)


def read_cursor(
    keys: Keyring,
    tenant_id: UUID,
    cursor: str,
    *,
    scope: str,
    filter_by: BaseModel | Mapping[str, Any] | None,
) -> Position:
    """The position in a cursor; Invalid `cursor_malformed`, `cursor_mismatch`, `cursor_expired`."""
    try:
        inside = keys.open_event(tenant_id, cursor.translate(_FROM_URL), _Sealed)
        position = tuple(_READ[kind](text) for kind, text in inside.at)
    except (Refused, OSError, ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
        raise Invalid("cursor_malformed", "This cursor was not made here.") from error
    if inside.cursor != _bound_to(scope, filter_by):
        raise Invalid("cursor_mismatch", "This cursor belongs to another search.")
    if inside.until < clock.system().timestamp():
        raise Invalid("cursor_expired", "This cursor is older than a day; start again.")
    return position
