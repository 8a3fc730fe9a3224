"""What can be wrong with an X12 file: findings, their kinds, and the codes that answer them."""

from enum import StrEnum
from typing import NamedTuple


class X12Error(Exception):
    """The codec cannot go on; everything that is merely wrong is a `Finding` instead.

    X12Error
    |-- UnreadableError   there is no ISA to read delimiters from
    |-- LimitError        a segment is longer than the limit
    |-- NotANumberError   an amount that was asked for cannot be read
    `-- UnwritableError   a value cannot be written: it holds a delimiter or a control character
    """


class UnreadableError(X12Error):
    """There is no ISA to read delimiters from."""


class LimitError(X12Error):
    """The text passes a limit; reading on could cost without bound."""


class NotANumberError(X12Error):
    """An amount cannot be read. `read` notes it as a finding and makes no value of the claim;
    with `Options(check=False)` it is raised when the amount is looked at."""


class UnwritableError(X12Error):
    """A value cannot be written without changing what the file says."""


class Severity(StrEnum):
    """How much a finding weighs: an error refuses, an edit is a rule of payers, a note informs."""

    ERROR = "error"
    EDIT = "edit"
    NOTE = "note"


class Level(StrEnum):
    """Where a finding is answered: TA1, 999 (group, set, segment, element), 277CA, own report."""

    INTERCHANGE = "interchange"
    GROUP = "group"
    SET = "set"
    SEGMENT = "segment"
    ELEMENT = "element"
    CLAIM = "claim"
    REPORT = "report"


class Finding(NamedTuple):
    """One fault and its place; `segment` counts from ST = 1, `value` may be PHI and is not logged.

    `code` is TA105, AK905, IK502, IK304 or IK403 by level, or `category:status:entity` of an STC.
    """

    snip: int
    severity: Severity
    kind: str
    segment: int
    segment_id: str
    loop: str
    element: int
    component: int
    repetition: int
    value: str
    code: str
    trigger: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """Where this finding is answered."""
        return KINDS[self.kind].level


class Kind(NamedTuple):
    """What every finding of one kind has in common."""

    level: Level
    snip: int
    severity: Severity
    code: str


class Place(NamedTuple):
    """Where something stands in a set; all numbers count from 1, 0 means not that deep."""

    segment: int = 0
    segment_id: str = ""
    loop: str = ""
    element: int = 0
    component: int = 0
    repetition: int = 0


def _kinds(level: Level, *, snip: int, severity: Severity, table: str) -> dict[str, Kind]:
    """Rows of `name code` separated by white space, all of one level, SNIP type and severity."""
    words = table.split()
    return {
        name: Kind(level, snip, severity, code)
        for name, code in zip(words[::2], words[1::2], strict=True)
    }


KINDS: dict[str, Kind] = {
    **_kinds(
        Level.INTERCHANGE,
        snip=1,
        severity=Severity.ERROR,
        table="""
        interchange_control_mismatch 001  segment_terminator_invalid 004
        sender_qualifier_invalid 005      sender_invalid 006
        receiver_qualifier_invalid 007    receiver_invalid 008
        receiver_unknown 009              authorisation_qualifier_invalid 010
        authorisation_invalid 011         security_qualifier_invalid 012
        security_invalid 013              interchange_date_invalid 014
        interchange_time_invalid 015      repetition_separator_invalid 016
        interchange_version_invalid 017   interchange_control_invalid 018
        acknowledgement_request_invalid 019 usage_indicator_invalid 020
        group_count_wrong 021             control_structure_invalid 022
        premature_end 023                 group_invalid 024
        interchange_duplicate 025         element_separator_invalid 026
        component_separator_invalid 027
        """,
    ),
    **_kinds(
        Level.GROUP,
        snip=1,
        severity=Severity.ERROR,
        table="""
        group_not_supported 1  group_version_not_supported 2  group_trailer_missing 3
        group_control_mismatch 4  set_count_wrong 5  group_control_invalid 6  group_duplicate 19
        """,
    ),
    **_kinds(
        Level.SET,
        snip=1,
        severity=Severity.ERROR,
        table="""
        set_not_supported 1  set_trailer_missing 2  set_control_mismatch 3  segment_count_wrong 4
        segments_in_error 5  set_id_invalid 6  set_control_invalid 7  set_not_of_group 18
        implementation_reference_invalid 19  set_duplicate 23
        implementation_segments_in_error I5  guide_not_supported I6
        """,
    ),
    **_kinds(
        Level.SEGMENT,
        snip=1,
        severity=Severity.ERROR,
        table="segment_unknown 1  trailing_separators 8  findings_cut_off 8",
    ),
    **_kinds(
        Level.SEGMENT,
        snip=2,
        severity=Severity.ERROR,
        table="""
        segment_unexpected 2  segment_missing 3  loop_missing 3  loop_repeated 4
        segment_repeated 5  segment_not_in_set 6  segment_out_of_order 7  segment_not_used I4
        """,
    ),
    **_kinds(
        Level.SEGMENT,
        snip=4,
        severity=Severity.ERROR,
        table="situational_segment_missing I6  situational_segment_present I9",
    ),
    **_kinds(
        Level.ELEMENT,
        snip=1,
        severity=Severity.ERROR,
        table="character_invalid 6",
    ),
    **_kinds(
        Level.ELEMENT,
        snip=1,
        severity=Severity.EDIT,
        table="blank_at_the_edge 6",
    ),
    **_kinds(
        Level.ELEMENT,
        snip=1,
        severity=Severity.NOTE,
        table="text_not_upper_case 6",
    ),
    **_kinds(
        Level.ELEMENT,
        snip=2,
        severity=Severity.ERROR,
        table="""
        element_missing 1  conditional_missing 2  elements_too_many 3  too_short 4  too_long 5
        not_a_number 6  code_invalid 7  date_invalid 8  time_invalid 9  exclusion_violated 10
        repetitions_too_many 12  components_too_many 13  code_not_in_guide I6
        element_not_used I10
        level_out_of_sequence 7  level_parent_unknown 7  level_children_wrong 7
        line_out_of_sequence 7
        """,
    ),
    **_kinds(
        Level.ELEMENT,
        snip=4,
        severity=Severity.ERROR,
        table="situational_element_missing I9  situational_element_present I13",
    ),
    **_kinds(
        Level.ELEMENT,
        snip=5,
        severity=Severity.EDIT,
        table="external_code_unknown 7",
    ),
    **_kinds(
        Level.ELEMENT,
        snip=5,
        severity=Severity.ERROR,
        table="place_of_service_unknown 7",
    ),
    **_kinds(
        Level.CLAIM,
        snip=3,
        severity=Severity.ERROR,
        table="""
        claim_charge_differs A8:400  cob_claim_differs A8:672  cob_line_differs A8:672
        cob_paid_differs A8:672
        """,
    ),
    **_kinds(
        Level.CLAIM,
        snip=4,
        severity=Severity.ERROR,
        table="""
        replacement_without_reference A7:464  original_with_reference A7:464
        diagnosis_qualifier_wrong A7:255  diagnosis_order_wrong A7:255
        medicare_twice A8:480:GB  adjudicating_payer_unknown A7:479
        """,
    ),
    **_kinds(
        Level.CLAIM,
        snip=4,
        severity=Severity.EDIT,
        table="""
        billing_zip_short A7:500:85  facility_zip_short A7:500:77  po_box_billing A7:126:85
        pointer_unknown A8:477  pointer_repeated A8:477
        service_in_future A7:187  service_before_birth A7:187  period_reversed A7:188
        tax_id_form A7:128:85  admission_date_missing A6:189  adjudicated_twice A8:516
        """,
    ),
    **_kinds(
        Level.CLAIM,
        snip=5,
        severity=Severity.EDIT,
        table="""
        npi_check_digit A7:562  state_unknown A7:501  diagnosis_has_point A7:255
        diagnosis_unknown A7:255  procedure_unknown A7:454  modifier_unknown A7:453
        """,
    ),
    **_kinds(
        Level.CLAIM,
        snip=7,
        severity=Severity.EDIT,
        table="""
        frequency_not_taken A7:535  claim_repeated A3:54  zero_adjustment A7:519
        description_missing A8:306  drug_code_missing A6:218
        rejected_by_payer A3
        """,
    ),
    **_kinds(
        Level.REPORT,
        snip=3,
        severity=Severity.ERROR,
        table="""
        line_does_not_balance line  claim_does_not_balance claim
        payment_does_not_balance payment  payment_negative payment
        """,
    ),
    **_kinds(
        Level.REPORT,
        snip=4,
        severity=Severity.EDIT,
        table="""
        patient_share_differs patient  reversal_not_negated reversal  level_totals_differ totals
        """,
    ),
    **_kinds(
        Level.REPORT,
        snip=7,
        severity=Severity.EDIT,
        table="line_repeated duplicate",  # whether it is one, the payer decides: no STC for it
    ),
    **_kinds(
        Level.REPORT,
        snip=4,
        severity=Severity.ERROR,
        table="rejection_without_reason rejection  acknowledgement_counts_differ counts",
    ),
}


ONLY_READ_BACK = frozenset({
    # Answers of others that reading never gives: it has no list of what X12 allows beyond the
    # guide, calls a segment of no use unexpected, and knows no rules of a partner's own.
    "receiver_unknown", "segments_in_error", "implementation_segments_in_error",
    "segment_not_used", "situational_segment_present", "situational_element_present",
    "code_not_in_guide", "state_unknown", "rejected_by_payer",
})  # fmt: skip
"""Kinds that come from a TA1, 999 or 277CA of somebody else, and from nowhere else."""


def finding(
    kind: str,
    place: Place = Place(),  # noqa: B008 - an immutable value
    *,
    value: str = "",
    code: str = "",
    trigger: tuple[str, ...] = (),
) -> Finding:
    """A finding of a listed kind; `code` only where it says more than the kind's own code."""
    row = KINDS[kind]
    return Finding(
        row.snip, row.severity, kind, *place, value=value, code=code or row.code, trigger=trigger
    )
