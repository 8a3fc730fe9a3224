"""What a payer's adjustment triple means: class, ledger treatment, denial or not, first step."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What an adjustment is (docs/domain, Denials): first the classes that are no denial."""

    CONTRACT = "contract"
    REGULATION = "regulation"
    WITHHELD = "withheld"
    PATIENT_SHARE = "patient_share"
    PRIOR_PAYER = "prior_payer"
    PENDED = "pended"
    INFORMATIONAL = "informational"
    OUT_OF_NETWORK = "out_of_network"
    PAID_TO_PATIENT = "paid_to_patient"
    PATIENT_ACCOUNT = "patient_account"
    COVERAGE = "coverage"
    WRONG_PAYER = "wrong_payer"
    COB = "cob"
    IDENTITY = "identity"
    AUTHORIZATION = "authorization"
    REFERRAL = "referral"
    ENROLMENT = "enrolment"
    TIMELY_FILING = "timely_filing"
    DUPLICATE = "duplicate"
    DIAGNOSIS = "diagnosis"
    PROCEDURE_MODIFIER = "procedure_modifier"
    BUNDLING = "bundling"
    FREQUENCY_UNITS = "frequency_units"
    NECESSITY = "necessity"
    RECORDS = "records"
    MISSING_DATA = "missing_data"
    NOT_COVERED = "not_covered"
    LIABILITY_WC = "liability_wc"
    UNDERPAYMENT = "underpayment"
    UNCLASSIFIED = "unclassified"


class Treatment(StrEnum):
    """What the ledger does with the amount (docs/domain, Ledger); the last five post nothing."""

    CONTRACT = "contract"
    REGULATION = "regulation"
    WITHHELD = "withheld"
    PATIENT_SHARE = "patient_share"
    DENIAL = "denial"
    PRIOR_PAYER = "prior_payer"
    PENDED = "pended"
    INFORMATIONAL = "informational"
    REVIEW = "review"


class Outcome(StrEnum):
    """What the readings of one line, or of all lines of a claim, add up to."""

    PAID = "paid"
    ZERO_PAY = "zero_pay"
    PARTLY_DENIED = "partly_denied"
    DENIED = "denied"
    UNPROCESSABLE = "unprocessable"
    PENDED = "pended"


POSTING = frozenset(
    {Treatment.CONTRACT, Treatment.REGULATION, Treatment.WITHHELD, Treatment.PATIENT_SHARE}
)
NO_DECISION_REMARK = "MA130"


@dataclass(frozen=True, slots=True)
class Reading:
    """One adjustment triple understood.

    `needs_review`: a person looks before anything moves on; `is_unprocessable`: no decision was
    made (CARC 16 with MA130): fix and send a new claim, no appeal; `next_step`: for a biller.
    """

    group: str
    carc: str
    category: Category
    treatment: Treatment
    is_denial: bool
    needs_review: bool
    is_unprocessable: bool
    next_step: str

    @property
    def posts(self) -> bool:
        """True when the amount leaves insurance receivables at once (docs/domain, Denials)."""
        return self.treatment in POSTING


_CODES: dict[Category, str] = {
    Category.CONTRACT: "45 59 94 131 144 172 303",
    Category.REGULATION: "237 253",
    Category.WITHHELD: "104 105 143",
    Category.PATIENT_SHARE: "1 2 3 66 85 241 247 248 275",
    Category.PRIOR_PAYER: "23",
    Category.PENDED: "133 257 277",
    Category.INFORMATIONAL: "101 169 246",
    Category.PAID_TO_PATIENT: "100",
    Category.PATIENT_ACCOUNT: "187",
    Category.COVERAGE: "26 27 31 32 33 177 178 179 200 238 239",
    Category.WRONG_PAYER: "24 109 254 270 280 297 301 B9 B11",
    Category.COB: "19 20 21 22 129 136 276 228",
    Category.IDENTITY: "13 14 140 206 207 208",
    Category.AUTHORIZATION: "15 95 197 198 210 243 284 296 302",
    Category.REFERRAL: "183 184 287 288",
    Category.ENROLMENT: "8 147 170 171 185 242 279 283 299 B7 B23",
    Category.TIMELY_FILING: "29 164 285 286",
    Category.DUPLICATE: "18 B13",
    Category.DIAGNOSIS: "9 10 11 12 146 167 B22",
    Category.PROCEDURE_MODIFIER: "4 5 6 7 58 107 181 182 189 199 261 282 B15 B16",
    Category.BUNDLING: "97 231 234 236 B10 B14",
    Category.FREQUENCY_UNITS: "35 119 149 151 222 273",
    Category.NECESSITY: "50 54 55 56 150 152 153 154 272 B8",
    Category.RECORDS: "163 226 227 148 250 251 252 B12 112",
    Category.MISSING_DATA: "16 A1",
    Category.NOT_COVERED: "49 96 B1 204 256 258 60 111",
    Category.LIABILITY_WC: "215",
}
CATEGORY_OF = {code: category for category, codes in _CODES.items() for code in codes.split()}

# Category -> treatment when the group is the usual one, and which groups are usual.
# Any other group leaves the amount where it is until a person has looked (Treatment.REVIEW).
_NON_DENIAL: dict[Category, tuple[Treatment, frozenset[str]]] = {
    Category.CONTRACT: (Treatment.CONTRACT, frozenset({"CO", "PI"})),
    Category.REGULATION: (Treatment.REGULATION, frozenset({"CO", "PI", "OA"})),
    Category.WITHHELD: (Treatment.WITHHELD, frozenset({"CO", "PI", "OA"})),
    Category.PATIENT_SHARE: (Treatment.PATIENT_SHARE, frozenset({"PR"})),
    Category.PRIOR_PAYER: (Treatment.PRIOR_PAYER, frozenset({"OA"})),
    Category.PENDED: (Treatment.PENDED, frozenset({"OA", "CO", "PI", "PR"})),
    Category.INFORMATIONAL: (Treatment.INFORMATIONAL, frozenset({"OA", "CO", "PI", "PR"})),
    Category.OUT_OF_NETWORK: (Treatment.REVIEW, frozenset()),
    Category.PAID_TO_PATIENT: (Treatment.PATIENT_SHARE, frozenset({"PR", "OA"})),
    Category.PATIENT_ACCOUNT: (Treatment.REVIEW, frozenset()),
}

# (group, CARC) pairs that mean something else than the CARC alone.
_SPECIAL: dict[tuple[str, str], tuple[Category, Treatment]] = {
    ("PR", "45"): (Category.OUT_OF_NETWORK, Treatment.REVIEW),
    ("OA", "94"): (Category.CONTRACT, Treatment.CONTRACT),
}

NEXT_STEPS: dict[Category, str] = {
    Category.CONTRACT: "Nothing: the agreed reduction is booked; compare with the contract line.",
    Category.REGULATION: "Nothing: a reduction by law is booked and never goes to the patient.",
    Category.WITHHELD: "Expect the money later; follow the withheld balance.",
    Category.PATIENT_SHARE: "Bill the next payer, or the patient when there is none.",
    Category.PRIOR_PAYER: "Nothing: it shows what the payer before has already settled.",
    Category.PENDED: "Wait for the decision; send what the payer asks for.",
    Category.INFORMATIONAL: "Read it; no money moves.",
    Category.OUT_OF_NETWORK: "Check the surprise-billing rules before the patient is billed.",
    Category.PAID_TO_PATIENT: "The payer paid the patient: bill the patient.",
    Category.PATIENT_ACCOUNT: "Paid from the patient's own health account: check where it went.",
    Category.COVERAGE: "Check coverage again for the date; look for other coverage; else patient.",
    Category.WRONG_PAYER: "Find the payer that is responsible and send a new claim there.",
    Category.COB: "Put the payers in the right order, bill the first, resend with its result.",
    Category.IDENTITY: "Correct the data; send a new or a replacement claim.",
    Category.AUTHORIZATION: "Find the number, ask for one afterwards, or appeal with proof.",
    Category.REFERRAL: "Get the referral or the data of the ordering provider.",
    Category.ENROLMENT: "Open a credentialing task and hold the sibling claims.",
    Category.TIMELY_FILING: "Attach the payer's acceptance as proof; appeal where allowed.",
    Category.DUPLICATE: "Link to the first claim and close, or prove it is another service.",
    Category.DIAGNOSIS: "Send to a coder: check the diagnosis against the chart.",
    Category.PROCEDURE_MODIFIER: "Send to a coder: check code and modifier; replace the claim.",
    Category.BUNDLING: "Check the pair edit and the record: add a modifier or accept.",
    Category.FREQUENCY_UNITS: "Check benefits left and unit limits; send records if justified.",
    Category.NECESSITY: "Check the coverage policy; ask for peer review; appeal.",
    Category.RECORDS: "Send the documents inside the payer's window.",
    Category.MISSING_DATA: "Read the remark code and repair the field it names.",
    Category.NOT_COVERED: "With a valid notice on file bill the patient; otherwise review.",
    Category.LIABILITY_WC: "Pass to the property and casualty queue.",
    Category.UNDERPAYMENT: "Dispute with the contract line.",
    Category.UNCLASSIFIED: "Read the payer's own text and classify by hand.",
}
UNPROCESSABLE_STEP = "No decision was made: repair it and send a new claim; no appeal is possible."
LETTER_STEP = "Ask the patient by letter for what the payer is missing."


def classify(
    group: str, carc: str, rarcs: Iterable[str] = (), *, is_capitated: bool = False
) -> Reading:
    """Sort one CAS triple; never fails: what it does not know is `UNCLASSIFIED`, a denial to read.

    `group` CO, PR, PI, OA; `carc` and `rarcs` as on the wire (give line and claim remarks
    together); `is_capitated`: the claim is paid by head, so CO 24 is a contract reduction.
    """
    group, carc = group.strip().upper(), normalise(carc)
    category, treatment = _sorted(group, carc, is_capitated=is_capitated)
    is_denial = treatment is Treatment.DENIAL
    unprocessable = carc == "16" and NO_DECISION_REMARK in {normalise(each) for each in rarcs}
    step = UNPROCESSABLE_STEP if unprocessable else NEXT_STEPS[category]
    return Reading(
        group=group,
        carc=carc,
        category=category,
        treatment=treatment,
        is_denial=is_denial,
        needs_review=_needs_review(group, category, treatment),
        is_unprocessable=unprocessable,
        next_step=LETTER_STEP if (group, carc) == ("PR", "227") else step,
    )


def outcome(paid_cents: int, readings: Collection[Reading]) -> Outcome:
    """Sum up a line, or a claim with the readings of all its lines; paid_cents is what was paid.

    Rule (docs/domain, Decisions): a denial class with money = partly denied; CLP02 is not asked.
    """
    if paid_cents <= 0 and any(reading.is_unprocessable for reading in readings):
        return Outcome.UNPROCESSABLE
    if any(reading.is_denial for reading in readings):
        return Outcome.PARTLY_DENIED if paid_cents > 0 else Outcome.DENIED
    if paid_cents > 0:
        return Outcome.PAID
    pended = any(reading.treatment is Treatment.PENDED for reading in readings)
    return Outcome.PENDED if pended else Outcome.ZERO_PAY


def normalise(code: str) -> str:
    """A CARC or RARC trimmed, upper-cased, without leading zeros: ` 045` -> `45`."""
    code = code.strip().upper()
    return code.lstrip("0") or "0" if code.isdigit() else code


def _sorted(group: str, carc: str, *, is_capitated: bool) -> tuple[Category, Treatment]:
    if (group, carc) in _SPECIAL:
        return _SPECIAL[group, carc]
    if is_capitated and (group, carc) == ("CO", "24"):
        return Category.CONTRACT, Treatment.CONTRACT
    category = CATEGORY_OF.get(carc, Category.UNCLASSIFIED)
    if category is Category.UNCLASSIFIED and carc[:1] == "P" and carc[1:].isdigit():
        category = Category.LIABILITY_WC
    if category not in _NON_DENIAL:
        return category, Treatment.DENIAL
    treatment, usual = _NON_DENIAL[category]
    return category, treatment if group in usual else Treatment.REVIEW


def _needs_review(group: str, category: Category, treatment: Treatment) -> bool:
    """PI is booked like CO but looked at; so is what no rule could place."""
    return (
        treatment is Treatment.REVIEW
        or group not in {"CO", "PR", "OA"}
        or category is Category.UNCLASSIFIED
    )
