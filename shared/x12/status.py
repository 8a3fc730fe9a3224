"""Claim status as STC carries it, in the 277 and the 277CA: triples, action, amount."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from shared.x12.parties import Party, Period, Procedure, Reference, find_reference
from shared.x12.party_reading import Numbers, padded, read_procedure
from shared.x12.party_writing import (
    write_amount,
    write_date,
    write_period,
    write_procedure,
    write_reference,
)
from shared.x12.segments import SegmentWriter

REJECTED = frozenset({"A3", "A6", "A7", "A8"})  # categories that refuse a claim in a 277CA


class Status(NamedTuple):
    """Category, status and entity, like A7:562:85; `code_list` RX: the code is of NCPDP's list."""

    category: str
    code: str
    entity: str = ""
    code_list: str = ""

    def __str__(self) -> str:
        return ":".join(filter(None, self[:3]))


class StatusReport(NamedTuple):
    """One STC: up to three triples; `action` is STC03, WQ accept or U reject, only in a 277CA.

    `payment` is (paid amount, decision date, method, cheque date, cheque or EFT number), STC05-09.
    """

    statuses: tuple[Status, ...]
    date: dt.date | None = None
    action: str = ""
    amount: Decimal | None = None
    paid: Decimal | None = None
    finalized: dt.date | None = None
    method: str = ""
    paid_on: dt.date | None = None
    check_number: str = ""
    message: str = ""

    @property
    def is_rejection(self) -> bool:
        """Whether any triple refuses the claim."""
        return any(s.category in REJECTED for s in self.statuses)


class LineStatus(NamedTuple):
    """SVC with what was said about it, loop 2220."""

    procedure: Procedure
    charge: Decimal
    reports: tuple[StatusReport, ...] = ()
    paid: Decimal | None = None
    revenue_code: str = ""
    units: Decimal | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[Period, ...] = ()

    @property
    def line_control(self) -> str:
        """REF*FJ: our own line number."""
        return find_reference(self.references, "FJ")


class ClaimStatus(NamedTuple):
    """What was said about one claim: `claim_id` is TRN02, our CLM01 in a 277CA.

    In a 277 it is the trace of our 276. `provider` and `patient` stand above the claim.
    """

    claim_id: str
    patient: Party
    provider: Party
    reports: tuple[StatusReport, ...]
    references: tuple[Reference, ...] = ()
    dates: tuple[Period, ...] = ()
    lines: tuple[LineStatus, ...] = ()
    subscriber: Party | None = None

    @property
    def is_rejected(self) -> bool:
        """Whether any STC of claim or lines refuses it (277CA)."""
        reports = [*self.reports, *(r for line in self.lines for r in line.reports)]
        return any(report.is_rejection for report in reports)

    @property
    def payer_control_number(self) -> str:
        """REF*1K."""
        return find_reference(self.references, "1K")


def read_report(elements: list[str], numbers: Numbers) -> StatusReport:
    """STC."""
    component, amounts, dates = numbers
    e = padded(elements, 13)
    triples = (padded(e[i].split(component), 4)[:4] for i in (1, 10, 11) if e[i])
    return StatusReport(
        tuple(Status(*t) for t in triples), dates[e[2]], e[3],
        amounts[e[4]] if e[4] else None, amounts[e[5]] if e[5] else None, dates[e[6]], e[7],
        dates[e[8]], e[9], e[12],
    )  # fmt: skip


def write_report(out: SegmentWriter, report: StatusReport) -> None:
    """STC."""
    triples = [out.composite(*status) for status in report.statuses[:3]]
    first, second, third = (*triples, "", "", "")[:3]
    out.add(
        "STC", first, write_date(report.date), report.action, write_amount(report.amount),
        write_amount(report.paid), write_date(report.finalized), report.method,
        write_date(report.paid_on), report.check_number, second, third, report.message,
    )  # fmt: skip


def read_line(elements: list[str], numbers: Numbers) -> LineStatus:
    """SVC; the rest of its loop is added by `_replace`."""
    component, amounts, _ = numbers
    e = padded(elements, 8)
    return LineStatus(
        read_procedure(e[1], component), amounts[e[2]], paid=amounts[e[3]] if e[3] else None,
        revenue_code=e[4], units=amounts[e[7]] if e[7] else None,
    )  # fmt: skip


def write_line(out: SegmentWriter, line: LineStatus) -> None:
    """Loop 2220: SVC, STC, REF, DTP."""
    out.add(
        "SVC", write_procedure(out, line.procedure), write_amount(line.charge),
        write_amount(line.paid), line.revenue_code, "", "", write_amount(line.units),
    )  # fmt: skip
    write_details(out, line.reports, references=line.references, dates=line.dates)


def write_details(
    out: SegmentWriter,
    reports: Iterable[StatusReport],
    *,
    references: Iterable[Reference],
    dates: Iterable[Period],
) -> None:
    """STC, REF and DTP in the order of loops 2200 and 2220."""
    for report in reports:
        write_report(out, report)
    for reference in references:
        write_reference(out, reference)
    for period in dates:
        write_period(out, period)
