"""The life cycles: the tables are obeyed, and the README shows them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import pytest

from services.payments.domain.lifecycle import (
    CLAIM_PAYMENT,
    DEPOSIT,
    REMITTANCE,
    STATEMENT,
    DepositStatus,
    RemittanceStatus,
    StatementStatus,
    after_posting,
    moved,
)
from shared.errors import Conflict
from tests.support.states import states_table

README = Path(__file__).parents[3] / "services/payments/README.md"
TABLES: list[tuple[Mapping[StrEnum, frozenset[StrEnum]], str]] = [
    (REMITTANCE, "remittance"),  # type: ignore[list-item]
    (CLAIM_PAYMENT, "claim payment"),  # type: ignore[list-item]
    (DEPOSIT, "deposit"),  # type: ignore[list-item]
    (STATEMENT, "statement"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("table", "heading"), TABLES)
def test_readme_shows_the_table(table: Mapping[StrEnum, frozenset[StrEnum]], heading: str) -> None:
    assert states_table(table, heading) in README.read_text()


@pytest.mark.parametrize(("table", "heading"), TABLES)
def test_every_state_has_a_row(table: Mapping[StrEnum, frozenset[StrEnum]], heading: str) -> None:
    kind = type(next(iter(table)))
    assert set(table) == set(kind)


def test_steps_of_the_table_and_no_others() -> None:
    paid, received = StatementStatus.PAID, DepositStatus.RECEIVED
    assert moved(STATEMENT, StatementStatus.PART_PAID, paid) is paid
    assert moved(DEPOSIT, received, received) is received
    with pytest.raises(Conflict, match="no_such_step"):
        moved(STATEMENT, paid, StatementStatus.APPROVED)
    with pytest.raises(Conflict, match="no_such_step"):
        moved(REMITTANCE, RemittanceStatus.DUPLICATE, RemittanceStatus.POSTED)


@pytest.mark.parametrize(
    ("waiting", "unmatched", "settled", "expected"),
    [
        (0, 0, True, "closed"),
        (0, 0, False, "posted"),
        (3, 0, True, "matching"),
        (0, 1, True, "exceptions"),
        (2, 1, False, "exceptions"),
    ],
)
def test_where_a_remittance_stands_after_posting(
    waiting: int, unmatched: int, settled: bool, expected: str
) -> None:
    found = after_posting(waiting=waiting, unmatched=unmatched, is_money_settled=settled)
    assert found == expected
