"""Hide who the patient is: which elements of a segment may tell, and what is shown instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shared.x12.guides.standard import SEGMENTS

MASK = "•••"
_DAYS = re.compile(r"\b\d{8}(-\d{8})?\b", re.ASCII)
_PROVIDERS = "1P 2B 36 40 41 45 71 72 73 77 80 82 85 87 AY DD DK DN DQ FA P3 PE PR PW TT X3 ZZ"
_PUBLIC_REFERENCES = "0B 1G 2U D3 EI EV F4 HPI LU NF PQ TJ X4"
_PERSON = (3, 4, 5, 6, 7, 9, 10, 11, 12)
_PRIVATE: dict[str, tuple[int, ...]] = {
    "N3": (1, 2),
    "N4": (1, 3),
    "DMG": (2, 3, 5, 6, 7, 10, 11),
    "PER": (2, 4, 6, 8),
    "CLM": (1,),
    "CLP": (1, 7),
    "TRN": (2,),
    "SBR": (3,),
    "INS": (12,),
    "PAT": (6, 8),
    "NTE": (2,),
    "K3": (1,),
    "MSG": (1,),
    "PWK": (6, 7),
    "STC": (9, 12),
    "FRM": (3,),
    "MPI": (4, 7),
    "BPR": (9, 15),
    "IK4": (4,),
    "CTX": (1,),
    "CN1": (4,),
    "CR1": (9, 10),
    "CR2": (10, 11),
    "CR3": (5,),
    "III": (4,),
    "RDM": (2, 3),
    "HCR": (2,),
    "PLB": (3, 5, 7, 9, 11, 13),
    "DTP": (3,),
    "DTM": (2, 6),
}
_ENVELOPE = ("ISA", "GS", "ST", "SE", "GE", "IEA", "TA1")
_FIELD_NAMES = (
    "claim_id payer_control_number name last first middle prefix suffix id line line2 city"
    " postal_code birth_date sex numbers value number trace group_number accounts reference"
    " notes messages message check_number finalized paid_on description rest patient_condition"
)
PRIVATE_FIELDS = frozenset(_FIELD_NAMES.split())
"""Fields of typed values that may tell who someone is."""


def masked(elements: list[str], kind: str) -> list[str]:
    """The segment with everything hidden that may tell who a patient is; `kind` is the set's."""
    segment_id = elements[0]
    if segment_id in _ENVELOPE:
        return elements
    if segment_id not in SEGMENTS:
        return [segment_id, *(MASK if value else "" for value in elements[1:])]
    private = _private(elements, kind)
    if segment_id == "HI":
        return [_without_days(value) for value in elements]
    return [MASK if number in private and value else value for number, value in enumerate(elements)]


def _private(elements: list[str], kind: str) -> tuple[int, ...]:
    segment_id, first = elements[0], "".join(elements[1:2])
    if segment_id == "NM1":
        organisation = "".join(elements[2:3]) == "2"
        return () if organisation or first in _PROVIDERS.split() else _PERSON
    if segment_id == "REF":
        return () if first in _PUBLIC_REFERENCES.split() else (2, 3, 4)
    if segment_id == "TRN" and kind == "835":
        return ()
    return _PRIVATE.get(segment_id, ())


def plain(value: Any, *, show: bool) -> Any:
    """A typed value as JSON has it, named fields as objects; private fields hidden unless `show`.

    The name of an organisation stays.
    """
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return [plain(one if show else _without_days(one), show=show) for one in value]
    named = _fields(value)
    if named is None:
        return value if isinstance(value, (str, int, bool)) or value is None else str(value)
    organisation = named.get("kind") == "2" and "entity" in named
    return {
        name: MASK
        if name in PRIVATE_FIELDS and not show and not organisation and _tells(inner)
        else plain(inner, show=show)
        for name, inner in named.items()
    }


def _tells(value: Any) -> bool:
    """Whether there is anything to hide: not in an amount, and a value with fields has its own."""
    return bool(value) and not isinstance(value, Decimal) and not hasattr(value, "_fields")


def _without_days(value: Any) -> Any:
    """Codes as they stand may hold a date, such as that of an occurrence."""
    return _DAYS.sub(MASK, value) if isinstance(value, str) else value


def _fields(value: Any) -> Mapping[str, Any] | None:
    names = getattr(value, "_fields", None) or getattr(value, "__dataclass_fields__", None)
    return None if names is None else {name: getattr(value, name) for name in names}
