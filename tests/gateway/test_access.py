"""Tenants and keys: who may open them, what they may do, and when that ends."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway import first_run
from gateway.door import Limits
from gateway.equipment import door_of, settings_of
from shared import ids
from shared.events.tenancy import TenantChanged
from shared.web import Declined
from tests.gateway.conftest import PAYER, PRACTICE, TENANT, Gateway, GatewayFactory, new_key
from tests.shared.web.test_problems import problem
from tests.support.services import published


async def test_the_first_run_leaves_one_operator_key(gateway: Gateway) -> None:
    path = settings_of(gateway.workplace).operator_key_path
    operator = await gateway.operator()
    assert re.fullmatch(r"sk_operator_[A-Za-z0-9_-]{43}", operator.secret)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()
    await first_run.have_operator(gateway.workplace)
    assert not path.exists()


async def test_the_first_key_may_be_given(open_gateway: GatewayFactory) -> None:
    secret = "sk_operator_" + "k" * 43
    gateway = await open_gateway(first_key=secret)
    await first_run.have_operator(gateway.workplace)
    assert not settings_of(gateway.workplace).operator_key_path.exists()
    answer = await gateway.calling(secret).post("/v1/tenants", TENANT)
    assert answer.status_code == 201


@pytest.mark.parametrize("given", ["sk_test_" + "k" * 43, "short"])
async def test_a_first_key_must_be_an_operators(open_gateway: GatewayFactory, given: str) -> None:
    gateway = await open_gateway(first_key=given)
    with pytest.raises(ValueError, match="key looks like"):
        await first_run.have_operator(gateway.workplace)


async def test_a_tenant_is_told_to_everybody(gateway: Gateway) -> None:
    caller = await gateway.tenant()
    own = (await caller.get("/v1/tenant")).json()
    (event,) = await published(gateway.database)
    assert event.type == "TenantChanged"
    assert event.tenant_id == event.key == event.subject == ids.read("tenant", own["id"])
    assert event.data == TenantChanged(
        tenant_id=event.tenant_id,
        name="Northwind Billing",
        mode="test",
        edi_id="NORTHWIND",
        version=1,
    )
    assert event.source == "/claimstream/gateway"


async def test_a_repeat_opens_no_second_tenant(gateway: Gateway) -> None:
    operator, key = await gateway.operator(), new_key()
    first = await operator.post("/v1/tenants", TENANT, key)
    again = await operator.post("/v1/tenants", TENANT, key)
    assert again.content == first.content
    assert len(await published(gateway.database)) == 1


async def test_an_edi_id_belongs_to_one_tenant(gateway: Gateway) -> None:
    await gateway.tenant()
    operator = await gateway.operator()
    answer = await operator.post("/v1/tenants", {**TENANT, "name": "Another"})
    problem(answer, 409, "tenant_known")
    assert len(await published(gateway.database)) == 1


async def test_modes_are_two_tenants(gateway: Gateway) -> None:
    test = await gateway.tenant(edi_id="NWTEST")
    live = await gateway.tenant(edi_id="NWLIVE", mode="live")
    assert test.secret.startswith("sk_test_")
    assert live.secret.startswith("sk_live_")
    made = await test.post("/v1/practices", PRACTICE)
    problem(await live.get(f"/v1/practices/{made.json()['id']}"), 404, "not_found")


async def test_only_an_operator_opens_tenants(gateway: Gateway) -> None:
    caller = await gateway.tenant()
    problem(await caller.post("/v1/tenants", TENANT), 403, "scope_missing")
    operator = await gateway.operator()
    problem(await operator.get("/v1/practices"), 403, "scope_missing")
    problem(await operator.get("/v1/tenant"), 404, "not_found")


async def test_secrets_are_nowhere(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    caller = await gateway.tenant()
    async with gateway.database.pipeline(()) as tx:
        rows = await tx.rows(text("select * from idempotency_records"))
    seen = capsys.readouterr()
    assert caller.secret[10:] not in f"{rows}{seen.out}{seen.err}"


@pytest.mark.parametrize(
    "secret",
    ["", "sk_test_short", "sk_test_" + "A" * 43, "Bearer", "sk_test_" + "A" * 42 + "'"],
)
async def test_strangers(gateway: Gateway, secret: str) -> None:
    answer = await gateway.calling(secret).get("/v1/tenant")
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_gives_no_more_than_it_has(gateway: Gateway) -> None:
    first = await gateway.tenant()
    answer = await first.post("/v1/api-keys", {"name": "a", "scopes": ["admin:write"]})
    narrow = gateway.calling(answer.json()["secret"])
    for scopes in (["claims:read"], ["platform:write"], ["admin:write", "nothing:read"]):
        refused = await narrow.post("/v1/api-keys", {"name": "b", "scopes": scopes})
        problem(refused, 403, "scope_beyond_own")
    problem(await narrow.get("/v1/api-keys"), 403, "scope_missing")


async def test_a_key_for_some_practices(gateway: Gateway) -> None:
    first = await gateway.tenant()
    ours = (await first.post("/v1/practices", PRACTICE)).json()["id"]
    other = (await first.post("/v1/practices", {**PRACTICE, "npi": "1245319599"})).json()["id"]
    wanted = {"name": "a", "scopes": ["admin:read", "admin:write"], "practice_ids": [ours]}
    made = (await first.post("/v1/api-keys", wanted)).json()
    assert made["practice_ids"] == [ours]
    narrow = gateway.calling(made["secret"])
    assert (await narrow.get(f"/v1/practices/{ours}")).status_code == 200
    problem(await narrow.get(f"/v1/practices/{other}"), 404, "not_found")
    problem(await narrow.post(f"/v1/practices/{other}", PRACTICE), 404, "not_found")
    page = (await narrow.get("/v1/practices")).json()
    assert [practice["id"] for practice in page["data"]] == [ours]
    problem(
        await narrow.post("/v1/practices", {**PRACTICE, "npi": "1003000126"}),
        403,
        "every_practice_needed",
    )
    problem(await narrow.post("/v1/payers", PAYER), 403, "every_practice_needed")
    for practices in (None, [other], [ours, other]):
        beyond = {"name": "b", "scopes": ["admin:read"], "practice_ids": practices}
        problem(await narrow.post("/v1/api-keys", beyond), 403, "scope_beyond_own")


async def test_a_practice_of_nobody_gets_no_key(gateway: Gateway) -> None:
    first = await gateway.tenant()
    unknown = {"name": "a", "scopes": ["claims:read"], "practice_ids": [_nobody()]}
    problem(await first.post("/v1/api-keys", unknown), 404, "not_found")


def _nobody() -> str:
    return ids.shown("practice", ids.new())


async def test_a_revoked_key_is_refused_at_once(gateway: Gateway) -> None:
    first = await gateway.tenant()
    made = (await first.post("/v1/api-keys", {"name": "a", "scopes": ["claims:read"]})).json()
    second = gateway.calling(made["secret"])
    assert (await second.get("/v1/tenant")).status_code == 200
    revoked = await first.post(f"/v1/api-keys/{made['id']}/revoke")
    assert revoked.json()["active"] is False
    problem(await second.get("/v1/tenant"), 401, "unauthenticated")
    listed = (await first.get("/v1/api-keys")).json()["data"]
    assert {key["name"]: key["active"] for key in listed} == {"first": True, "a": False}
    assert "secret" not in str(listed)


async def test_another_process_learns_of_it_within_seconds(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await gateway.tenant()
    door = door_of(gateway.workplace)
    monkeypatch.setattr(door, "forget", lambda: None)
    assert (await first.get("/v1/tenant")).status_code == 200
    key_id = (await first.get("/v1/api-keys")).json()["data"][0]["id"]
    await first.post(f"/v1/api-keys/{key_id}/revoke")
    assert (await first.get("/v1/tenant")).status_code == 200
    monkeypatch.setattr("gateway.door.REMEMBERED_SECONDS", 0.0)
    problem(await first.get("/v1/tenant"), 401, "unauthenticated")


async def test_anothers_key_cannot_be_revoked(gateway: Gateway) -> None:
    ours, theirs = await gateway.tenant(), await gateway.tenant(edi_id="OTHER")
    key_id = (await theirs.get("/v1/api-keys")).json()["data"][0]["id"]
    problem(await ours.post(f"/v1/api-keys/{key_id}/revoke"), 404, "not_found")
    assert (await theirs.get("/v1/tenant")).status_code == 200


async def test_limits_are_told_and_kept(open_gateway: GatewayFactory) -> None:
    gateway = await open_gateway(requests_per_minute=3)
    caller = await gateway.tenant()
    answers = [await caller.get("/v1/tenant") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert answers[0].headers["ratelimit"] == '"default";r=2;t=20'
    problem(answers[3], 429, "rate_limited")
    assert 1 <= int(answers[3].headers["retry-after"]) <= 21
    assert answers[3].headers["ratelimit"].startswith('"default";r=0;')


def test_a_tenant_shares_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.door.time.monotonic", lambda: now)
    limits, tenant = Limits(2), ids.new()
    for _ in range(10):
        limits.take(ids.new(), tenant)
    with pytest.raises(Declined):
        limits.take(ids.new(), tenant)
    limits.take(ids.new(), ids.new())
    now += 6.0
    limits.take(ids.new(), tenant)
    with pytest.raises(Declined):
        limits.take(ids.new(), tenant)


async def test_keys_of_the_first_run_stay_private(gateway: Gateway, tmp_path: Path) -> None:
    folder = tmp_path / "signing"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert '"d"' not in (tmp_path / "jwks.json").read_text(encoding="utf-8")
