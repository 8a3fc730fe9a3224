"""What a line costs when the sender does not say: the practice's fee schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from services.coding.domain.encounter import Line
from shared.money import ZERO, Money


class Fee(NamedTuple):
    """One row of a schedule: what a unit of the code costs from a date on; modifier may be ""."""

    code: str
    modifier: str
    valid_from: date
    is_default: bool
    charge: Money


Fees = Mapping[str, Sequence[Fee]]
"""Rows by code, of the practice and of the tenant's default."""


def priced(lines: Sequence[Line], fees: Fees) -> tuple[Line, ...]:
    """Lines with a charge each: the submitted one, else fee times units; zero where none is."""
    return tuple(line if line.charge else replace(line, charge=_fee(line, fees)) for line in lines)


def _fee(line: Line, fees: Fees) -> Money:
    rows = [fee for fee in fees.get(line.code, ()) if fee.valid_from <= line.service_date]
    fitting = [fee for fee in rows if fee.modifier in {"", *line.modifiers}]
    best = max(fitting, key=_closeness, default=None)
    return ZERO if best is None else best.charge * max(line.units, 0)


def _closeness(fee: Fee) -> tuple[bool, date, bool]:
    """The practice's own schedule before the default, the newest, the one for the modifier."""
    return not fee.is_default, fee.valid_from, fee.modifier != ""
