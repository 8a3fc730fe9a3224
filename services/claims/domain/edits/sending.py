"""Edits on how a claim is sent: its frequency, its reference number, its filing limit."""

from __future__ import annotations

from collections.abc import Iterator

from services.claims.domain.case import Case
from services.claims.domain.claim import ORIGINAL, REPLACEMENT, VOID, Severity
from services.claims.domain.edits.rule import Fault, Rule

_CORRECTIONS = frozenset({REPLACEMENT, VOID})


def _frequency(case: Case) -> Iterator[Fault]:
    claim = case.claim
    if claim.frequency not in {ORIGINAL, *_CORRECTIONS}:
        yield Fault("/frequency", "A professional claim has frequency 1, 7 or 8.")
    elif claim.frequency in _CORRECTIONS and not claim.original_number:
        yield Fault("/original_number", "A replacement or void needs the payer's claim number.")
    elif claim.frequency == ORIGINAL and claim.original_number:
        yield Fault("/original_number", "An original claim must not carry the payer's number.")


def _medicare(case: Case) -> Iterator[Fault]:
    if case.payer.is_medicare and case.claim.frequency in _CORRECTIONS:
        yield Fault("/frequency", "Medicare Part B takes original claims only.")


def _filing(case: Case) -> Iterator[Fault]:
    if case.today >= case.claim.filing_due.date():
        yield Fault("/service_from", "The payer's filing limit has passed.")


_REFERENCE = "Frequency 7 and 8 carry the payer's number of the 835, frequency 1 none."

RULES = (
    Rule("frequency.reference", 4, _REFERENCE, _frequency),
    Rule("frequency.medicare", 7, "Use a reopening or an appeal instead.", _medicare),
    Rule(
        "filing.limit",
        7,
        "Look for proof of timely filing before it is sent.",
        _filing,
        severity=Severity.WARN,
    ),
)
