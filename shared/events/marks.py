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
_TIME = Meta(extra_json_schema={"x-phi": "none", "format": "date-time"})
_MONEY = Meta(extra_json_schema={"x-phi": "linked", "x-unit": "cents"})
_PRICE = Meta(extra_json_schema={"x-phi": "none", "x-unit": "cents"})
_SEALED = Meta(
    extra_json_schema={
        "x-phi": "direct",
        "x-sealed": True,
        "pattern": "^transit-[0-9]+[.][A-Za-z0-9+/]+=*$",
    }
)

Id = Annotated[UUID, _NONE]
Plain = Annotated[str, _NONE]
Count = Annotated[int, _NONE]
At = Annotated[datetime, _TIME]
Switch = Annotated[bool, _NONE]
PriceCents = Annotated[int, _PRICE]

Code = Annotated[str, _LINKED]
Cents = Annotated[int, _MONEY]
Number = Annotated[int, _LINKED]
Day = Annotated[date, _LINKED]
Flag = Annotated[bool, _LINKED]

Sealed = Annotated[str, _SEALED]
"""A value sealed under the tenant's transit key (shared/sealing.py): `<key id>.<base64>`."""


class Fact(Struct, frozen=True, gc=False):
    """A fact one service tells the others; immutable, tolerant of fields it does not know."""


class Part(Struct, frozen=True, gc=False):
    """A piece of a fact."""
