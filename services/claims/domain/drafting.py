"""When a claim is made and in which state it begins; its filing limit and its control number.

Source: docs/domain, Draft rule; docs/domain, Timely filing.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.claims.domain.claim import Finding
from services.claims.domain.lifecycle import Owner
from services.claims.domain.parties import Payer

ELIGIBILITY_UNKNOWN = "eligibility_unknown"
COVERAGE_INACTIVE = "coverage_inactive"
REVIEW_RULE = "eligibility.review"
CORRECTION_RULE = "eligibility.correction"


class Verdict(StrEnum):
    """What eligibility said of the rank-1 coverage on the date of service."""

    ACTIVE = "active"
    REVIEW = "review"
    INACTIVE = "inactive"
    NEEDS_CORRECTION = "needs_correction"
    UNKNOWN = "unknown"


class Plan(StrEnum):
    """What to do with a coded encounter."""

    WAIT = "wait"
    SELF_PAY = "self_pay"
    CLAIM = "claim"
    BLOCK = "block"
    HOLD = "hold"


class Draft(NamedTuple):
    """The plan for one encounter, and what stops its claim."""

    plan: Plan
    finding: Finding | None = None
    hold_reason: str = ""


_BLOCKING = {
    Verdict.REVIEW: Finding(
        rule=REVIEW_RULE,
        location="/coverages/0",
        message="The coverage is in force, but another payer may come first.",
        remedy="Check which payer is first; release the claim when this one is right.",
    ),
    Verdict.NEEDS_CORRECTION: Finding(
        rule=CORRECTION_RULE,
        location="/coverages/0",
        message="The payer could not find or read this member.",
        remedy="Correct the member's data, then release the claim.",
        owner=Owner.CLIENT,
    ),
}


def draft(verdict: Verdict | None, *, covered: bool) -> Draft:
    """The draft rule, once the encounter is coded; None is no verdict yet."""
    if not covered or verdict is Verdict.INACTIVE:
        return Draft(Plan.SELF_PAY)
    if verdict is None:
        return Draft(Plan.WAIT)
    if verdict is Verdict.UNKNOWN:
        return Draft(Plan.HOLD, hold_reason=ELIGIBILITY_UNKNOWN)
    if verdict in _BLOCKING:
        return Draft(Plan.BLOCK, finding=_BLOCKING[verdict])
    return Draft(Plan.CLAIM)


def filing_due(payer: Payer, service_from: date) -> tuple[datetime, str]:
    """The instant by which the payer must have the claim, and the rule that says so.

    Medicare: one calendar year from service, 29 February counts as 28. Others: the payer's days.
    The limit is the end of the last day in UTC, which no US time zone reaches earlier.
    """
    if payer.is_medicare:
        rule, last = "medicare:1y", _year_later(service_from)
    else:
        rule, last = f"{payer.code}:{payer.filing_days}d", service_from + _days(payer.filing_days)
    due = datetime.combine(last + _days(1), time(), UTC)
    return due, f"{rule}:service_from:UTC:v{payer.version}"


def _year_later(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _days(count: int) -> timedelta:
    return timedelta(days=count)


def control_number(claim_id: UUID, version: int) -> str:
    """CLM01 of the version-th sending: 17 characters A-Z 2-7, new for each version.

    Derived, so the same sending has the same number; 80 bits of it are the hash, which makes a
    clash inside a tenant a matter of 10^12 claims. A unique index would refuse one.
    """
    digest = hashlib.sha256(claim_id.bytes + version.to_bytes(4, "big")).digest()
    return "C" + base64.b32encode(digest[:10]).decode()
