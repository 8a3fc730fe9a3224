"""Facts published by eligibility: what the payer said of a coverage on a date."""

from __future__ import annotations

from shared.events.marks import At, Cents, Code, Day, Fact, Flag, Id, Number, Plain


class EligibilityRequested(Fact, frozen=True, kw_only=True):
    """A check was stored and will be sent; key: patient_id. trigger: `encounter` or `request`."""

    check_id: Id
    patient_id: Id
    encounter_id: Id
    coverage_id: Id
    payer_id: Id
    rank: Number
    service_date: Day
    trigger: Plain


class EligibilityVerified(Fact, frozen=True, kw_only=True):
    """The payer knows the member as covered; key: patient_id. verdict: `active` or `review`."""

    check_id: Id
    patient_id: Id
    encounter_id: Id
    coverage_id: Id
    payer_id: Id
    rank: Number
    service_date: Day
    verdict: Code
    plan: Code = ""
    copay_cents: Cents | None = None
    deductible_left_cents: Cents | None = None
    as_of: At


class CoverageInactive(Fact, frozen=True, kw_only=True):
    """The payer says the coverage is not in force on the date; key: patient_id."""

    check_id: Id
    patient_id: Id
    encounter_id: Id
    coverage_id: Id
    payer_id: Id
    rank: Number
    service_date: Day
    verdict: Code = "inactive"
    reason: Code


class EligibilityFailed(Fact, frozen=True, kw_only=True):
    """No answer that tells covered or not; key: patient_id. Never means inactive.

    verdict: `needs_correction` (the payer could not find or read the person), `payer_down`
    (will be tried again at retry_at) or `unknown` (gave up). final: no further try follows.
    """

    check_id: Id
    patient_id: Id
    encounter_id: Id
    coverage_id: Id
    payer_id: Id
    rank: Number
    service_date: Day
    verdict: Code
    reject_code: Code = ""
    retry_at: At | None = None
    final: Flag
