"""What must hold before an encounter is taken in: what no coder could mend later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from services.coding.domain.encounter import CoverageGiven, Submission
from shared.codesets import place_of_service
from shared.codesets.x12_values import RELATIONSHIPS
from shared.errors import Problem

SELF = "18"


def refusals(submission: Submission, today: date) -> tuple[Problem, ...]:
    """Everything that keeps the encounter out, each with its place."""
    return (*_dates(submission, today), *_place(submission), *_coverages(submission))


def _dates(submission: Submission, today: date) -> Iterator[Problem]:
    span, where = submission.circumstances, submission.where
    born = date.fromisoformat(submission.patient.birth_date)
    if span.service_to < span.service_from:
        text = "The last date of service lies before the first."
        yield Problem(where("/service_to"), "service_dates_reversed", text, "Correct the dates.")
    if max(span.service_from, span.service_to) > today:
        text = "The date of service lies in the future."
        remedy = "Send the encounter after the visit."
        yield Problem(where("/service_from"), "service_date_in_future", text, remedy)
    if span.service_from < born:
        text = "The date of service lies before the patient's birth."
        remedy = "Correct the birth date or the date of service."
        yield Problem(where("/service_from"), "service_date_before_birth", text, remedy)


def _place(submission: Submission) -> Iterator[Problem]:
    if place_of_service.place(submission.circumstances.place_of_service) is None:
        text = "The CMS list does not know this place of service."
        remedy = "Use the two-digit value, such as 11 for an office."
        where = submission.where("/place_of_service")
        yield Problem(where, "place_of_service_unknown", text, remedy)


def _coverages(submission: Submission) -> Iterator[Problem]:
    ranks = sorted(coverage.rank for coverage in submission.coverages)
    if ranks != list(range(1, len(ranks) + 1)):
        text = "Ranks of coverages start at 1 and leave no gap."
        remedy = "Number the coverages in the order in which they pay."
        yield Problem(submission.where("/coverages"), "coverage_ranks", text, remedy)
    for index, coverage in enumerate(submission.coverages):
        at = f"/coverages/{index}"
        if _stands_before(coverage, submission.coverages[:index]):
            text = "This payer and member id are listed already."
            yield Problem(submission.where(at), "coverage_repeated", text, "Remove one of the two.")
        if coverage.relationship not in RELATIONSHIPS:
            text = "This is no relationship code of X12."
            remedy = "Use 18 for the patient, 01 for a spouse, 19 for a child."
            where = submission.where(f"{at}/relationship")
            yield Problem(where, "relationship_unknown", text, remedy)
        elif coverage.relationship != SELF and coverage.member.subscriber is None:
            text = "Whoever holds the coverage is missing."
            remedy = "Add the subscriber, or use 18 when it is the patient."
            where = submission.where(f"{at}/subscriber")
            yield Problem(where, "subscriber_missing", text, remedy)


def _stands_before(coverage: CoverageGiven, earlier: Sequence[CoverageGiven]) -> bool:
    place = (coverage.payer_code, coverage.member.member_id)
    return any((one.payer_code, one.member.member_id) == place for one in earlier)
