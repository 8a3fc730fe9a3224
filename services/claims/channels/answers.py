"""Files of the mailbox - TA1, 999, 277CA - as acknowledgements of our claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from services.claims.domain import acknowledging
from services.claims.domain.acknowledging import Acknowledgement, Verdict
from services.claims.domain.lifecycle import Reporter
from shared import ids
from shared.errors import Unreadable
from shared.x12 import InterchangeReading, Reading, SetReading, Severity, X12Error, read
from shared.x12.acknowledgement_277ca import BatchStatus, Status, StatusReport
from shared.x12.acknowledgement_999 import Acknowledgement as Group999
from shared.x12.errors import Finding

ENVELOPE_SNIP = 1
PAYER = "PR"
"""NM101 of a 277CA's source: PR a payer, AY a clearinghouse."""


def read_answers(file_id: UUID, content: bytes) -> list[Acknowledgement]:
    """Everything a file says of interchanges, sets and claims; Unreadable when it cannot be read.

    file_id: our id of the file, from which the statements' ids follow.
    """
    reading = _read(content)
    found: list[Acknowledgement] = []
    for interchange in reading.interchanges:
        found += _of_interchange(file_id, interchange)
    for each in reading.sets:
        found += _of_set(file_id, each)
    if not found:
        raise Unreadable(
            "nothing_acknowledged", "The file acknowledges nothing we know how to read."
        )
    return [
        each._replace(id=ids.derived(file_id, f"statement:{place}"))
        for place, each in enumerate(found)
    ]


def _read(content: bytes) -> Reading:
    try:
        reading = read(content)
    except X12Error as error:
        raise Unreadable("not_x12", "The file is not X12.") from error
    broken = [
        finding
        for finding in reading.findings
        if finding.snip == ENVELOPE_SNIP and finding.severity is Severity.ERROR
    ]
    if broken:
        raise Unreadable("broken_envelope", f"The file is damaged ({broken[0].kind}).")
    return reading


def _of_interchange(file_id: UUID, reading: InterchangeReading) -> Iterator[Acknowledgement]:
    for answer in reading.acknowledgements:
        yield Acknowledgement(
            id=file_id,
            kind="TA1",
            verdict=acknowledging.of_interchange(answer.status),
            reported_by=Reporter.CLEARINGHOUSE,
            control=_number(answer.control),
            errors=() if answer.code == "000" else (f"TA105 {answer.code}",),
        )


def _of_set(file_id: UUID, reading: SetReading) -> Iterator[Acknowledgement]:
    for value in reading.values:
        if isinstance(value, Group999):
            yield from _of_group(file_id, value)
        elif isinstance(value, BatchStatus):
            yield from _of_batch(file_id, value)


def _of_group(file_id: UUID, group: Group999) -> Iterator[Acknowledgement]:
    answers = [(each.status, each.codes, each.findings) for each in group.sets]
    for status, codes, findings in answers or [(group.status, group.codes, ())]:
        yield Acknowledgement(
            id=file_id,
            kind="999",
            verdict=acknowledging.of_set(status, codes),
            reported_by=Reporter.CLEARINGHOUSE,
            control=_number(group.control),
            errors=(*(f"IK5 {code}" for code in codes), *map(_place, findings)),
        )


def _of_batch(file_id: UUID, batch: BatchStatus) -> Iterator[Acknowledgement]:
    """Each claim of a 277CA; where it names none, what it says of the batch (our BHT03)."""
    from_payer = batch.source.name.entity == PAYER
    reporter = Reporter.PAYER if from_payer else Reporter.CLEARINGHOUSE
    whole = Acknowledgement(
        id=file_id,
        kind="277CA",
        verdict=Verdict.SILENT,
        reported_by=reporter,
        control=_number(batch.batch),
    )
    for claim in batch.claims:
        reports = [*claim.reports, *(each for line in claim.lines for each in line.reports)]
        yield _with_reports(whole, reports)._replace(
            control=0,
            control_number=claim.claim_id,
            payer_control_number=claim.payer_control_number,
        )
    if not batch.claims:
        yield _with_reports(whole, batch.reports)


def _with_reports(answer: Acknowledgement, reports: Sequence[StatusReport]) -> Acknowledgement:
    """The verdict of all STC together; the triple that decides it leads."""
    statuses = [status for report in reports for status in report.statuses]
    verdict = acknowledging.of_categories([status.category for status in statuses])
    leading = [each for each in statuses if acknowledging.of_categories([each.category]) is verdict]
    lead = (leading or [Status("", "")])[0]
    return answer._replace(
        verdict=verdict,
        category=lead.category,
        status=lead.code,
        entity=lead.entity,
        errors=tuple(map(str, leading)) if verdict is Verdict.REJECTED else (),
    )


def _place(finding: Finding) -> str:
    """Segment, element and code; never the value."""
    element = f"{finding.element:02d}" if finding.element else ""
    return f"{finding.segment_id}{element} at {finding.segment}: {finding.code}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
