"""Every kind of finding in plain words: what is wrong, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from shared.x12 import GUIDES


class Words(NamedTuple):
    """A sentence for whoever reads the finding, and the step that removes it."""

    message: str
    remedy: str


_WRITER = "Let the program that wrote the file count and number its own envelope."
_RESEND = "Ask the sender for the whole file; the transfer may have been cut off."
_ISA = "Correct this element of the ISA; its width is fixed, so pad it with blanks."
_BALANCE = "Do not post the payment; ask the payer for a corrected file."
_REPEAT = "Send each only once, under a number of its own."
_GUIDE = "Look the place up with `rcm x12 guide`, and correct the program that fills it."
_VERSIONS = f"Write one that is: {', '.join(f'{one.name} {one.version}' for one in GUIDES)}."
_MOVE = "Write the segments of a loop in the order of the guide."
_SUMS = "Add up charges, payments and adjustments again; they must agree to the cent."
_ASK = "Ask whoever sent the acknowledgement; do not rely on its counts."
_DATES = "Correct the date against the record of the visit."
_CODES = "Look the code up in the list that is in force on the date of service."

_ENVELOPE: dict[str, tuple[str, str]] = {
    "interchange_control_mismatch": ("IEA02 is not the number of its ISA13.", _WRITER),
    "segment_terminator_invalid": (
        "The character that ends segments is a letter, a digit or a blank.",
        "Use a character that occurs in no value, such as ~.",
    ),
    "sender_qualifier_invalid": ("ISA05 is no kind of sender id.", "Use ZZ, or 01, 27, 28, 30."),
    "sender_invalid": ("ISA06, the sender, is empty or not 15 characters wide.", _ISA),
    "receiver_qualifier_invalid": (
        "ISA07 is no kind of receiver id.",
        "Use ZZ, or 01, 27, 28, 30.",
    ),
    "receiver_invalid": ("ISA08, the receiver, is empty or not 15 characters wide.", _ISA),
    "receiver_unknown": (
        "The receiver does not know the id in ISA08.",
        "Use the receiver id of the trading partner's companion guide.",
    ),
    "authorisation_qualifier_invalid": ("ISA01 is neither 00 nor 03.", "Use 00."),
    "authorisation_invalid": ("ISA02 is not 10 characters wide.", _ISA),
    "security_qualifier_invalid": ("ISA03 is neither 00 nor 01.", "Use 00."),
    "security_invalid": ("ISA04 is not 10 characters wide.", _ISA),
    "interchange_date_invalid": ("ISA09 is no date as YYMMDD.", _ISA),
    "interchange_time_invalid": ("ISA10 is no time as HHMM.", _ISA),
    "repetition_separator_invalid": (
        "ISA11, the repetition separator, is also used as another separator.",
        "Use a character of its own, such as ^.",
    ),
    "interchange_version_invalid": ("ISA12 is not 00501.", "Use 00501."),
    "interchange_control_invalid": ("ISA13 is not a number of 9 digits.", _ISA),
    "acknowledgement_request_invalid": ("ISA14 is neither 0 nor 1.", "Use 1 to ask for a TA1."),
    "usage_indicator_invalid": (
        "ISA15 says neither test nor production.",
        "Use T for a test file, P for production.",
    ),
    "group_count_wrong": ("IEA01 is not the number of groups in the interchange.", _WRITER),
    "control_structure_invalid": (
        "A segment stands where the envelope has no place for it.",
        "Put every segment between ST and SE, sets between GS and GE, TA1 before the first GS.",
    ),
    "premature_end": ("The interchange ends without its IEA.", _RESEND),
    "group_invalid": ("An element of the GS cannot be right.", "Correct this element of the GS."),
    "interchange_duplicate": ("The same sender has used this ISA13 before.", _REPEAT),
    "element_separator_invalid": (
        "The element separator is a letter, a digit or a blank, or serves twice.",
        "Use a character of its own, such as *.",
    ),
    "component_separator_invalid": (
        "The component separator in ISA16 is unfit, or serves twice.",
        "Use one character of its own, such as a colon.",
    ),
    "group_not_supported": ("The group is of a kind that is not read here.", _VERSIONS),
    "group_version_not_supported": ("The version in GS08 is not read here.", _VERSIONS),
    "group_trailer_missing": ("The group ends without its GE.", _RESEND),
    "group_control_mismatch": ("GE02 is not the number of its GS06.", _WRITER),
    "set_count_wrong": ("GE01 is not the number of sets in the group.", _WRITER),
    "group_control_invalid": ("GS06 is not a number of 1 to 9 digits.", _WRITER),
    "group_duplicate": ("This GS06 stands twice in one interchange.", _REPEAT),
    "set_not_supported": ("A set of this kind is not read here.", _VERSIONS),
    "set_trailer_missing": ("The set ends without its SE.", _RESEND),
    "set_control_mismatch": ("SE02 is not the number of its ST02.", _WRITER),
    "segment_count_wrong": ("SE01 is not the number of segments from ST to SE.", _WRITER),
    "segments_in_error": ("The receiver found faulty segments.", _GUIDE),
    "set_id_invalid": ("ST01 names no set.", "Use the number of the set, such as 837."),
    "set_control_invalid": ("ST02 is not 4 to 9 characters long.", _WRITER),
    "set_not_of_group": (
        "A set of this kind does not belong in this group.",
        "Put sets of one kind in one group; GS01 names it.",
    ),
    "implementation_reference_invalid": (
        "ST03 names no version of this guide, or not that of GS08.",
        "Write the same version in GS08 and ST03.",
    ),
    "set_duplicate": ("This ST02 stands twice in one group.", _REPEAT),
    "implementation_segments_in_error": ("The receiver found segments against its guide.", _GUIDE),
    "guide_not_supported": ("The set is known, but not in a version read here.", _VERSIONS),
}

_STRUCTURE: dict[str, tuple[str, str]] = {
    "segment_unknown": (
        "No segment has this name.",
        "Correct the name, in capitals; look for a stray terminator in the value before it.",
    ),
    "trailing_separators": (
        "Separators stand at the end of the segment with nothing behind them.",
        "End the segment after its last value.",
    ),
    "findings_cut_off": (
        "There are more findings than are kept.",
        "Correct those that are shown and check again.",
    ),
    "segment_unexpected": ("The segment does not belong at this place.", _MOVE),
    "segment_missing": ("A required segment is missing before this place.", _GUIDE),
    "loop_missing": ("A required group of segments is missing before this place.", _GUIDE),
    "loop_repeated": (
        "The loop occurs more often than the guide allows.",
        "Spread what it holds over more claims or sets.",
    ),
    "segment_repeated": (
        "The segment occurs more often than the guide allows.",
        "Leave the surplus out, or spread it over more loops.",
    ),
    "segment_not_in_set": ("The segment exists, but not in this set.", "Leave it out."),
    "segment_out_of_order": ("The segment stands too early or too late.", _MOVE),
    "segment_not_used": ("The guide does not use this segment here.", "Leave it out."),
    "situational_segment_missing": (
        "The segment is required because of what another one says.",
        "Add it, or correct the value that calls for it.",
    ),
    "situational_segment_present": (
        "The segment may not stand here because of what another one says.",
        "Leave it out, or correct the other value.",
    ),
    "character_invalid": (
        "The value holds a character that may not be sent.",
        "Replace it by a capital letter, a digit or plain punctuation.",
    ),
    "element_missing": ("A required element is empty.", "Fill it in."),
    "conditional_missing": (
        "The element is required because another one is filled.",
        "Fill both, or neither.",
    ),
    "elements_too_many": ("The segment has more elements than it can have.", _GUIDE),
    "too_short": ("The value is shorter than allowed.", "Write the whole value."),
    "too_long": ("The value is longer than allowed.", "Shorten it to the length of the guide."),
    "not_a_number": (
        "The value is no number.",
        "Write digits, with a point before decimals and a minus sign in front.",
    ),
    "blank_at_the_edge": (
        "The value begins or ends with a blank.",
        "Take the blank off; only the ISA is padded.",
    ),
    "text_not_upper_case": (
        "The text holds small letters.",
        "Write capitals; payers store names that way.",
    ),
    "code_invalid": ("The code is not in the list of this element.", _GUIDE),
    "date_invalid": ("There is no such date.", "Write a day of the calendar as YYYYMMDD."),
    "time_invalid": ("There is no such time.", "Write the time as HHMM, on a 24-hour clock."),
    "exclusion_violated": (
        "Two elements are filled of which only one may be.",
        "Leave one of them out.",
    ),
    "repetitions_too_many": (
        "The element is repeated more often than allowed.",
        "Leave the surplus out, or check the repetition separator in ISA11.",
    ),
    "components_too_many": (
        "The element has more components than it can have.",
        "Leave the surplus out, or check the component separator in ISA16.",
    ),
    "code_not_in_guide": ("The code exists, but the guide does not take it here.", _GUIDE),
    "element_not_used": ("The guide does not use this element here.", "Leave it empty."),
    "level_out_of_sequence": (
        "HL01 does not count from 1 by 1.",
        "Number the HL segments of a set anew, from 1.",
    ),
    "level_parent_unknown": (
        "HL02 names no earlier level of the right kind.",
        "Write the number of the level this one belongs to.",
    ),
    "level_children_wrong": (
        "HL04 does not say whether lower levels follow.",
        "Write 1 when lower levels follow, else 0.",
    ),
    "line_out_of_sequence": (
        "LX01 does not count from 1 by 1.",
        "Number the lines of each claim anew, from 1.",
    ),
    "situational_element_missing": (
        "The element is required because of what another one says.",
        "Fill it in, or correct the value that calls for it.",
    ),
    "situational_element_present": (
        "The element may not be filled because of what another one says.",
        "Leave it empty, or correct the other value.",
    ),
}

_MEANING: dict[str, tuple[str, str]] = {
    "external_code_unknown": ("The code is not in the list that was loaded.", _CODES),
    "place_of_service_unknown": (
        "No place of service has this number.",
        "Use a number of the CMS list, such as 11 for an office.",
    ),
    "claim_charge_differs": ("The charge of the claim is not the sum of its lines.", _SUMS),
    "cob_claim_differs": (
        "What another payer paid and adjusted does not add up to the charge of the claim.",
        _SUMS,
    ),
    "cob_line_differs": (
        "What another payer paid and adjusted does not add up to the charge of the line.",
        _SUMS,
    ),
    "cob_paid_differs": (
        "What another payer paid for the claim is not what it paid for the lines.",
        _SUMS,
    ),
    "replacement_without_reference": (
        "A replacement or cancellation does not name the claim it is for.",
        "Add REF*F8 with the payer's own number of the first claim.",
    ),
    "original_with_reference": (
        "A first claim names an earlier one.",
        "Leave REF*F8 out, or send it as a replacement (frequency 7).",
    ),
    "diagnosis_qualifier_wrong": (
        "Diagnoses are in the wrong edition of the ICD for the date of service.",
        "Use ICD-10 (ABK, ABF) from 2015-10-01 on, ICD-9 (BK, BF) before.",
    ),
    "diagnosis_order_wrong": (
        "The main diagnosis does not stand first, or stands twice.",
        "Put one main diagnosis first, the others behind it.",
    ),
    "medicare_twice": (
        "Medicare Part B is named as two payers of one claim.",
        "Correct the claim filing code of the payer that is not Medicare.",
    ),
    "billing_zip_short": ("The ZIP code of the billing provider has not 9 digits.", "Use ZIP+4."),
    "facility_zip_short": ("The ZIP code of the place of service has not 9 digits.", "Use ZIP+4."),
    "po_box_billing": (
        "The address of the billing provider is a post office box.",
        "Give the street; a box may stand in the pay-to address.",
    ),
    "pointer_unknown": (
        "A line points to a diagnosis that the claim does not have.",
        "Point to a diagnosis of this claim, or add it.",
    ),
    "pointer_repeated": ("A line points twice to one diagnosis.", "Point once to each."),
    "service_in_future": ("The service lies in the future.", _DATES),
    "service_before_birth": ("The service lies before the patient's birth.", _DATES),
    "period_reversed": ("The period ends before it begins.", _DATES),
    "npi_check_digit": (
        "The last digit does not fit the NPI.",
        "Compare the NPI with the register; two digits may be exchanged.",
    ),
    "state_unknown": ("There is no such state.", "Use the two letters of the postal service."),
    "diagnosis_has_point": ("The diagnosis is written with its point.", "Leave the point out."),
    "tax_id_form": (
        "The tax number of the billing provider has not 9 digits.",
        "Write 9 digits, without the dash.",
    ),
    "admission_date_missing": (
        "An inpatient place of service has no day of admission.",
        "Add DTP*435.",
    ),
    "adjudicating_payer_unknown": (
        "A line was decided by a payer that is not among the other payers of its claim.",
        "Give SVD01 the number in NM109 of one of the other payers, or add that payer.",
    ),
    "adjudicated_twice": (
        "The day another payer decided stands at the claim and at its lines.",
        "Give it in one of the two places.",
    ),
    "diagnosis_unknown": ("The diagnosis is not in the list that was loaded.", _CODES),
    "procedure_unknown": ("The procedure is not in the list that was loaded.", _CODES),
    "modifier_unknown": ("The modifier is not in the list that was loaded.", _CODES),
    "line_repeated": (
        "The same service to the same patient on the same day stands in the file twice.",
        "Send it once, or tell the two apart by a modifier.",
    ),
    "description_missing": (
        "The code names no certain thing, and no description says what was done.",
        "Describe the service in the seventh component of the procedure.",
    ),
    "drug_code_missing": (
        "A drug is billed without its NDC.",
        "Add LIN with the NDC; many payers ask for it.",
    ),
    "frequency_not_taken": (
        "Professional claims do not take this frequency.",
        "Use 1 first claim, 7 replacement or 8 cancellation.",
    ),
    "claim_repeated": (
        "The same claim number occurs more than once in the file.",
        "Send each claim once, under a number of its own.",
    ),
    "zero_adjustment": ("An adjustment of another payer is zero.", "Leave it out."),
    "rejected_by_payer": (
        "The payer refused the claim.",
        "Read the status, correct the claim and send it as a first claim.",
    ),
    "line_does_not_balance": (
        "Charge less adjustments is not what was paid for the line.",
        _BALANCE,
    ),
    "claim_does_not_balance": (
        "Charge less adjustments is not what was paid for the claim.",
        _BALANCE,
    ),
    "payment_does_not_balance": (
        "Claims less provider adjustments are not the amount of the payment.",
        _BALANCE,
    ),
    "payment_negative": (
        "The payment is negative.",
        "Ask the payer to carry the amount forward (PLB with reason FB).",
    ),
    "patient_share_differs": (
        "CLP05 is not the sum of the patient's adjustments (group PR).",
        "Bill the patient by the adjustments, and tell the payer.",
    ),
    "reversal_not_negated": (
        "The reversal does not take every amount back.",
        "Do not post it; ask the payer for a reversal with all signs turned.",
    ),
    "level_totals_differ": ("The totals are not the sums of what follows.", _ASK),
    "rejection_without_reason": (
        "A request is refused without a reason.",
        "Ask the payer for the reason, by telephone if need be.",
    ),
    "acknowledgement_counts_differ": (
        "The counts of the acknowledgement are not those of its sets.",
        _ASK,
    ),
}

WORDS: dict[str, Words] = {
    kind: Words(*row) for kind, row in (_ENVELOPE | _STRUCTURE | _MEANING).items()
}


def words_of(kind: str) -> Words:
    """The words for a kind of finding."""
    return WORDS.get(kind) or Words(f"{kind.replace('_', ' ').capitalize()}.", _GUIDE)
