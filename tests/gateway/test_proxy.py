"""One address for all APIs: who calls is told by a token the services can check by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from gateway.proxy import ROUTES
from gateway.signing import OVERLAP_SECONDS, Mint, SigningKeys
from shared import clock, telemetry
from shared.database import Database
from shared.settings import PORTS
from shared.web import Call, allowed, make_app
from shared.web.principal import TokenAuthenticator
from tests.gateway.conftest import Gateway, GatewayFactory
from tests.shared.web.test_problems import problem
from tests.support.databases import DatabaseFactory
from tests.support.web import principal

router = APIRouter()


class Seen(BaseModel):
    """What reached the service."""

    subject: str
    tenant_id: str
    scopes: list[str]
    request_id: str
    headers: dict[str, str]
    query: str


def _seen(call: Call) -> Seen:
    return Seen(
        subject=call.principal.subject,
        tenant_id=str(call.principal.tenant_id),
        scopes=sorted(call.principal.scopes),
        request_id=telemetry.request_id(),
        headers=dict(call.request.headers),
        query=call.request.url.query,
    )


@router.get("/v1/claims/{claim_id}")
async def claim(claim_id: str, call: Call = allowed("claims:read")) -> Seen:
    """What reached the service."""
    return _seen(call)


class Body(BaseModel):
    """Anything."""

    amount_cents: int


@router.post("/v1/claims/search")
async def search(body: Body, call: Call = allowed("claims:read", reads=True)) -> Seen:
    """What reached the service."""
    return _seen(call)


@pytest.fixture
async def services(service_database: DatabaseFactory, tmp_path: Path) -> httpx.ASGITransport:
    """A service behind the gateway, which knows its callers by the JWKS file."""
    database: Database = await service_database("sample")
    door = TokenAuthenticator(tmp_path / "jwks.json")
    app = make_app("claims", router, database=database, authenticator=door)
    return httpx.ASGITransport(app=app)


@pytest.fixture
async def gateway(open_gateway: GatewayFactory, services: httpx.ASGITransport) -> Gateway:
    """A gateway in front of that service."""
    made: Gateway = await open_gateway(upstream=services)
    return made


async def test_the_service_knows_who_calls(gateway: Gateway) -> None:
    caller = await gateway.tenant()
    answer = await caller.get(
        "/v1/claims/clm_1?expand=lines&x=%2F", **{"Request-Id": "req_1234567"}
    )
    seen = answer.json()
    key = (await caller.get("/v1/api-keys")).json()["data"][0]["id"]
    assert seen["subject"] == f"key:{key}"
    assert "claims:read" in seen["scopes"]
    assert seen["query"] == "expand=lines&x=%2F"
    assert seen["request_id"] == answer.headers["request-id"] == "req_1234567"
    assert caller.secret not in answer.text


async def test_only_listed_headers_pass(gateway: Gateway) -> None:
    caller = await gateway.tenant()
    extra = {"Cookie": "a=b", "X-Forwarded-For": "1.2.3.4", "X-Tenant": "t", "If-Match": '"1"'}
    seen = (await caller.get("/v1/claims/clm_1", **extra)).json()["headers"]
    assert seen["if-match"] == '"1"'
    assert not {"cookie", "x-forwarded-for", "x-tenant"} & set(seen)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    seen = (await caller.get("/v1/claims/clm_1", traceparent=trace)).json()["headers"]
    assert seen["traceparent"].split("-")[1] == trace.split("-")[1]


async def test_bodies_and_refusals_pass(gateway: Gateway) -> None:
    caller = await gateway.tenant()
    good = await caller.post("/v1/claims/search", {"amount_cents": 1})
    assert good.status_code == 200
    bad = problem(await caller.post("/v1/claims/search", {}), 422, "invalid_request")
    assert bad["errors"][0]["pointer"] == "/amount_cents"
    assert bad["request_id"]
    problem(await caller.get("/v1/claims"), 404, "not_found")


async def test_scopes_are_the_keys(gateway: Gateway) -> None:
    first = await gateway.tenant()
    made = (await first.post("/v1/api-keys", {"name": "a", "scopes": ["payments:read"]})).json()
    narrow = gateway.calling(made["secret"])
    problem(await narrow.get("/v1/claims/clm_1"), 403, "scope_missing")


async def test_an_address_of_nobody(gateway: Gateway) -> None:
    caller = await gateway.tenant()
    for path in ("/v1/nothing", "/v1/", "/v2/claims", "/v1/../claims", "/claims"):
        problem(await caller.get(path), 404, "not_found")


def failing(error: Callable[[httpx.Request], Exception]) -> httpx.MockTransport:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error(request)

    return httpx.MockTransport(handler)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (httpx.ConnectError, 503, "service_away"),
        (httpx.ConnectTimeout, 503, "service_away"),
        (httpx.ReadTimeout, 504, "outcome_unknown"),
        (httpx.RemoteProtocolError, 504, "outcome_unknown"),
    ],
)
async def test_a_service_that_is_away(
    open_gateway: GatewayFactory, error: type[httpx.HTTPError], status: int, code: str
) -> None:
    upstream = failing(lambda request: error("gone", request=request))  # type: ignore[call-arg]
    gateway = await open_gateway(upstream=upstream)
    caller = await gateway.tenant()
    problem(await caller.get("/v1/claims/clm_1"), status, code)


async def test_what_comes_back_is_listed_too(open_gateway: GatewayFactory) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        headers = {"Server": "x", "Set-Cookie": "a=b", "ETag": '"3"', "Request-Id": "other"}
        return httpx.Response(200, json={}, headers=headers)

    gateway = await open_gateway(upstream=httpx.MockTransport(handler))
    caller = await gateway.tenant()
    answer = await caller.get("/v1/claims/clm_1")
    assert answer.headers["etag"] == '"3"'
    assert not {"server", "set-cookie"} & set(answer.headers)
    assert answer.headers["request-id"].startswith("req_")


async def test_encoded_paths_stay_as_they_are(open_gateway: GatewayFactory) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json={})

    gateway = await open_gateway(upstream=httpx.MockTransport(handler))
    caller = await gateway.tenant()
    await caller.get("/v1/claims/a%3Fb%2F..%2Fc?d=%20")
    assert asked == ["/v1/claims/a%3Fb%2F..%2Fc?d=%20"]


def test_every_service_has_its_addresses(open_gateway: Any) -> None:
    assert set(ROUTES.values()) == set(PORTS) - {"gateway"}


def test_keys_overlap_when_they_rotate(tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    keys, now = SigningKeys(tmp_path / "signing", jwks), clock.system()
    door = TokenAuthenticator(jwks)
    with clock.fixed(now):
        keys.ensure()
        first = keys.current().kid
        assert not keys.rotate(30 * 86_400)
    with clock.fixed(now + timedelta(days=31)):
        assert keys.rotate(30 * 86_400)
        assert keys.current().kid == first
        assert len(door._file.keys().keys) == 2
    with clock.fixed(now + timedelta(days=31, seconds=OVERLAP_SECONDS)):
        second = keys.current().kid
        assert second != first
    with clock.fixed(now + timedelta(days=62)):
        assert keys.rotate(30 * 86_400)
        assert [name[:12] for name in keys._names()] == [str(second)[:12], keys._names()[-1][:12]]


def test_a_token_is_used_again_for_a_minute(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "signing", tmp_path / "jwks.json")
    keys.ensure()
    mint, now = Mint(keys, lifetime_seconds=300), clock.system()
    with clock.fixed(now):
        first = mint.token_for(principal("claims:read"))
        assert mint.token_for(principal("claims:read")) == first
        assert mint.token_for(principal("claims:write")) != first
    with clock.fixed(now + timedelta(seconds=61)):
        assert mint.token_for(principal("claims:read")) != first
