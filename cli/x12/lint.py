"""`rcm x12 lint`: everything that is wrong with a file, in plain words and with the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cli.answers import out
from cli.x12.files import acknowledgement_named, set_named
from cli.x12.words import words_of
from shared.x12 import (
    Finding,
    GroupEnd,
    InterchangeEnd,
    Options,
    SetEnd,
    SetStart,
    Severity,
    X12Error,
    stream,
)

_COLOURS = {"error": "red", "warning": "yellow"}
_UNREADABLE = "Check that it is the right file; the ISA must stand first and be whole."


@dataclass
class Verdict:
    """What was found in one file, in the order of the file."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    sets: list[dict[str, Any]] = field(default_factory=list)
    groups: int = 0
    interchanges: int = 0

    @property
    def errors(self) -> int:
        """How many findings refuse something."""
        return sum(row["severity"] == "error" for row in self.findings)

    def add(self, findings: Iterable[Finding]) -> list[int]:
        """Keep findings; where they stand in the list is answered."""
        start = len(self.findings)
        for found in findings:
            self.findings.append(row_of(found))
            self.values.append(found.value)
        return list(range(start, len(self.findings)))

    def totals(self) -> dict[str, Any]:
        """Counts over the whole file."""
        return {
            "interchanges": self.interchanges,
            "groups": self.groups,
            "sets": len(self.sets),
            "segments": sum(one["segments"] for one in self.sets),
            "errors": self.errors,
            "warnings": len(self.findings) - self.errors,
        }


def lint(pieces: Iterable[bytes], options: Options) -> Verdict:
    """Read and judge a file of any size; what is no X12 at all is a finding as well."""
    verdict = Verdict()
    start: SetStart | None = None
    try:
        for event in stream(pieces, options):
            match event:
                case SetStart():
                    start = event
                case SetEnd() if start is not None:
                    verdict.sets.append(_set_row(verdict, start, event))
                case GroupEnd():
                    verdict.groups += 1
                    verdict.add(event.findings)
                case InterchangeEnd():
                    verdict.interchanges += 1
                    verdict.sets += _answer_rows(verdict, event)
    except X12Error as error:
        verdict.findings.append(_unreadable(error))
        verdict.values.append("")
    return verdict


def _set_row(verdict: Verdict, start: SetStart, end: SetEnd) -> dict[str, Any]:
    """One set; `findings` are places in the list of findings, as positions count per set."""
    return {**set_named(start, end), **_judged(verdict, verdict.add(end.findings))}


def _answer_rows(verdict: Verdict, end: InterchangeEnd) -> list[dict[str, Any]]:
    """The TA1s of an interchange, each with what is wrong with itself."""
    found = list(zip(verdict.add(end.findings), end.findings, strict=True))
    rows = []
    for number, answer in enumerate(end.acknowledgements, 1):
        own = [at for at, one in found if (one.segment_id, one.segment) == ("TA1", number)]
        rows.append({**acknowledgement_named(end.interchange, answer), **_judged(verdict, own)})
    return rows


def _judged(verdict: Verdict, at: list[int]) -> dict[str, Any]:
    errors = sum(verdict.findings[number]["severity"] == "error" for number in at)
    return {"errors": errors, "warnings": len(at) - errors, "findings": at}


def row_of(found: Finding) -> dict[str, Any]:
    """A finding as JSON gives it: no value of the file is in it."""
    words = words_of(found.kind)
    return {
        "level": found.snip,
        "severity": "error" if found.severity == Severity.ERROR else "warning",
        "segment": found.segment_id,
        "position": found.segment,
        "element": _element(found),
        "code": found.kind,
        "message": words.message,
        "remedy": words.remedy,
    }


def _element(found: Finding) -> str | None:
    """Like 05, 05-3 for a component, 03[2] for a repetition; None for a whole segment."""
    if not found.element:
        return None
    component = f"-{found.component}" if found.component else ""
    repetition = f"[{found.repetition}]" if found.repetition > 1 else ""
    return f"{found.element:02d}{component}{repetition}"


def _unreadable(error: X12Error) -> dict[str, Any]:
    return {
        "level": 1,
        "severity": "error",
        "segment": "ISA",
        "position": 0,
        "element": None,
        "code": type(error).__name__,
        "message": f"This cannot be read as X12: {error}.",
        "remedy": _UNREADABLE,
    }


def show(verdict: Verdict, *, values: bool, not_checked: list[str]) -> None:
    """The verdict for a person: a line per finding under its set, then the sum."""
    told: set[int] = set()
    for one in verdict.sets:
        _print(
            f"Set {one['control']} ({one['set']}, {_count(one['segments'], 'segment')}): ", end=""
        )
        word, colour = ("refused", "red") if one["errors"] else ("accepted", "green")
        _print(word, colour)
        _show_rows(verdict, one["findings"], values=values)
        told.update(one["findings"])
    rest = [number for number in range(len(verdict.findings)) if number not in told]
    if rest:
        _print("Envelope:")
        _show_rows(verdict, rest, values=values)
    totals = verdict.totals()
    found = f"{_count(totals['errors'], 'error')}, {_count(totals['warnings'], 'warning')}"
    _print(f"{found} in {_count(totals['sets'], 'set')}.", "red" if totals["errors"] else "green")
    if not_checked:
        _print(f"Not checked, no list given: {', '.join(not_checked)}.", "dim")


def _show_rows(verdict: Verdict, numbers: list[int], *, values: bool) -> None:
    for number in numbers:
        row = verdict.findings[number]
        place = f"segment {row['position']}, " if row["position"] else ""
        shown = f" ({verdict.values[number]})" if values and verdict.values[number] else ""
        _print(f"  {row['severity']:<7} ", _COLOURS[row["severity"]], end="")
        _print(f"{place}{row['segment']}{row['element'] or ''}: {row['message']}{shown}")
        _print(f"{'':10}{row['remedy']}", "dim")


def _print(text: str, style: str = "", *, end: str = "\n") -> None:
    out.print(text, style=style, end=end, markup=False, highlight=False, soft_wrap=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
