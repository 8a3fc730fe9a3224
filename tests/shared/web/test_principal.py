"""Who calls is told by the gateway's token alone: its signature, its claims and its time."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from joserfc import jwk, jwt
from starlette.datastructures import Headers

from shared import clock, ids
from shared.database import Database
from shared.errors import NotFound, Refused
from shared.web import make_app
from shared.web.principal import ALGORITHM, KeyFile, TokenAuthenticator, claims_of, principal_of
from tests.shared.web.routes import router
from tests.shared.web.test_problems import problem
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT
from tests.support.web import principal

CALLER = principal("claims:read", "claims:write")
KEY = {"Idempotency-Key": "one"}


def key_named(name: str) -> jwk.OKPKey:
    return jwk.OKPKey.generate_key("Ed25519", {"kid": name, "use": "sig", "alg": ALGORITHM})


def publish(path: Path, *keys: jwk.OKPKey) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode({"keys": [key.as_dict(private=False) for key in keys]}))
    draft.replace(path)


def token(key: jwk.OKPKey, **changes: Any) -> str:
    claims = {**claims_of(CALLER, lifetime_seconds=300), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": ALGORITHM, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def signing() -> jwk.OKPKey:
    return key_named("first")


@pytest.fixture
def jwks(tmp_path: Path, signing: jwk.OKPKey) -> Path:
    path = tmp_path / "jwks.json"
    publish(path, signing)
    return path


@pytest.fixture
async def door(database: Database, jwks: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service of things that has to bring tokens."""
    app = make_app("sample", router, database=database, authenticator=TokenAuthenticator(jwks))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_good_token_opens(door: httpx.AsyncClient, signing: jwk.OKPKey) -> None:
    headers = {**bearer(token(signing)), **KEY}
    answer = await door.post("/v1/things", json={"amount_cents": 1}, headers=headers)
    assert answer.status_code == 202
    found = await door.get(answer.headers["location"], headers=headers)
    assert found.json() == answer.json()


async def test_another_tenants_thing_is_404(door: httpx.AsyncClient, signing: jwk.OKPKey) -> None:
    headers = {**bearer(token(signing)), **KEY}
    made = await door.post("/v1/things", json={"amount_cents": 1}, headers=headers)
    theirs = bearer(token(signing, tid=str(OTHER_TENANT)))
    problem(await door.get(made.headers["location"], headers=theirs), 404, "not_found")


async def test_another_practices_thing_is_404(door: httpx.AsyncClient, signing: jwk.OKPKey) -> None:
    roles = {str(PRACTICE): ["biller"]}
    mine, other = ids.shown("practice", PRACTICE), ids.shown("practice", ids.new())
    headers = bearer(token(signing, roles=roles))
    assert (await door.get(f"/v1/things-of/{mine}", headers=headers)).status_code == 200
    problem(await door.get(f"/v1/things-of/{other}", headers=headers), 404, "not_found")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "someone-else"},
        {"aud": "another-house"},
        {"exp": None},
        {"tid": "not-a-uuid"},
        {"tid": None},
        {"sub": None},
        {"roles": None},
        {"roles": ["admin"]},
        {"roles": {"not-a-uuid": ["admin"]}},
        {"scope": None},
        {"scope": 7},
        {"jti": None},
    ],
    ids=str,
)
async def test_wrong_claims(
    door: httpx.AsyncClient, signing: jwk.OKPKey, changes: dict[str, Any]
) -> None:
    answer = await door.get("/v1/failures/refused", headers=bearer(token(signing, **changes)))
    problem(answer, 401, "token_invalid")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_no_token_at_all(door: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Basic dTpw"}, {"Authorization": "Bearer "}):
        problem(await door.get("/v1/failures/refused", headers=headers), 401, "unauthenticated")
    problem(await door.get("/v1/no-such-address"), 401, "unauthenticated")


async def test_forged_tokens(door: httpx.AsyncClient, signing: jwk.OKPKey) -> None:
    good = token(signing)
    head, body, signature = good.split(".")
    other_body = token(signing, sub="key:other").split(".")[1]
    symmetric = jwk.OctKey.import_key(str(signing.as_dict(private=False)["x"]))
    claims = claims_of(CALLER, lifetime_seconds=300)
    confused = jwt.encode({"alg": "HS256", "kid": "first"}, claims, symmetric)
    nothing = base64.urlsafe_b64encode(b'{"alg":"none","kid":"first"}').decode().rstrip("=")
    unsigned = f"{nothing}.{body}."
    forged = [
        f"{head}.{other_body}.{signature}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}.",
        token(key_named("first")),
        token(key_named("unknown")),
        confused,
        unsigned,
        "rubbish",
        "a.b.c",
    ]
    for text in forged:
        answer = await door.get("/v1/failures/refused", headers=bearer(text))
        problem(answer, 401, "token_invalid")


async def test_a_token_lasts_five_minutes(door: httpx.AsyncClient, signing: jwk.OKPKey) -> None:
    """Also when it has been verified, and remembered, before."""
    text, now = token(signing), clock.system()
    answer = await door.get("/v1/failures/refused", headers=bearer(text))
    assert answer.status_code == 422
    with clock.fixed(now + timedelta(seconds=304)):
        await door.get("/v1/failures/refused", headers=bearer(token(signing)))
    with clock.fixed(now + timedelta(seconds=310)):
        answer = await door.get("/v1/failures/refused", headers=bearer(text))
        problem(answer, 401, "token_expired")


async def test_keys_rotate_without_a_gap(jwks: Path, signing: jwk.OKPKey) -> None:
    door = TokenAuthenticator(jwks)

    async def opens(key: jwk.OKPKey) -> bool:
        look_again(door)
        try:
            admission = await door.admit(Headers(bearer(token(key))))
        except Refused:
            return False
        return admission.principal == CALLER

    second = key_named("second")
    assert await opens(signing)
    assert not await opens(second)
    publish(jwks, second, signing)
    assert await opens(second)
    assert await opens(signing)
    publish(jwks, second)
    assert not await opens(signing)
    assert await opens(second)


def look_again(door: TokenAuthenticator) -> None:
    """Skip the second that passes between two looks at the file."""
    door._file._looked_at = float("-inf")


async def test_a_removed_key_ends_tokens_already_known(jwks: Path, signing: jwk.OKPKey) -> None:
    door, text = TokenAuthenticator(jwks), token(signing)
    await door.admit(Headers(bearer(text)))
    publish(jwks, key_named("second"))
    look_again(door)
    with pytest.raises(Refused):
        await door.admit(Headers(bearer(text)))


def test_a_broken_file_leaves_the_last_good_keys(jwks: Path) -> None:
    keys = KeyFile(jwks)
    assert len(keys.keys().keys) == 1
    for rubbish in (b"", b"{", b'{"keys": [{"kty": "X"}]}', b"[]"):
        jwks.write_bytes(rubbish)
        os.utime(jwks, ns=(1, len(rubbish)))
        keys._looked_at = float("-inf")
        assert len(keys.keys().keys) == 1


async def test_without_keys_it_is_an_outage(tmp_path: Path, database: Database) -> None:
    app = make_app(
        "sample",
        router,
        database=database,
        authenticator=TokenAuthenticator(tmp_path / "not-there.json"),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        problem(await client.get("/v1/failures/refused", headers=bearer("x")), 503, "try_again")


def test_claims_and_principal_are_the_same_thing() -> None:
    for caller in (
        CALLER,
        principal("claims:read", practices=frozenset({PRACTICE})),
        principal("claims:read", practices=frozenset()),
    ):
        assert principal_of(claims_of(caller, lifetime_seconds=300)) == caller


def test_practice_scope() -> None:
    principal().require_practice(ids.new())
    narrow = principal(practices=frozenset({PRACTICE}))
    narrow.require_practice(PRACTICE)
    with pytest.raises(NotFound):
        narrow.require_practice(UUID(int=5))
    assert narrow.tenant_id == TENANT
