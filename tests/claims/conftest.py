"""A database of claims that knows the invented practice, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared import clock
from shared.database import Database
from tests.claims.builders import NOW, learn_master_data
from tests.support.databases import DatabaseFactory


@pytest.fixture(autouse=True)
def _still_clock() -> Iterator[None]:
    with clock.fixed(NOW):
        yield


@pytest.fixture(autouse=True)
def _no_undo_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RCM_CLAIMS_UNDO_WINDOW_SECONDS", "0")


@pytest.fixture
async def empty(service_database: DatabaseFactory) -> Database:
    """A database of claims without master data."""
    return await service_database("claims")


@pytest.fixture
async def database(empty: Database) -> Database:
    """A database of claims that knows the practice, its providers and its payers."""
    await learn_master_data(empty)
    return empty
