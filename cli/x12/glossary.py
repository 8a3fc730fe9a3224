"""What segments, elements and the commonest values are called, in own words."""

from __future__ import annotations

from shared.codesets.adjustment_glosses import CARC, RARC
from shared.codesets.x12_values import AAA_REASONS, FILING_INDICATORS, PLB_REASONS, RELATIONSHIPS

# Element labels by segment: `02$` is money, `03@` a date. Elements without a label keep their
# number.
SEGMENT_WORDS: dict[str, tuple[str, str]] = {
    "AAA": ("refusal of a request", "01 valid; 03 reason; 04 what to do"),
    "AK1": ("answer to a group", "01 kind; 02 number; 03 version"),
    "AK2": ("answer to a set", "01 set; 02 number; 03 version"),
    "AK9": ("verdict on the group", "01 verdict; 02 sets stated; 03 received; 04 accepted; 05 why"),
    "AMT": ("amount", "01 kind; 02$ amount"),
    "BHT": ("start of the transaction", "02 purpose; 03 reference; 04@ written; 05 at; 06 kind"),
    "BPR": (
        "payment",
        "01 handling; 02$ amount; 03 credit or debit; 04 method; 09 account; 15 account; 16@ on",
    ),
    "CAS": (
        "adjustment",
        (
            "01 group; 02 reason; 03$ amount; 04 units; 05 reason; 06$ amount; 08 reason;"
            " 09$ amount; 11 reason; 12$ amount; 14 reason; 15$ amount; 17 reason; 18$ amount"
        ),
    ),
    "CL1": ("admission", "01 type; 02 source; 03 discharge status"),
    "CLM": (
        "claim",
        (
            "01 number; 02$ charge; 05 place, kind, frequency; 06 provider signed; 07 assignment;"
            " 08 benefits assigned; 09 release"
        ),
    ),
    "CLP": (
        "claim paid",
        (
            "01 number; 02 status; 03$ charge; 04$ paid; 05$ patient's share; 06 kind of plan;"
            " 07 payer's number; 08 place; 09 frequency"
        ),
    ),
    "CN1": ("contract", "01 kind; 02$ amount; 04 code"),
    "CR1": ("ambulance", ""),
    "CR2": ("chiropractic", ""),
    "CR3": ("equipment", ""),
    "CRC": ("conditions", "01 of; 02 applies; 03 condition"),
    "CTP": ("drug quantity", "04 quantity; 05 unit"),
    "CTX": ("context of a finding", ""),
    "CUR": ("currency", "02 currency"),
    "DMG": ("birth and sex", "02@ born; 03 sex"),
    "DN1": ("orthodontics", ""),
    "DN2": ("tooth", "01 tooth; 02 status"),
    "DTM": ("date", "01 of; 02@ day"),
    "DTP": ("date", "01 of; 03@ day"),
    "EB": (
        "benefit",
        "01 says; 02 for; 03 services; 05 plan; 06 period; 07$ amount; 08 share; 12 in network",
    ),
    "EQ": ("question", "01 services; 03 for"),
    "FRM": ("answer on a form", ""),
    "HCP": ("repriced", "02$ allowed"),
    "HCR": ("decision", "01 decision; 02 number"),
    "HI": ("codes", ""),
    "HL": ("level", "01 number; 02 under; 03 of; 04 has lower levels"),
    "HSD": ("delivery", "01 counts; 02 number"),
    "III": ("place or condition", ""),
    "IK3": ("faulty segment", "01 segment; 02 position; 03 loop; 04 code"),
    "IK4": ("faulty element", "01 element; 03 code; 04 value"),
    "IK5": ("verdict on the set", "01 verdict; 02 why"),
    "INS": ("insured", "01 is the subscriber; 02 relationship"),
    "K3": ("free text", "01 text"),
    "LE": ("end of a list", "01 of loop"),
    "LIN": ("drug", "02 system; 03 code"),
    "LQ": ("remark", "01 list; 02 code"),
    "LS": ("start of a list", "01 of loop"),
    "LX": ("line", "01 number"),
    "MEA": ("measurement", ""),
    "MIA": ("inpatient payment", ""),
    "MOA": ("outpatient payment", "03 remark; 04 remark; 05 remark; 06 remark; 07 remark"),
    "MPI": ("military", ""),
    "MSG": ("message", "01 text"),
    "N1": ("name", "01 of; 02 name; 03 id kind; 04 id"),
    "N3": ("street", "01 street; 02 more"),
    "N4": ("city", "01 city; 02 state; 03 ZIP; 04 country"),
    "NM1": ("name", "01 of; 03 name; 04 first; 05 middle; 08 id kind; 09 id"),
    "NTE": ("note", "01 kind; 02 text"),
    "OI": ("other insurance", "03 benefits assigned; 06 release"),
    "PAT": ("patient", "01 relationship; 06@ died"),
    "PER": ("contact", "01 for; 02 name; 03 by; 04 number; 05 by; 06 number; 07 by; 08 number"),
    "PLB": (
        "adjustment of the payment",
        (
            "01 provider; 02@ year ends; 03 reason; 04$ amount; 05 reason; 06$ amount;"
            " 07 reason; 08$ amount"
        ),
    ),
    "PRV": ("specialty", "01 of; 03 taxonomy"),
    "PS1": ("purchased service", "02$ amount"),
    "PWK": ("attachment", "01 kind; 02 by; 06 number"),
    "QTY": ("quantity", "01 kind; 02 quantity"),
    "RDM": ("delivery of the remittance", ""),
    "REF": ("number", "01 kind; 02 number"),
    "SBR": ("insurance", "01 rank; 02 relationship; 03 group; 04 plan; 09 kind of plan"),
    "STC": (
        "status",
        "01 status; 02@ on; 03 action; 04$ charge; 05$ paid; 10 and; 11 and; 12 text",
    ),
    "SV1": ("service", "01 procedure; 02$ charge; 03 unit; 04 units; 05 place; 07 diagnoses"),
    "SV2": ("service", "01 revenue code; 02 procedure; 03$ charge; 04 unit; 05 units"),
    "SV3": ("service", "01 procedure; 02$ charge; 03 place; 06 times"),
    "SV5": ("equipment", "01 procedure; 04$ rental; 05$ price"),
    "SVC": ("service paid", "01 procedure; 02$ charge; 03$ paid; 05 units; 06 billed as"),
    "SVD": ("service paid by another payer", "01 payer; 02$ paid; 03 procedure; 05 units"),
    "TOO": ("tooth", "02 tooth; 03 surfaces"),
    "TRN": ("trace", "01 whose; 02 number; 03 from"),
    "TS2": ("inpatient totals", ""),
    "TS3": ("totals", "01 provider; 02 place; 03@ year ends; 04 claims; 05$ charges"),
    "UM": ("authorisation asked", ""),
}

_ENTITIES: dict[str, str] = {
    "03": "dependent", "1P": "provider", "2B": "third party", "36": "employer", "40": "receiver",
    "41": "submitter", "45": "drop-off", "71": "attending", "72": "operating", "74": "corrected",
    "77": "place of service", "80": "hospital", "82": "rendering provider",
    "85": "billing provider", "87": "pay-to", "DD": "assistant surgeon",
    "DK": "ordering provider", "DN": "referring provider",
    "DQ": "supervising provider", "FA": "facility", "GB": "other insured", "IL": "subscriber",
    "P3": "primary care", "PE": "payee", "PR": "payer", "PW": "pick-up", "QC": "patient",
    "TT": "next payer", "ZZ": "other provider",
}  # fmt: skip
_LEVELS: dict[str, str] = {
    "19": "provider", "20": "source", "21": "receiver", "22": "subscriber", "23": "dependent",
    "PT": "patient",
}  # fmt: skip
_DATES: dict[str, str] = {
    "009": "processed", "036": "coverage ends", "050": "received", "090": "care taken over",
    "096": "discharge", "150": "service starts", "151": "service ends", "232": "claim starts",
    "233": "claim ends", "291": "plan", "307": "eligibility", "346": "plan begins",
    "347": "plan ends", "348": "benefit begins", "405": "production", "431": "onset",
    "434": "statement", "435": "admission", "439": "accident", "454": "first treatment",
    "472": "service", "573": "paid",
}  # fmt: skip
_AMOUNTS: dict[str, str] = {
    "AU": "covered", "B6": "allowed", "D": "paid by the payer", "EAF": "left to pay",
    "F5": "paid by the patient", "I": "interest", "YU": "accepted", "YY": "rejected",
}  # fmt: skip
_CLAIM_STATUS: dict[str, str] = {
    "1": "primary", "2": "secondary", "3": "tertiary", "4": "denied", "19": "primary, forwarded",
    "20": "secondary, forwarded", "21": "tertiary, forwarded", "22": "reversal",
    "23": "not ours, forwarded", "25": "estimate",
}  # fmt: skip
_GROUPS: dict[str, str] = {
    "CO": "contract", "OA": "other", "PI": "payer's own", "PR": "patient",
}  # fmt: skip
_BENEFITS: dict[str, str] = {
    "1": "active", "6": "inactive", "A": "co-insurance", "B": "co-payment", "C": "deductible",
    "F": "limits", "G": "most out of pocket", "I": "not covered",
}  # fmt: skip
_VERDICTS: dict[str, str] = {
    "A": "accepted", "E": "accepted with errors", "P": "partly accepted", "R": "rejected",
}  # fmt: skip
_RANKS: dict[str, str] = {"P": "first", "S": "second", "T": "third"}
_REFUSED: dict[str, str] = {"U": "reject", "WQ": "accept"}

VALUE_WORDS: dict[tuple[str, int], dict[str, str]] = {
    ("NM1", 1): _ENTITIES,
    ("N1", 1): _ENTITIES,
    ("HL", 3): _LEVELS,
    ("DTP", 1): _DATES,
    ("DTM", 1): _DATES,
    ("AMT", 1): _AMOUNTS,
    ("CLP", 2): _CLAIM_STATUS,
    ("CLP", 6): FILING_INDICATORS,
    ("SBR", 1): _RANKS,
    ("SBR", 2): RELATIONSHIPS,
    ("SBR", 9): FILING_INDICATORS,
    ("PAT", 1): RELATIONSHIPS,
    ("INS", 2): RELATIONSHIPS,
    ("CAS", 1): _GROUPS,
    **{("CAS", number): CARC for number in (2, 5, 8, 11, 14, 17)},
    ("LQ", 2): {code: remark.meaning for code, remark in RARC.items()},
    **{("PLB", number): PLB_REASONS for number in (3, 5, 7)},
    ("EB", 1): _BENEFITS,
    ("AAA", 3): AAA_REASONS,
    ("AK9", 1): _VERDICTS,
    ("IK5", 1): _VERDICTS,
    ("STC", 3): _REFUSED,
}

_CLAIM_LOOPS: dict[str, str] = {
    "1000A": "submitter", "1000B": "receiver", "2000A": "billing provider level",
    "2010AA": "billing provider", "2010AB": "pay-to address", "2010AC": "pay-to plan",
    "2000B": "subscriber level", "2010BA": "subscriber", "2010BB": "payer",
    "2000C": "patient level", "2010CA": "patient", "2300": "claim", "2310A": "provider",
    "2310B": "provider", "2310C": "place of service", "2310D": "provider", "2310E": "place",
    "2310F": "place", "2320": "other payer of the claim", "2330A": "other insured",
    "2330B": "other payer", "2400": "line", "2410": "drug", "2420A": "provider of the line",
    "2430": "what another payer paid for the line", "2440": "form",
}  # fmt: skip
LOOP_WORDS: dict[str, dict[str, str]] = {
    "837P": _CLAIM_LOOPS,
    "837I": _CLAIM_LOOPS,
    "837D": _CLAIM_LOOPS,
    "835": {
        "1000A": "payer", "1000B": "payee", "2000": "block of claims", "2100": "claim paid",
        "2110": "line paid",
    },
    "270": {
        "2000A": "payer level", "2100A": "payer", "2000B": "provider level", "2100B": "provider",
        "2000C": "subscriber level", "2100C": "subscriber", "2110C": "question",
        "2000D": "dependent level", "2100D": "dependent", "2110D": "question",
    },
    "271": {
        "2000A": "payer level", "2100A": "payer", "2000B": "provider level", "2100B": "provider",
        "2000C": "subscriber level", "2100C": "subscriber", "2110C": "benefit",
        "2115C": "place or condition", "2120C": "who else", "2000D": "dependent level",
        "2100D": "dependent", "2110D": "benefit", "2115D": "place or condition",
        "2120D": "who else",
    },
    "276": {
        "2000A": "payer level", "2100A": "payer", "2000B": "receiver level", "2100B": "receiver",
        "2000C": "provider level", "2100C": "provider", "2000D": "subscriber level",
        "2100D": "subscriber", "2200D": "claim asked about", "2210D": "line asked about",
        "2000E": "dependent level", "2100E": "dependent", "2200E": "claim asked about",
        "2210E": "line asked about",
    },
    "277": {
        "2000A": "payer level", "2100A": "payer", "2000B": "receiver level", "2100B": "receiver",
        "2200B": "answer", "2000C": "provider level", "2100C": "provider", "2200C": "answer",
        "2000D": "subscriber level", "2100D": "subscriber", "2200D": "status of a claim",
        "2220D": "status of a line", "2000E": "dependent level", "2100E": "dependent",
        "2200E": "status of a claim", "2220E": "status of a line",
    },
    "277CA": {
        "2000A": "source level", "2100A": "source", "2200A": "trace", "2000B": "receiver level",
        "2100B": "receiver", "2200B": "answer to the file", "2000C": "provider level",
        "2100C": "provider", "2200C": "answer to the provider", "2000D": "patient level",
        "2100D": "patient", "2200D": "answer to a claim", "2220D": "answer to a line",
    },
    "999": {"2000": "answer to a set", "2100": "faulty segment", "2110": "faulty element"},
}  # fmt: skip
SET_WORDS: dict[str, str] = {
    "837P": "professional claims", "837I": "institutional claims", "837D": "dental claims",
    "835": "remittance", "270": "eligibility questions", "271": "eligibility answers",
    "276": "claim status questions", "277": "claim status answers",
    "277CA": "acknowledgement of claims", "999": "acknowledgement of a group",
    "TA1": "acknowledgement of an interchange",
}  # fmt: skip
