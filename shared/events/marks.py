"""Field types of events, each saying how much it tells of a person (`x-phi` in the schemas).

none = opaque ids, counts, times of ours; linked = codes, amounts and dates linked to an id;
direct = identifies a person by itself and travels sealed only (docs/trust, PHI rules).
Sealing, redaction and the canary tests are derived from these marks.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

_NONE = Meta(extra_json_schema={"x-phi": "none"})
_LINKED = Meta(extra_json_schema={"x-phi": "linked"})
_DIRECT = Meta(extra_json_schema={"x-phi": "direct"})

Id = Annotated[UUID, _NONE]
Plain = Annotated[str, _NONE]
Count = Annotated[int, _NONE]
At = Annotated[datetime, _NONE]
Switch = Annotated[bool, _NONE]

Code = Annotated[str, _LINKED]
Cents = Annotated[int, _LINKED]
Number = Annotated[int, _LINKED]
Day = Annotated[date, _LINKED]
Flag = Annotated[bool, _LINKED]

Sealed = Annotated[str, _DIRECT]
"""A value sealed under the tenant's transit key (shared/sealing.py): `<key id>.<base64>`."""


class Fact(Struct, frozen=True):
    """A fact one service tells the others; immutable, tolerant of fields it does not know."""


class Part(Struct, frozen=True):
    """A piece of a fact."""
