"""The 277CA: what became of each claim of an 837, built from findings, written, and read."""

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from shared.x12.claim_837 import Claim
from shared.x12.envelope import SetBody, written
from shared.x12.errors import KINDS, Finding, Level, Place, Severity, finding
from shared.x12.events import Item, Opening
from shared.x12.guides.acknowledgement_277ca import ACKNOWLEDGEMENT_277CA
from shared.x12.loops import Branch
from shared.x12.parties import ZERO, Party, Period, Reference
from shared.x12.party_reading import padded, read_period, read_reference
from shared.x12.party_writing import write_amount, write_date, write_name
from shared.x12.segments import Delimiters, SegmentWriter
from shared.x12.status import (
    ClaimStatus,
    LineStatus,
    Status,
    StatusReport,
    read_line,
    read_report,
    write_details,
    write_line,
    write_report,
)
from shared.x12.tree_reading import NOBODY, Context, TreeReader, first, ordinal_of

_STANDARD = Delimiters()
_ACCEPTED = Status("A2", "20")


class BatchStatus(NamedTuple):
    """One ST of a 277CA: the answer to one ST (or file) of 837.

    `batch` is TRN02 of 2200B, the BHT03 of our 837. Counts and amounts are None where not given.
    """

    reference: str
    created: dt.date | None
    time: str
    source: Party
    receiver: Party
    trace: str
    received: dt.date | None
    processed: dt.date | None
    batch: str
    reports: tuple[StatusReport, ...]
    claims: tuple[ClaimStatus, ...] = ()
    accepted: int | None = None
    rejected: int | None = None
    accepted_amount: Decimal | None = None
    rejected_amount: Decimal | None = None


# -- building --------------------------------------------------------------------------------------


def answer_claim(claim: Claim, findings: Iterable[Finding], day: dt.date) -> ClaimStatus:
    """What to say about one claim: accepted (A2:20), or a STC for each of its faults.

    Every finding that is an error or an edit and has a status triple refuses the claim.
    """
    triples = tuple(dict.fromkeys(
        f.code for f in findings if f.level == Level.CLAIM and f.severity != Severity.NOTE
    ))  # fmt: skip
    if triples:
        reports = tuple(
            StatusReport((Status(*triple.split(":")),), day, "U", claim.charge)
            for triple in triples
        )
    else:
        reports = (StatusReport((_ACCEPTED,), day, "WQ", claim.charge),)
    days = [p for line in claim.lines for p in line.dates if p.qualifier == "472" and p.first]
    patient = (claim.patient or claim.subscriber).name._replace(entity="QC", prefix="")
    if not (patient.id and patient.id_qualifier):  # a dependent goes by the subscriber's number
        member = claim.subscriber.name
        number = (member.id, member.id_qualifier) if member.id_qualifier else ("", "")
        patient = patient._replace(id=number[0], id_qualifier=number[1])
    return ClaimStatus(
        claim.claim_id, Party(patient), Party(claim.billing.name), reports, dates=tuple(days[:1])
    )


def totals_of(claims: Iterable[ClaimStatus]) -> tuple[int, int, Decimal, Decimal]:
    """Accepted and rejected: counts, then amounts as the first STC of each claim gives them."""
    accepted = rejected = 0
    accepted_amount = rejected_amount = ZERO
    for claim in claims:
        amount = claim.reports[0].amount or ZERO if claim.reports else ZERO
        if claim.is_rejected:
            rejected, rejected_amount = rejected + 1, rejected_amount + amount
        else:
            accepted, accepted_amount = accepted + 1, accepted_amount + amount
    return accepted, rejected, accepted_amount, rejected_amount


def with_totals(batch: BatchStatus) -> BatchStatus:
    """The same answer with counts and amounts of its claims; where there is none, nothing."""
    accepted, rejected, accepted_amount, rejected_amount = totals_of(batch.claims)
    return batch._replace(
        accepted=accepted or None, rejected=rejected or None,
        accepted_amount=accepted_amount if accepted else None,
        rejected_amount=rejected_amount if rejected else None,
    )  # fmt: skip


def claim_findings(claim: ClaimStatus) -> tuple[Finding, ...]:
    """What a 277CA says is wrong with a claim, as findings of the same kinds."""
    reports = [*claim.reports, *(r for line in claim.lines for r in line.reports)]
    return tuple(
        finding(_KIND_OF.get(str(status), _other_kind(status)), Place(0, "CLM"), code=str(status))
        for report in reports
        if report.is_rejection
        for status in report.statuses
    )


def _other_kind(status: Status) -> str:
    return _KIND_OF.get(f"{status.category}:{status.code}", "rejected_by_payer")


# -- writing ---------------------------------------------------------------------------------------


def write_batch_status(batch: BatchStatus, delimiters: Delimiters = _STANDARD) -> SetBody:
    """One ST of a 277CA; claims of one provider that follow one another share a level."""
    out = SegmentWriter(delimiters)
    out.add("BHT", "0085", "08", batch.reference, write_date(batch.created), batch.time, "TH")
    out.add("HL", "1", "", "20", "1")
    write_name(out, batch.source.name)
    out.add("TRN", "1", batch.trace)
    out.add("DTP", "050", "D8", write_date(batch.received))
    out.add("DTP", "009", "D8", write_date(batch.processed))
    out.add("HL", "2", "1", "21", "1" if batch.claims else "0")
    write_name(out, batch.receiver.name)
    out.add("TRN", "2", batch.batch)
    for report in batch.reports:
        write_report(out, report)
    _totals(out, batch)
    number, parent, provider = 2, 2, None
    for claim in batch.claims:
        if claim.provider != provider:
            number += 1
            parent, provider = number, claim.provider
            out.add("HL", str(number), "2", "19", "1")
            write_name(out, provider.name)
        number += 1
        _claim(out, claim, number=number, parent=parent)
    return written(ACKNOWLEDGEMENT_277CA, out)


def _totals(out: SegmentWriter, batch: BatchStatus) -> None:
    for qualifier, count in (("90", batch.accepted), ("AA", batch.rejected)):
        if count is not None:
            out.add("QTY", qualifier, str(count))
    for qualifier, amount in (("YU", batch.accepted_amount), ("YY", batch.rejected_amount)):
        if amount is not None:
            out.add("AMT", qualifier, write_amount(amount))


def _claim(out: SegmentWriter, claim: ClaimStatus, *, number: int, parent: int) -> None:
    out.add("HL", str(number), str(parent), "PT")
    write_name(out, claim.patient.name)
    out.add("TRN", "2", claim.claim_id)
    write_details(out, claim.reports, references=claim.references, dates=claim.dates)
    for line in claim.lines:
        write_line(out, line)


# -- reading ---------------------------------------------------------------------------------------


class BatchStatusReader(TreeReader):
    """Reads a 277CA; its one item is a BatchStatus."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening, values=_values)


def _values(body: Branch, context: Context) -> Iterator[Item]:
    bht = padded(body.first("BHT") or ["BHT"], 6)
    source = first(body, "2000A")
    receiver = first(source, "2000B")
    trace, answer = first(source, "2200A"), first(receiver, "2200B")
    counts = {e[1]: e[2] for e in _of(answer, "QTY") if len(e) > 2}
    sums = {e[1]: context.amounts[e[2]] for e in _of(answer, "AMT") if len(e) > 2}
    value = BatchStatus(
        reference=bht[3], created=context.dates[bht[4]], time=bht[5],
        source=context.party(first(source, "2100A")),
        receiver=context.party(first(receiver, "2100B")), trace=_element(trace, "TRN", 2),
        received=_day(trace, "050", context), processed=_day(trace, "009", context),
        batch=_element(answer, "TRN", 2), reports=_reports(answer, context),
        claims=tuple(_claims(receiver, context)),
        accepted=_count(counts.get("90"), context), rejected=_count(counts.get("AA"), context),
        accepted_amount=sums.get("YU"), rejected_amount=sums.get("YY"),
    )  # fmt: skip
    yield Item(value, body.whole(), 2, tuple(_total_findings(value, answer)))


def _of(branch: Branch | None, segment_id: str) -> Iterator[list[str]]:
    return branch.all(segment_id) if branch else iter(())


def _element(branch: Branch | None, segment_id: str, at: int) -> str:
    return padded(next(_of(branch, segment_id), [""]), at + 1)[at]


def _count(text: str | None, context: Context) -> int | None:
    return None if text is None else int(context.amounts[text])


def _day(branch: Branch | None, qualifier: str, context: Context) -> dt.date | None:
    found = branch.first("DTP", qualifier) if branch else None
    return read_period(found, context.dates).first if found else None


def _reports(branch: Branch | None, context: Context) -> tuple[StatusReport, ...]:
    return tuple(read_report(e, context.numbers) for e in _of(branch, "STC"))


def _claims(receiver: Branch | None, context: Context) -> Iterator[ClaimStatus]:
    if receiver is None:
        return
    for level in receiver.inner("2000C"):
        provider = context.party(first(level, "2100C"))
        for patient_level in level.inner("2000D"):
            patient = context.party(first(patient_level, "2100D"))
            for branch in patient_level.inner("2200D"):
                yield ClaimStatus(
                    _element(branch, "TRN", 2), patient, provider, _reports(branch, context),
                    _references(branch, context), _periods(branch, context),
                    tuple(_line(b, context) for b in branch.inner("2220D")),
                )  # fmt: skip


def _references(branch: Branch, context: Context) -> tuple[Reference, ...]:
    return tuple(read_reference(e, context.component) for e in branch.all("REF"))


def _periods(branch: Branch, context: Context) -> tuple[Period, ...]:
    return tuple(read_period(e, context.dates) for e in branch.all("DTP"))


def _line(branch: Branch, context: Context) -> LineStatus:
    line = read_line(branch.segments[0], context.numbers)
    return line._replace(
        reports=_reports(branch, context), references=_references(branch, context),
        dates=_periods(branch, context),
    )  # fmt: skip


def _total_findings(batch: BatchStatus, answer: Branch | None) -> Iterator[Finding]:
    """QTY and AMT of 2200B, where given, add up to the claims that follow."""
    if not batch.claims or answer is None:
        return
    accepted, rejected, accepted_amount, rejected_amount = totals_of(batch.claims)
    pairs = (
        ("QTY", batch.accepted, accepted),
        ("QTY", batch.rejected, rejected),
        ("AMT", batch.accepted_amount, accepted_amount),
        ("AMT", batch.rejected_amount, rejected_amount),
    )
    for segment_id, stated, counted in pairs:
        if stated is not None and stated != counted:
            place = Place(ordinal_of(answer, segment_id), segment_id, "2200B", 2)
            yield finding("level_totals_differ", place, value=f"{stated} <> {counted}")


_KIND_OF: dict[str, str] = {}
for _kind, _row in KINDS.items():
    if _row.level == Level.CLAIM:
        _KIND_OF.setdefault(_row.code, _kind)

__all__ = [
    "NOBODY",
    "BatchStatus",
    "BatchStatusReader",
    "ClaimStatus",
    "LineStatus",
    "Status",
    "StatusReport",
    "answer_claim",
    "claim_findings",
    "totals_of",
    "with_totals",
    "write_batch_status",
]
