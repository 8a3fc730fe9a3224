"""Place-of-service values of professional claims and whether they pay the facility rate."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

LIST_FILE = Path(__file__).parent / "data" / "place_of_service.csv"
TELEHEALTH = frozenset({"02", "10"})


class RateSetting(StrEnum):
    """Which practice-expense value Medicare pays at the place (claims manual 12, 20.4.2)."""

    FACILITY = "F"
    NON_FACILITY = "NF"
    NOT_APPLICABLE = "NA"


@dataclass(frozen=True, slots=True)
class Place:
    """One value of the CMS list; `is_confirmed` False = rate setting still to be verified."""

    code: str
    name: str
    setting: RateSetting
    is_confirmed: bool


def place(code: str) -> Place | None:
    """The place of a two-digit value; None when the CMS list does not know it."""
    return places().get(code)


def is_facility(code: str) -> bool:
    """True when the facility rate applies; False for every other or unknown place."""
    found = place(code)
    return found is not None and found.setting is RateSetting.FACILITY


@cache
def places() -> dict[str, Place]:
    """The whole list by value, in order."""
    with LIST_FILE.open(encoding="utf-8", newline="") as lines:
        return {
            row["pos"]: Place(
                row["pos"], row["name"], RateSetting(row["mpfs_setting"]), not row["note"]
            )
            for row in csv.DictReader(lines)
        }
