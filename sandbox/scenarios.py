"""What each test member brings about: journeys and test values as one literal table.

A member without a row gets the payer's usual plan, with a seeded share of surprises (`SURPRISES`).
Source: docs/domain, End-to-end journeys; the README beside this is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar

from sandbox.chance import draw, weighted
from sandbox.payers import COPAY_20, COPAY_25, FULL, NOTHING_OWED, PAYERS, SHARE_20, Design

_T = TypeVar("_T")


class Verdict(StrEnum):
    """What a 271 says of a member; the numbers are AAA03."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    PAYER_AWAY = "42"
    MEMBER_INVALID = "72"
    NOT_FOUND = "75"


class Delivery(StrEnum):
    """How the payment of a claim reaches the mailbox; all but PLAIN travel in an 835 of their own.

    SILENT: accepted, then no 835 ever. UNANSWERED: not even a 277CA. GARBLED: cut and scrambled.
    TWICE: the same bytes as two files. UNBALANCED: BPR02 ten cents short.
    """

    PLAIN = "plain"
    SILENT = "silent"
    UNANSWERED = "unanswered"
    GARBLED = "garbled"
    TWICE = "twice"
    UNBALANCED = "unbalanced"


class Denial(NamedTuple):
    """Why a line is refused: CAS group and CARC, remarks of the line and of the claim (MOA)."""

    carc: str
    group: str = "CO"
    remarks: tuple[str, ...] = ()
    claim_remarks: tuple[str, ...] = ()


class Answer(NamedTuple):
    """What a payer does with one claim.

    design: None = a usual plan of the payer, drawn. designs, rates, denials: by procedure code;
    denials "*" = every line. allowed: basis points of the charge instead of rates (0 = rates).
    rejection: STC01 of a 277CA that refuses the claim. forward_to: payer that gets it next.
    delay_days: business days of the payer's clock until payment. correction: takes the first
    payment back a day later and pays this instead. deposit_first: the money comes a day early.
    """

    design: Design | None = None
    designs: Mapping[str, Design] = {}
    rates: Mapping[str, int] = {}
    denials: Mapping[str, Denial] = {}
    allowed: int = 0
    rejection: str = ""
    interest_cents: int = 0
    forward_to: str = ""
    delay_days: int = 0
    delivery: Delivery = Delivery.PLAIN
    correction: Answer | None = None
    deposit_first: bool = False


class Scenario(NamedTuple):
    """The n-th inquiry and the n-th claim of one visit get the n-th entry; the last one stays.

    refuse_first_file: the first 837 that holds the member is answered by a 999 with R.
    """

    answers: tuple[Answer, ...] = ()
    verdicts: tuple[Verdict, ...] = (Verdict.ACTIVE,)
    refuse_first_file: bool = False


MEMBER_INVALID_STC = "A7:164:IL"
UNPROCESSABLE = Denial("16", remarks=("N290",), claim_remarks=("MA130",))
ENDED = Denial("27")

_COPAY = Answer(COPAY_25)
_SHARE = Answer(SHARE_20)


def _denied(denial: Denial) -> Answer:
    return Answer(denials={"*": denial})


SCENARIOS: dict[str, Scenario] = {
    "TEST-ACTIVE": Scenario((_COPAY,)),
    "TEST-INACTIVE": Scenario((_denied(ENDED),), (Verdict.INACTIVE,)),
    "TEST-AAA42": Scenario((_COPAY,), (Verdict.PAYER_AWAY,)),
    "TEST-AAA72": Scenario((Answer(rejection=MEMBER_INVALID_STC),), (Verdict.MEMBER_INVALID,)),
    "TEST-AAA75": Scenario((Answer(rejection=MEMBER_INVALID_STC),), (Verdict.NOT_FOUND,)),
    "TEST-J01": Scenario((_COPAY,)),
    "TEST-J02": Scenario((Answer(Design(deductible_cents=145_20)),)),
    "TEST-J03": Scenario((Answer(Design(deductible_cents=120_00, coinsurance=2_000)),)),
    "TEST-J04": Scenario((_COPAY,)),
    "TEST-J04X": Scenario((Answer(rejection=MEMBER_INVALID_STC),)),
    "TEST-J05A": Scenario((_COPAY,), refuse_first_file=True),
    "TEST-J05B": Scenario((_COPAY,), refuse_first_file=True),
    "TEST-J05C": Scenario((_COPAY,), refuse_first_file=True),
    "TEST-J06": Scenario(
        (_denied(ENDED),), (Verdict.PAYER_AWAY, Verdict.PAYER_AWAY, Verdict.INACTIVE)
    ),
    "TEST-J07": Scenario((Answer(COPAY_20),)),
    "2TX4TT1JJ07": Scenario((_denied(Denial("109")),)),
    "TEST-J08": Scenario((_denied(Denial("197")),)),
    "TEST-J09": Scenario((_denied(Denial("50")),)),
    "2TX4TT1JJ10": Scenario((_denied(UNPROCESSABLE), _SHARE)),
    "TEST-J11": Scenario((Answer(delivery=Delivery.SILENT), _denied(Denial("29")))),
    "TEST-J12": Scenario((_SHARE,)),
    "TEST-J13": Scenario((_SHARE,)),
    "2TX4TT1JJ13": Scenario((_SHARE,)),
    "2TX4TT1JJ14": Scenario((Answer(SHARE_20, forward_to="CEDAR"),)),
    "TEST-J15": Scenario(
        (Answer(SHARE_20, {"99213": COPAY_25}, rates={"99214": 130_20, "99213": 102_30}),)
    ),
    "TEST-J16": Scenario((_SHARE,)),
    "TEST-J17": Scenario((Answer(Design()),)),
    "TEST-J18": Scenario(
        (
            Answer(
                COPAY_25,
                {"20610": SHARE_20},
                correction=Answer(COPAY_25, {"20610": SHARE_20}, rates={"99213": 92_50}),
            ),
        )
    ),
    "TEST-J19A": Scenario((Answer(COPAY_25, interest_cents=125, deposit_first=True),)),
    "TEST-J19B": Scenario((_SHARE,)),
    "TEST-J19C": Scenario((_SHARE,)),
    "TEST-J21": Scenario((_COPAY,)),
    "2TX4TT1JJ21": Scenario((_SHARE,)),
    "2TX4TT1JJ22": Scenario((_SHARE,)),
    "TEST-J23": Scenario((Answer(SHARE_20, denials={"97140": Denial("236")}), _SHARE)),
    "TEST-J25": Scenario((_COPAY,)),
}
"""By member id; ids shaped like a Medicare number (…JJnn) are journey nn at Beacon."""

TEST_PAYER = "TESTPAY"
_PARTLY = Answer(Design(), allowed=8_000)

TEST_CENTS: dict[int, Answer] = {
    1: Answer(Design(), allowed=FULL),
    2: _PARTLY,
    3: _denied(Denial("16", remarks=("N290",))),
    4: _PARTLY._replace(delay_days=14),
    5: _denied(Denial("18")),
    6: _PARTLY._replace(delivery=Delivery.UNANSWERED),
    7: _PARTLY._replace(delivery=Delivery.GARBLED),
    8: _PARTLY._replace(delivery=Delivery.TWICE),
    9: Answer(Design(), allowed=7_000),
    10: _PARTLY._replace(correction=Answer(Design(), allowed=9_000)),
    11: Answer(rejection=MEMBER_INVALID_STC),
    12: _PARTLY._replace(delivery=Delivery.UNBALANCED),
}
"""TESTPAY: by the cents of the claim's total; any other total is paid like .02."""

SURPRISES: tuple[tuple[int, Answer], ...] = (
    (940, Answer()),
    (15, _denied(Denial("197"))),
    (15, _denied(Denial("50"))),
    (10, _denied(UNPROCESSABLE._replace(claim_remarks=()))),
    (20, Answer(rejection="A7:21")),
)
"""Of 1,000 claims of ordinary members: 40 denied (CO 197, 50, 16), 20 refused by a 277CA."""

INACTIVE_OF_1000 = 20
"""Of 1,000 ordinary members, so many are inactive in the 271, and denied CO 27 if billed."""


class Asked(NamedTuple):
    """What a scenario is chosen by: the payer's code, member, visit, total, and which try it is."""

    payer: str
    member: str
    service_from: str
    total_cents: int
    attempt: int


def verdict(seed: int, payer: str, member: str, *, attempt: int) -> Verdict:
    """What the 271 says on the n-th inquiry (from 0)."""
    scenario = SCENARIOS.get(member)
    if scenario is not None:
        return _nth(scenario.verdicts, attempt)
    is_inactive = payer != TEST_PAYER and _is_inactive(seed, payer, member)
    return Verdict.INACTIVE if is_inactive else Verdict.ACTIVE


def answer(seed: int, asked: Asked) -> Answer:
    """What the payer does with a claim that the clearinghouse has let through."""
    scenario = SCENARIOS.get(asked.member)
    if scenario is not None:
        return _nth(scenario.answers, asked.attempt)
    if asked.payer == TEST_PAYER:
        return TEST_CENTS.get(asked.total_cents % 100, _PARTLY)
    if _is_inactive(seed, asked.payer, asked.member):
        return _denied(ENDED)
    if asked.attempt:  # a corrected claim meets no second surprise
        return Answer()
    return weighted(SURPRISES, draw(seed, "surprise", *asked))


def design_of(seed: int, payer: str, member: str) -> Design:
    """The plan of a member: the scenario's last one, else a usual one of the payer."""
    scenario = SCENARIOS.get(member)
    if scenario is not None and scenario.answers and scenario.answers[-1].design is not None:
        return scenario.answers[-1].design
    if payer not in PAYERS:
        return NOTHING_OWED
    return weighted(PAYERS[payer].designs, draw(seed, "design", payer, member))


def _nth(entries: tuple[_T, ...], attempt: int) -> _T:
    return entries[min(attempt, len(entries) - 1)]


def _is_inactive(seed: int, payer: str, member: str) -> bool:
    return draw(seed, "inactive", payer, member) % 1_000 < INACTIVE_OF_1000
