"""The four addresses of a service's database, one per role."""

from __future__ import annotations

from typing import NamedTuple

ROLES = ("owner", "http", "pipeline", "checker")


class DatabaseUrls(NamedTuple):
    """Addresses as libpq knows them (`postgresql://user:password@host:port/database?sslmode=…`).

    owner migrates; http sees one tenant; pipeline sees the tenants of its batch; checker reads all.
    """

    owner: str
    http: str
    pipeline: str
    checker: str


def role_name(service: str, role: str) -> str:
    """The database role of a service: `rcm_claims_pipeline`."""
    return f"rcm_{service}_{role}"
