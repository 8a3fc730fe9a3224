"""ICD-10-CM by date of service: is this diagnosis code reportable on that day, and if not, why."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import chain
from pathlib import Path

from shared.codesets import icd10cm_tabular
from shared.codesets.answers import Answer, Reason, Standing, not_loaded, not_valid, within
from shared.codesets.icd10cm_notes import Note, ranges_in
from shared.codesets.icd10cm_tabular import MARKS, Node, Tabular, with_dot

SHAPE = re.compile(r"[A-Z][0-9A-Z][0-9A-Z](\.[0-9A-Z]{1,4})?", re.ASCII)
NEWER = "newer code, official title not loaded"
FY2027_FILE = Path(__file__).parent / "data" / "icd10cm_fy2027.csv"


@dataclass(frozen=True, slots=True)
class Edition:
    """One published edition and the days it answers for (inclusive)."""

    version: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Change:
    """From this day the code is (`billable`) or is no longer reportable."""

    code: str
    on: date
    billable: bool


EDITIONS = (
    Edition("icd10cm-2026-04", date(2026, 4, 1), date(2026, 9, 30)),
    Edition("icd10cm-2026-10", date(2026, 10, 1), date(2027, 3, 31)),
)


class Icd10cm:
    """A tabular list, the dated changes to it, and the editions it can answer for."""

    def __init__(
        self, tabular: Tabular, changes: Iterable[Change], editions: tuple[Edition, ...]
    ) -> None:
        self.editions = editions
        self._tabular = tabular
        self._changes: dict[str, list[Change]] = {}
        for change in sorted(changes, key=lambda each: each.on):
            self._changes.setdefault(change.code, []).append(change)

    def edition(self, on: date) -> Edition | None:
        """The edition in force on the date; None when none is loaded for it."""
        spans = (
            each for each in self.editions if within(on, start=each.valid_from, end=each.valid_to)
        )
        return next(spans, None)

    def look_up(self, code: str, on: date) -> Answer:
        """The code on the date of service (inpatient: discharge); takes it with or without the dot.

        Rule: docs/domain, Codes; the Official Guidelines: only codes without further division.
        """
        code = normalise(code)
        edition = self.edition(on)
        if edition is None:
            return not_loaded(code)
        if not SHAPE.fullmatch(code):
            return not_valid(code, Reason.SHAPE, version=edition.version)
        if not self.is_billable(code, on):
            reason = self._refusal(code, on)
            return not_valid(code, reason, title=self.title(code), version=edition.version)
        start, end = self._span(code, on)
        return Answer(
            code, Standing.VALID, Reason.NONE, self.title(code), start, end, edition.version
        )

    def is_billable(self, code: str, on: date) -> bool:
        """True when the dotted code is reportable on a date some loaded edition covers."""
        if self.edition(on) is None:
            return False
        past = [change for change in self._changes.get(code, ()) if change.on <= on]
        return past[-1].billable if past else self._in_base(code)

    def billable_codes(self, on: date) -> Iterator[str]:
        """Every reportable code of the date: tabular order, later additions last."""
        known = chain(self._tabular.billable(), self._added())
        return (code for code in known if self.is_billable(code, on))

    def title(self, code: str) -> str:
        """Official title; for a code added later the nearest title above it, marked as such.

        Empty for a code that no edition knows.
        """
        node = self._tabular.codes.get(code)
        if node is not None:
            return node.title
        stem = self._tabular.stem_of(code)
        if stem is not None and code[-1] in stem.seventh:
            return f"{stem.title}, {stem.seventh_meanings()[code[-1]]}"
        if code not in self._changes:
            return ""
        above = self._tabular.nearest(code)
        return f"{above.title if above else 'New category'} ({NEWER})"

    def lineage(self, code: str) -> tuple[Node, ...]:
        """The code's own or nearest node, then its ancestors up to the chapter; may be empty."""
        node = self._tabular.codes.get(code) or self._tabular.stem_of(code)
        node = node or self._tabular.nearest(code)
        return tuple(node.lineage()) if node else ()

    def parent(self, code: str) -> str | None:
        """The code one level up, dotted; None for a three-character category or an unknown code."""
        above = [node.name for node in self.lineage(code) if node.is_code and node.name != code]
        return above[0] if above else None

    def children(self, code: str, on: date) -> tuple[str, ...]:
        """The codes one level below that are, or lead to, reportable codes on the date."""
        node = self._tabular.codes.get(code)
        listed = [*(child.name for child in node.children), *node.extended()] if node else []
        later = (each for each in self._added() if self.parent(each) == code)
        below = dict.fromkeys(chain(listed, later))
        return tuple(each for each in below if self._leads_to_billable(each, on))

    def seventh_characters(self, code: str) -> dict[str, str]:
        """7th character -> meaning for a code that needs one (full or not yet); else empty."""
        node = self._tabular.codes.get(code) or self._tabular.stem_of(code)
        if node is None or not node.seventh:
            return {}
        meanings = node.seventh_meanings()
        return {char: meanings[char] for char in node.seventh}

    def notes(self, code: str, kind: str, *, inherited: bool = True) -> tuple[Note, ...]:
        """Notes of one kind (values of `icd10cm_tabular.MARKS`), own first, then from above."""
        nodes = self.lineage(code) if inherited else self.lineage(code)[:1]
        return tuple(
            Note(node.name, kind, text, ranges_in(text))
            for node in nodes
            for mark, text in node.notes
            if MARKS[mark] == kind
        )

    def _in_base(self, code: str) -> bool:
        node = self._tabular.codes.get(code)
        if node is not None:
            return not node.children and not node.seventh
        stem = self._tabular.stem_of(code)
        return stem is not None and code[-1] in stem.seventh

    def _added(self) -> Iterator[str]:
        return (code for code in self._changes if not self._in_base(code))

    def _span(self, code: str, on: date) -> tuple[date, date | None]:
        changes = self._changes.get(code, [])
        starts = [change.on for change in changes if change.billable and change.on <= on]
        ends = [change.on for change in changes if not change.billable and change.on > on]
        start = starts[-1] if starts else self.editions[0].valid_from
        return start, ends[0] - timedelta(days=1) if ends else None

    def _leads_to_billable(self, code: str, on: date) -> bool:
        if self.is_billable(code, on):
            return True
        later = (each for each in self._added() if each.startswith(code))
        return any(self.is_billable(each, on) for each in chain(self._below(code), later))

    def _below(self, code: str) -> Iterator[str]:
        node = self._tabular.codes.get(code)
        if node is None:
            return
        yield from node.extended()
        for child in node.children:
            yield child.name
            yield from self._below(child.name)

    def _refusal(self, code: str, on: date) -> Reason:
        changes = self._changes.get(code, [])
        node = self._tabular.codes.get(code)
        if self._leads_to_billable(code, on):
            needs_seventh = node is not None and bool(node.seventh)
            return Reason.SEVENTH_CHARACTER if needs_seventh else Reason.HEADER
        if any(change.on <= on for change in changes):
            return Reason.ENDED
        if any(each.startswith(code) for each in self._changes):
            return Reason.ENDED if node else Reason.NOT_YET_VALID
        stem = self._tabular.stem_of(code)
        return Reason.SEVENTH_CHARACTER if stem and stem.seventh else Reason.UNKNOWN


def normalise(code: str) -> str:
    """Upper-cased, trimmed, dotted after the third character when no dot is given."""
    return with_dot(code.strip().upper())


def undotted(code: str) -> str:
    """The form X12 carries (HI segment): `I42.00` -> `I4200`."""
    return normalise(code).replace(".", "")


def is_external_cause(code: str) -> bool:
    """True for V, W, X and Y codes: never first-listed (Official Guidelines I.C.20.a)."""
    return normalise(code).startswith(("V", "W", "X", "Y"))


def read_changes(path: Path = FY2027_FILE) -> tuple[Change, ...]:
    """The shipped FY2027 changes: columns code, change, on (first day of the new state)."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Change(row["code"], date.fromisoformat(row["on"]), row["change"] == "add")
            for row in csv.DictReader(lines)
        )


@cache
def shipped() -> Icd10cm:
    """The list inside the product (April 2026 edition and FY2027 changes), read once."""
    return Icd10cm(icd10cm_tabular.load(), read_changes(), EDITIONS)
