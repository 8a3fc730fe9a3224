"""Which failures of the database mean "try again": one literal table over SQLSTATE.

Source of the codes: PostgreSQL manual, appendix A. What is not in the table is a bug.
"""

from __future__ import annotations

from typing import NoReturn

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import TryAgain

TRY_AGAIN: dict[str, str] = {
    "08": "the connection to the database broke",
    "25006": "the database is read-only just now",
    "25P03": "the database ended a transaction that stood idle",
    "40001": "a concurrent transaction got in between",
    "40P01": "two transactions waited for each other",
    "53": "the database is out of space, memory or connections",
    "55P03": "a lock was not free in time",
    "57014": "a statement took too long or was cancelled",
    "57P01": "the database is shutting down",
    "57P02": "the database crashed and recovers",
    "57P03": "the database is starting up",
    "57P05": "the database ended an idle session",
    "58030": "the database could not read or write its disk",
}
"""SQLSTATE, or its class of two characters, and what it means in our words."""

DRIVER_FAILURES: tuple[type[Exception], ...] = (
    SQLAlchemyError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What connecting, a statement or a commit can raise; SQLAlchemy wraps most of it, not all."""

LOST: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.InternalClientError,
)
"""Failures without a SQLSTATE: no answer, no connection, a plan from before a migration, a session
that was ended while the driver spoke (its protocol is out of step then)."""


def meaning(sqlstate: str) -> str:
    """Why the code means "try again"; "" when it does not."""
    return TRY_AGAIN.get(sqlstate) or TRY_AGAIN.get(sqlstate[:2], "")


def translated(error: BaseException) -> BaseException:
    """TryAgain for a transient failure of the database, the error itself for anything else.

    For errors of connecting, executing and committing only: an OSError from elsewhere is a bug.
    """
    if isinstance(error, PoolTimeout):
        return TryAgain("no database connection was free in time")
    driver = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        driver = error.orig.__cause__ or error.orig
        if error.connection_invalidated:
            return TryAgain(TRY_AGAIN["08"])
    why = meaning(getattr(driver, "sqlstate", None) or "")
    if not why and (isinstance(driver, LOST) or _is_closed(driver)):
        why = TRY_AGAIN["08"]
    return TryAgain(why) if why else error


def _is_closed(error: BaseException) -> bool:
    """The driver's own word for an evicted session; its other InterfaceErrors are our mistakes."""
    return isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)


def raise_translated(error: BaseException) -> NoReturn:
    """Raise what `translated` makes of it, with the driver's error as the cause."""
    better = translated(error)
    if better is error:
        raise error
    raise better from error
