"""Small X12 value lists that several services read, in own words: value -> what it means."""

from __future__ import annotations

from enum import StrEnum


class AdjustmentGroup(StrEnum):
    """CAS01: who bears an adjustment (docs/domain, Denials)."""

    CONTRACTUAL = "CO"
    PATIENT = "PR"
    PAYER_INITIATED = "PI"
    OTHER = "OA"


class ClaimStatus835(StrEnum):
    """CLP02: as what the payer handled the claim; never the key to what a denial is."""

    PRIMARY = "1"
    SECONDARY = "2"
    TERTIARY = "3"
    DENIED = "4"
    PRIMARY_FORWARDED = "19"
    SECONDARY_FORWARDED = "20"
    TERTIARY_FORWARDED = "21"
    REVERSAL = "22"
    NOT_OURS_FORWARDED = "23"
    ESTIMATE_ONLY = "25"


FORWARDED = frozenset(
    {
        ClaimStatus835.PRIMARY_FORWARDED,
        ClaimStatus835.SECONDARY_FORWARDED,
        ClaimStatus835.TERTIARY_FORWARDED,
    }
)


class Frequency(StrEnum):
    """CLM05-3: first claim, replacement, cancellation."""

    ORIGINAL = "1"
    REPLACEMENT = "7"
    VOID = "8"


PLB_REASONS: dict[str, str] = {
    "50": "late charge",
    "51": "penalty interest",
    "72": "refund received from the provider",
    "90": "discount for early payment",
    "AP": "advance payment",
    "B2": "rebate",
    "BD": "bad debt",
    "BN": "bonus",
    "CS": "adjustment",
    "CT": "payment by head",
    "E3": "money held back",
    "FB": "balance carried to or from another remittance",
    "IP": "incentive payment",
    "IR": "tax withheld",
    "IS": "interim settlement",
    "J1": "not reimbursed",
    "L3": "penalty",
    "L6": "interest",
    "LE": "levy",
    "LS": "lump sum",
    "PI": "regular interim payment",
    "PL": "final payment",
    "TL": "third party liability",
    "WO": "recovery of an overpayment",
    "WU": "recovery without a stated reason",
}

RELATIONSHIPS: dict[str, str] = {
    "01": "spouse",
    "18": "self",
    "19": "child",
    "20": "employee",
    "21": "unknown",
    "39": "organ donor",
    "40": "donor after death",
    "53": "life partner",
    "G8": "other",
}

FILING_INDICATORS: dict[str, str] = {
    "11": "other public programme, not federal",
    "12": "preferred provider plan",
    "13": "point of service plan",
    "14": "exclusive provider plan",
    "15": "indemnity plan",
    "16": "Medicare Advantage HMO",
    "17": "dental HMO",
    "AM": "car insurance",
    "BL": "Blue Cross or Blue Shield",
    "CH": "military families",
    "CI": "commercial insurer",
    "DS": "disability insurance",
    "FI": "federal employees",
    "HM": "HMO",
    "LM": "medical liability",
    "MA": "Medicare part A",
    "MB": "Medicare part B",
    "MC": "Medicaid",
    "OF": "other federal programme",
    "TV": "mother and child programme (title V)",
    "VA": "veterans",
    "WC": "workers' compensation",
    "ZZ": "agreed between the parties",
}

MSP_TYPES: dict[str, str] = {
    "12": "65 or older and working, employer plan first",
    "13": "kidney failure in the first 30 months, employer plan first",
    "14": "no-fault insurance first",
    "15": "workers' compensation first",
    "16": "public health service first",
    "41": "black lung programme first",
    "42": "veterans' programme first",
    "43": "under 65 and disabled, employer plan first",
    "47": "liability insurance first",
}

AAA_REASONS: dict[str, str] = {
    "15": "needed data is missing",
    "33": "the request has errors",
    "41": "no permission to ask",
    "42": "the payer cannot answer now",
    "43": "provider number missing or wrong",
    "45": "provider specialty missing or wrong",
    "50": "the provider may not ask",
    "51": "the payer does not know the provider",
    "52": "the provider was not enrolled on that day",
    "56": "date not acceptable",
    "57": "service date missing or wrong",
    "58": "birth date missing or wrong",
    "60": "birth after the service",
    "61": "death before the service",
    "62": "service date too far away to ask",
    "63": "service date in the future",
    "64": "patient number missing or wrong",
    "65": "patient name missing or wrong",
    "66": "patient sex missing or wrong",
    "67": "patient not found",
    "68": "patient number found more than once",
    "71": "birth date differs from the payer's",
    "72": "member number missing or wrong",
    "73": "member name missing or wrong",
    "75": "member not found",
    "76": "member number found more than once",
    "77": "member found, patient not",
    "78": "member not in this group or plan",
    "79": "sender or receiver number wrong",
    "80": "the payer did not answer",
    "T4": "payer name or number missing",
}
AAA_PAYER_DOWN = frozenset({"42", "80"})

AAA_ACTIONS: dict[str, str] = {
    "C": "correct and send again",
    "N": "do not send again",
    "P": "send the original again",
    "R": "may be sent again",
    "S": "do not send again, ask the other party",
    "W": "wait thirty days, then send again",
    "X": "wait ten days, then send again",
    "Y": "do not send again, the answer will come",
}
