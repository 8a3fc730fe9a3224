"""Procedure modifiers in own words, with the ones that NCCI pair edits accept."""

from __future__ import annotations

import re
from enum import StrEnum

_SHAPE = re.compile(r"[0-9A-Z]{2}", re.ASCII)

_EYELIDS = ("E1", "E2", "E3", "E4")
_FINGERS = ("FA", *(f"F{number}" for number in range(1, 10)))
_TOES = ("TA", *(f"T{number}" for number in range(1, 10)))
_SIDES_AND_VESSELS = ("LT", "RT", "LC", "LD", "RC", "LM", "RI")
_GLOBAL_SURGERY = ("24", "25", "57", "58", "78", "79")
_SEPARATE = ("27", "59", "91", "XE", "XS", "XP", "XU")
NCCI_MODIFIERS = frozenset(
    _EYELIDS + _FINGERS + _TOES + _SIDES_AND_VESSELS + _GLOBAL_SURGERY + _SEPARATE
)


class Discipline(StrEnum):
    """Who plans the therapy: one of these is required on each therapy line."""

    PHYSICAL = "GP"
    OCCUPATIONAL = "GO"
    SPEECH = "GN"


ASSISTANT_OF = {"CQ": Discipline.PHYSICAL, "CO": Discipline.OCCUPATIONAL}

LABELS: dict[str, str] = {
    "22": "much more work than usual",
    "24": "visit after surgery for something unrelated",
    "25": "separate visit on the day of a procedure",
    "26": "reading only",
    "27": "several hospital clinic visits in one day",
    "50": "both sides",
    "51": "several procedures in one session",
    "52": "less done than the code says",
    "53": "stopped for the patient's safety",
    "54": "the operation only, no care after",
    "55": "care after the operation only",
    "57": "visit that decided on major surgery",
    "58": "planned further step after surgery",
    "59": "separate from the other service of the day",
    "62": "two surgeons share the work",
    "76": "same procedure again, same doctor",
    "77": "same procedure again, other doctor",
    "78": "unplanned return to the operating room",
    "79": "unrelated procedure after surgery",
    "80": "assistant surgeon",
    "90": "test done by an outside laboratory",
    "91": "lab test repeated to follow a value",
    "93": "telehealth by voice only",
    "95": "telehealth with picture and voice",
    "AS": "assistant at surgery who is no physician",
    "CO": "partly given by an occupational therapy assistant",
    "CQ": "partly given by a physical therapy assistant",
    "E1": "upper left eyelid",
    "E2": "lower left eyelid",
    "E3": "upper right eyelid",
    "E4": "lower right eyelid",
    "F1": "left index finger",
    "F2": "left middle finger",
    "F3": "left ring finger",
    "F4": "left little finger",
    "F5": "right thumb",
    "F6": "right index finger",
    "F7": "right middle finger",
    "F8": "right ring finger",
    "F9": "right little finger",
    "FA": "left thumb",
    "GA": "patient signed a required notice that Medicare may refuse",
    "GN": "speech therapy plan",
    "GO": "occupational therapy plan",
    "GP": "physical therapy plan",
    "GT": "telehealth with picture and voice, older form",
    "GX": "patient signed a voluntary notice",
    "GY": "not covered by law",
    "GZ": "refusal expected, no notice signed",
    "JW": "drug thrown away from a single-dose vial",
    "JZ": "nothing thrown away from a single-dose vial",
    "KX": "needs of the rule are met and on file",
    "LC": "left circumflex artery",
    "LD": "left anterior descending artery",
    "LM": "left main artery",
    "LT": "left side",
    "QW": "simple test allowed with a waiver",
    "RC": "right coronary artery",
    "RI": "ramus intermedius artery",
    "RT": "right side",
    "T1": "left foot, second toe",
    "T2": "left foot, third toe",
    "T3": "left foot, fourth toe",
    "T4": "left foot, little toe",
    "T5": "right big toe",
    "T6": "right foot, second toe",
    "T7": "right foot, third toe",
    "T8": "right foot, fourth toe",
    "T9": "right foot, little toe",
    "TA": "left big toe",
    "TC": "technical part only",
    "XE": "separate encounter",
    "XP": "separate practitioner",
    "XS": "separate body structure",
    "XU": "unusual service that does not overlap",
}


def is_shaped(code: str) -> bool:
    """True for two letters or digits, upper case."""
    return _SHAPE.fullmatch(code) is not None


def label(code: str) -> str | None:
    """Own words for a common modifier; None when it is not among them (no proof it is invalid)."""
    return LABELS.get(code)


def bypasses_ncci(code: str) -> bool:
    """True when a pair edit with indicator 1 accepts the modifier (NCCI policy manual, ch. 1)."""
    return code in NCCI_MODIFIERS
