"""The work a denial makes: whose fault, whose turn, until when, and the life of a work item.

Source: docs/domain, Denials. The next step's words come with the
reading of the codes (shared/codesets/adjustments.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.claims.domain.lifecycle import Owner
from shared.codesets.adjustments import Category
from shared.errors import Conflict

WORK_DAYS = 14
"""A denial is looked at within two weeks, however long the appeal limit is."""

SAFETY_DAYS = 7
"""And at least a week before the appeal limit."""


class Work(StrEnum):
    """Where a denial work item stands."""

    NEW = "new"
    TRIAGED = "triaged"
    IN_WORK = "in_work"
    WAITING_CODER = "waiting_coder"
    WAITING_CLIENT = "waiting_client"
    WAITING_PAYER = "waiting_payer"
    RESUBMITTED = "resubmitted"
    APPEALED = "appealed"
    OVERTURNED = "overturned"
    PARTLY_OVERTURNED = "partly_overturned"
    UPHELD = "upheld"
    RESOLVED_PAID = "resolved_paid"
    REBILLED_OTHER_PAYER = "rebilled_other_payer"
    WRITE_OFF_APPROVED = "write_off_approved"
    MOVED_TO_PATIENT = "moved_to_patient"
    CLOSED_NO_VALUE = "closed_no_value"


_ENDS = frozenset(
    {
        Work.RESOLVED_PAID,
        Work.REBILLED_OTHER_PAYER,
        Work.WRITE_OFF_APPROVED,
        Work.MOVED_TO_PATIENT,
        Work.CLOSED_NO_VALUE,
    }
)
_WAITING = frozenset({Work.WAITING_CODER, Work.WAITING_CLIENT, Work.WAITING_PAYER})
_ANSWERS = frozenset({Work.OVERTURNED, Work.PARTLY_OVERTURNED, Work.UPHELD})

WORK_NEXT: Mapping[Work, frozenset[Work]] = {
    Work.NEW: frozenset({Work.TRIAGED}) | _ENDS,
    Work.TRIAGED: frozenset({Work.IN_WORK}) | _ENDS,
    Work.IN_WORK: _WAITING | {Work.RESUBMITTED, Work.APPEALED} | _ENDS,
    **{waiting: frozenset({Work.IN_WORK}) | _ENDS for waiting in sorted(_WAITING)},
    Work.RESUBMITTED: _ANSWERS | _ENDS,
    Work.APPEALED: _ANSWERS | _ENDS,
    **{answer: frozenset({Work.IN_WORK}) | _ENDS for answer in sorted(_ANSWERS)},
    **{end: frozenset() for end in sorted(_ENDS)},
}
OPEN_WORK = frozenset(Work) - _ENDS

ROOT_CAUSE: Mapping[Category, Owner] = {
    Category.COVERAGE: Owner.CLIENT,
    Category.WRONG_PAYER: Owner.CLIENT,
    Category.COB: Owner.CLIENT,
    Category.IDENTITY: Owner.CLIENT,
    Category.AUTHORIZATION: Owner.CLIENT,
    Category.REFERRAL: Owner.CLIENT,
    Category.ENROLMENT: Owner.CLIENT,
    Category.TIMELY_FILING: Owner.BILLER,
    Category.DUPLICATE: Owner.BILLER,
    Category.DIAGNOSIS: Owner.CODER,
    Category.PROCEDURE_MODIFIER: Owner.CODER,
    Category.BUNDLING: Owner.CODER,
    Category.FREQUENCY_UNITS: Owner.CODER,
    Category.NECESSITY: Owner.PROVIDER,
    Category.RECORDS: Owner.PROVIDER,
    Category.MISSING_DATA: Owner.BILLER,
    Category.NOT_COVERED: Owner.CLIENT,
    Category.LIABILITY_WC: Owner.CLIENT,
    Category.UNDERPAYMENT: Owner.PAYER,
    Category.UNCLASSIFIED: Owner.DENIALS,
}
"""Which team could have prevented it."""


def check_work_move(source: Work, target: Work) -> None:
    """Conflict (`denial_work_status`) when the table does not allow the move."""
    if target not in WORK_NEXT[source]:
        raise Conflict("denial_work_status", f"Work that is {source} cannot become {target}.")


def appeal_due(paid_on: date, appeal_days: int) -> date:
    """The last day for an appeal, counted from the date of the 835."""
    return paid_on + timedelta(days=appeal_days)


def work_due(opened_on: date, last_appeal_day: date) -> datetime:
    """The end of the day by which the work is done: two weeks, and well before the appeal limit."""
    day = min(opened_on + timedelta(days=WORK_DAYS), last_appeal_day - timedelta(days=SAFETY_DAYS))
    return datetime.combine(max(day, opened_on) + timedelta(days=1), time(), UTC)
