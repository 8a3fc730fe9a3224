"""Fixtures of the gateway's tests: its application, an operator, a tenant with its first key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import equipment, first_run
from gateway.__main__ import service
from gateway.proxy import Proxy
from gateway.settings import GatewaySettings
from shared.database import Database
from shared.service import Workplace
from shared.web import EdgeRules, make_app
from tests.support.databases import DatabaseFactory

ADDRESS = {
    "line1": "12 Mill Street",
    "city": "Columbus",
    "state": "OH",
    "zip_code": "432150001",
}
PRACTICE = {
    "name": "Riverbend Family Medicine",
    "npi": "1234567893",
    "tax_id": "311234567",
    "taxonomy": "207Q00000X",
    "address": ADDRESS,
    "phone": "6145550100",
}
PAYER = {
    "code": "ASTER",
    "name": "Aster PPO",
    "filing_indicator": "CI",
    "address": ADDRESS,
    "filing_days": 180,
    "answer_days": 30,
}
TENANT = {"name": "Northwind Billing", "mode": "test", "edi_id": "NORTHWIND"}
_numbers = count(1)


def new_key() -> dict[str, str]:
    """A fresh Idempotency-Key."""
    return {"Idempotency-Key": f"test-{next(_numbers)}"}


class Caller:
    """A client of the gateway with one API key."""

    def __init__(self, client: httpx.AsyncClient, secret: str) -> None:
        self._client = client
        self.secret = secret
        self._auth = {"Authorization": f"Bearer {secret}"}

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """GET."""
        return await self._client.get(path, headers={**self._auth, **headers})

    async def post(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """POST with a new Idempotency-Key unless one is given."""
        sent = {**self._auth, **new_key(), **(headers or {})}
        return await self._client.post(path, json=body, headers=sent)


class Gateway:
    """The gateway's application on a database of its own."""

    def __init__(self, workplace: Workplace, client: httpx.AsyncClient) -> None:
        self.workplace = workplace
        self.client = client
        self.database = workplace.database

    def calling(self, secret: str) -> Caller:
        """A caller with this key."""
        return Caller(self.client, secret)

    async def operator(self) -> Caller:
        """The operator of the first run."""
        await first_run.have_operator(self.workplace)
        path = equipment.settings_of(self.workplace).operator_key_path
        return self.calling(path.read_text(encoding="utf-8").strip())

    async def tenant(self, **changes: str) -> Caller:
        """A new tenant's first key."""
        operator = await self.operator()
        answer = await operator.post("/v1/tenants", {**TENANT, **changes})
        assert answer.status_code == 201, answer.text
        return self.calling(answer.json()["api_key"]["secret"])


GatewayFactory = Callable[..., Any]


@pytest.fixture
async def database(service_database: DatabaseFactory) -> Database:
    """The gateway's database."""
    return await service_database("gateway")


@pytest.fixture
async def open_gateway(database: Database, tmp_path: Path) -> AsyncIterator[GatewayFactory]:
    """Makes a gateway; settings by name, `upstream` is the transport to the services."""
    async with AsyncExitStack() as stack:

        async def opened(
            *, upstream: httpx.AsyncBaseTransport | None = None, **settings: Any
        ) -> Gateway:
            own = GatewaySettings(
                signing_keys_dir=tmp_path / "signing",
                jwks_file=tmp_path / "jwks.json",
                operator_key_path=tmp_path / "operator-key",
                **settings,
            )
            workplace = Workplace("gateway", own, database, asyncio.Event())
            stack.push_async_callback(workplace.outside.close)
            workplace.outside("proxy", lambda: Proxy(own, transport=upstream))
            await first_run.have_signing_keys(workplace)
            assert service.router is not None
            app = make_app(
                "gateway",
                service.router,
                database=database,
                authenticator=equipment.door_of(workplace),
                rules=EdgeRules(public=service.public),
            )
            app.state.workplace = workplace
            transport = httpx.ASGITransport(app=app)
            client = httpx.AsyncClient(transport=transport, base_url="http://gateway")
            return Gateway(workplace, await stack.enter_async_context(client))

        yield opened


@pytest.fixture
async def gateway(open_gateway: GatewayFactory) -> Gateway:
    """The gateway as it is by default."""
    made: Gateway = await open_gateway()
    return made
