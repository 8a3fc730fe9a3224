"""Calls a service's routes as a client of the API does, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
from fastapi import APIRouter
from starlette.datastructures import Headers

from shared.database import Database
from shared.service import Service, Workplace
from shared.settings import ServiceSettings
from shared.web import Principal, make_app
from shared.web.principal import Admission
from tests.support.builders import TENANT

SCOPES = frozenset(
    f"{noun}:{verb}"
    for noun in (
        "encounters",
        "coding",
        "eligibility",
        "claims",
        "payments",
        "notifications",
        "admin",
    )
    for verb in ("read", "write")
)


def principal(
    *scopes: str, tenant_id: UUID = TENANT, practices: frozenset[UUID] | None = None
) -> Principal:
    """A caller with these scopes (every scope unless some are named)."""
    return Principal(tenant_id, "key:test", frozenset(scopes) or SCOPES, practices)


class Always:
    """An authenticator that admits one caller, whatever the request says."""

    def __init__(self, caller: Principal) -> None:
        self._caller = caller

    async def admit(self, headers: Headers) -> Admission:
        """The one caller."""
        return Admission(self._caller, {})


@asynccontextmanager
async def client_for(
    service: Service | APIRouter, database: Database, caller: Principal | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service's application, as this caller (every scope of TENANT by default).

    A POST needs its Idempotency-Key: `headers={"Idempotency-Key": "…"}`.
    """
    router = service.router if isinstance(service, Service) else service
    assert router is not None, "the service has no routes"
    app = make_app(
        database.service, router, database=database, authenticator=Always(caller or principal())
    )
    settings = service.settings() if isinstance(service, Service) else ServiceSettings()
    workplace = Workplace(database.service, settings, database, asyncio.Event())
    app.state.workplace = workplace
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    await workplace.outside.close()
