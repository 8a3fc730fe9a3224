"""What a check found: rule, place, how bad it is, and what mends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class Severity(StrEnum):
    """An error blocks; a warning waits for a person's word; information stops nothing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Finding(Struct, frozen=True):
    """One thing a rule noticed; location is a JSON Pointer into the encounter.

    confirmable: a coder may let it stand, with a reason. Texts hold no value of a person.
    """

    rule: str
    location: str
    severity: Severity
    message: str
    remedy: str
    confirmable: bool = False


class Confirmation(Struct, frozen=True):
    """A coder's word that a finding may stand; location "" speaks for every place of the rule."""

    rule: str
    location: str
    reason: str


class Judged(NamedTuple):
    """Findings sorted by whether they stop the encounter."""

    stopping: tuple[Finding, ...]
    standing: tuple[Finding, ...]


def error(rule: str, location: str, message: str, *, remedy: str) -> Finding:
    """A finding that has to be mended."""
    return Finding(rule, location, Severity.ERROR, message, remedy)


def warning(rule: str, location: str, message: str, *, remedy: str) -> Finding:
    """A finding that has to be mended or confirmed."""
    return Finding(rule, location, Severity.WARNING, message, remedy, confirmable=True)


def info(rule: str, location: str, message: str, *, remedy: str) -> Finding:
    """A finding that is only shown."""
    return Finding(rule, location, Severity.INFO, message, remedy)


def judge(findings: Iterable[Finding], confirmed: Sequence[Confirmation] = ()) -> Judged:
    """Which findings stop the encounter: all but information and what a coder confirmed."""
    stopping: list[Finding] = []
    standing: list[Finding] = []
    for finding in findings:
        stops = finding.severity is not Severity.INFO and not _is_confirmed(finding, confirmed)
        (stopping if stops else standing).append(finding)
    return Judged(tuple(stopping), tuple(standing))


def _is_confirmed(finding: Finding, confirmed: Sequence[Confirmation]) -> bool:
    return finding.confirmable and any(
        word.rule == finding.rule and word.location in {"", finding.location} and word.reason
        for word in confirmed
    )
