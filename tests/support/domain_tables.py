"""Makes the tables of docs/domain.md from the literals of the code; as a program it writes them.

Each stands between `<!-- table: name -->` and `<!-- /table -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from services.claims.domain import edits, lifecycle
from services.claims.domain.denials import ROOT_CAUSE, WORK_NEXT
from services.claims.domain.lifecycle import DUE_WITHIN, LATE, NEXT, OWNER, RENEWED, REPORTER
from services.claims.domain.lifecycle import Status as Claim
from services.payments.domain import lifecycle as payments
from services.payments.domain.chart import KINDS, Account
from services.payments.domain.postings import RULES, Place

PAGE = Path(__file__).parents[2] / "docs" / "domain.md"
TABLE = re.compile(r"<!-- table: (\S+) -->\n(.*?)<!-- /table -->", re.DOTALL)
NOTHING = "-"
_NAMED = re.compile(r"\b(?:Status|_S)\.([A-Z_]+)")

Status = TypeVar("Status", bound=StrEnum)


def _table(heading: str, rows: Iterable[Iterable[str]]) -> str:
    names = heading.split(", ")
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _words(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or NOTHING


def _time(span: timedelta | None) -> str:
    if span is None:
        return NOTHING
    hours = int(span.total_seconds()) // 3600
    return f"{hours // 24} d" if hours % 24 == 0 else f"{hours} h"


def _claims() -> str:
    rows = (
        [
            status,
            _words(NEXT[status]),
            _words(RENEWED.get(status, frozenset()) | LATE.get(status, frozenset())),
            OWNER[status],
            REPORTER[status],
            _time(DUE_WITHIN.get(status)),
        ]
        for status in Claim
    )
    return _table("status, next, also (renewed or late), whose turn, said by, within", rows)


def _not_reached() -> str:
    """States that no code of claims names but the table of the life cycle."""
    own = Path(lifecycle.__file__)
    texts = [path.read_text() for path in own.parents[1].rglob("*.py") if path != own]
    named = {name for text in texts for name in _NAMED.findall(text)}
    return _words(f"`{each}`" for each in Claim if each.name not in named) + "\n"


def _moves(table: Mapping[Status, frozenset[Status]]) -> str:
    return _table("status, next", ([each, _words(after)] for each, after in table.items()))


def _edits() -> str:
    rows = (
        [f"`{rule.id}`", str(rule.snip), rule.severity, rule.owner, rule.remedy]
        for rule in edits.RULES
    )
    return _table("edit, SNIP type, severity, whose turn, what to do", rows)


def _accounts() -> str:
    return _table(
        "account, kind, holds", ([f"`{a}`", kind, says] for a, (kind, says) in KINDS.items())
    )


def _postings() -> str:
    rows = ([f"`{t}`", _side(rule.debit), _side(rule.credit)] for t, rule in RULES.items())
    return _table("trigger, debit, credit", rows)


def _side(side: Account | Place) -> str:
    if isinstance(side, Account):
        return f"`{side}`"
    return "the claim's payer" if side is Place.PAYER else "the payer after it"


def _causes() -> str:
    return _table("category, who could have prevented it", ROOT_CAUSE.items())


TABLES: Mapping[str, Callable[[], str]] = {
    "claims": _claims,
    "not-reached": _not_reached,
    "denial-work": lambda: _moves(WORK_NEXT),
    "causes": _causes,
    "edits": _edits,
    "accounts": _accounts,
    "postings": _postings,
    "remittances": lambda: _moves(payments.REMITTANCE),
    "claim-payments": lambda: _moves(payments.CLAIM_PAYMENT),
    "deposits": lambda: _moves(payments.DEPOSIT),
    "statements": lambda: _moves(payments.STATEMENT),
}


def made(page: str) -> str:
    """The page with every table as the code has it."""

    def fresh(found: re.Match[str]) -> str:
        return f"<!-- table: {found[1]} -->\n{TABLES[found[1]]()}<!-- /table -->"

    return TABLE.sub(fresh, page)


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text()))
