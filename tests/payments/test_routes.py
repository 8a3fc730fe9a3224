"""Door one: accounts explained to the cent, payments once, uploads, and clear refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.payments.__main__ import service
from services.payments.actions import statements
from shared import ids
from shared.database import Database
from shared.x12.remittance_835 import Remittance
from tests.payments import world
from tests.payments.builders import Case, payment, remittance
from tests.payments.samples_835 import CLAIM, J01, file
from tests.payments.samples_835 import payment as x12_payment
from tests.support.builders import OTHER_TENANT, PRACTICE, TENANT, origin
from tests.support.web import client_for, principal

CASE = Case("j01")
ACCOUNT = ids.shown("account", CASE.account_id)
EDI = {"Content-Type": "application/edi-x12"}


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(service, database) as made:
        yield made


async def posted(database: Database) -> None:
    await world.known(database, CASE)
    await world.post(database, await world.take(database, remittance(CASE.paid())))


async def pay(client: httpx.AsyncClient, name: str, **body: Any) -> httpx.Response:
    values = {"amount_cents": 2_500, "channel": "card", **body}
    return await client.post(f"/v1/accounts/{ACCOUNT}/payments", json=values, headers=key(name))


async def test_the_account_explains_each_cent(
    client: httpx.AsyncClient, database: Database
) -> None:
    await posted(database)
    async with database.pipeline([TENANT]) as tx:
        await statements.issue(tx, {CASE.account_id: origin()}, due_days=21)
    answer = (await client.get(f"/v1/accounts/{ACCOUNT}")).json()
    assert (answer["status"], answer["patient_owes_cents"]) == ("statement_due", 2_500)
    [visit] = answer["visits"]
    assert visit["insurer"] == "Aster PPO"
    assert visit["claim_id"] == ids.shown("claim", CASE.claim_id)
    assert visit["charged_cents"] == (
        visit["insurer_paid_cents"]
        + visit["insurer_adjusted_cents"]
        + visit["patient_paid_cents"]
        + visit["insurer_owes_cents"]
        + visit["patient_owes_cents"]
    )
    moved = {(each["what"], each["holder"]): each for each in visit["movements"]}
    assert moved["charge_billed", "rank:1"]["amount_cents"] == 15_000
    assert moved["payer_paid", "rank:1"]["amount_cents"] == -7_750
    assert moved["contract", "rank:1"]["amount_cents"] == -4_750
    assert moved["patient_share", "rank:1"]["amount_cents"] == -2_500
    share = moved["patient_share", "patient"]
    assert (share["amount_cents"], share["reason"]) == (2_500, "PR-3")
    assert share["meaning"]
    assert sum(each["amount_cents"] for each in visit["movements"]) == 2_500
    [statement] = answer["statements"]
    assert (statement["status"], statement["open_cents"]) == ("approved", 2_500)


async def test_paying_once_however_often_it_is_asked(
    client: httpx.AsyncClient, database: Database
) -> None:
    await posted(database)
    first = await pay(client, "one")
    again = await pay(client, "one")
    assert (first.status_code, first.json()["still_owed_cents"]) == (201, 0)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await pay(client, "one", amount_cents=1)).json()["code"] == "idempotency_mismatch"
    assert (await client.get(f"/v1/accounts/{ACCOUNT}")).json()["status"] == "settled"
    assert (await world.accounts(database))["card_clearing"] == 2_500


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount_cents": 2_501}, 422, "more_than_due"),
        ({"amount_cents": 0}, 422, ""),
        ({"amount_cents": -5}, 422, ""),
        ({"amount_cents": 10.5}, 422, ""),
        ({"channel": "gold"}, 422, ""),
        ({"note": "extra"}, 422, ""),
    ],
)
async def test_bad_payments_are_refused_and_book_nothing(
    client: httpx.AsyncClient, database: Database, body: dict[str, Any], status: int, code: str
) -> None:
    await posted(database)
    answer = await pay(client, "bad", **body)
    assert answer.status_code == status
    assert not code or answer.json()["code"] == code
    assert await world.balances(database) == {"ar_patient": 2_500}


async def test_other_tenants_and_practices_see_nothing(database: Database) -> None:
    await posted(database)
    [remit] = await world.remittances(database)
    addresses = [f"/v1/accounts/{ACCOUNT}", f"/v1/remittances/{ids.shown('remittance', remit.id)}"]
    elsewhere = frozenset({ids.derived(PRACTICE, "other")})
    for caller in (principal(tenant_id=OTHER_TENANT), principal(practices=elsewhere)):
        async with client_for(service, database, caller) as client:
            for address in addresses:
                assert (await client.get(address)).status_code == 404
            assert (await pay(client, "x")).status_code == 404
            summary = (await client.get("/v1/ledger/summary")).json()
            assert summary == {"accounts": [], "total_cents": 0}


async def test_scopes(database: Database) -> None:
    async with client_for(service, database, principal("payments:read")) as client:
        assert (await pay(client, "x")).status_code == 403
    async with client_for(service, database, principal("claims:read")) as client:
        assert (await client.get("/v1/ledger/summary")).status_code == 403


async def test_the_summary_is_zero_in_total(client: httpx.AsyncClient, database: Database) -> None:
    await posted(database)
    await pay(client, "one")
    answer = (await client.get("/v1/ledger/summary")).json()
    assert answer["total_cents"] == 0
    found = {each["account"]: each for each in answer["accounts"]}
    assert found["gross_charges"]["amount_cents"] == -15_000
    assert (found["ar_patient"]["amount_cents"], found["ar_patient"]["entries"]) == (0, 2)
    assert all(each["meaning"] and each["kind"] for each in answer["accounts"])


async def test_an_upload_is_taken_in_once(client: httpx.AsyncClient, database: Database) -> None:
    await world.known(database, CASE)
    content = file(J01)
    first = await client.post("/v1/remittances", content=content, headers={**EDI, **key("u1")})
    assert first.status_code == 202
    [taken] = first.json()["remittances"]
    assert (taken["status"], taken["total_cents"], taken["claims"]) == ("balanced", 7_750, 1)
    again = await client.post("/v1/remittances", content=content, headers={**EDI, **key("u2")})
    assert again.json() == first.json()
    anew = await client.post(
        "/v1/remittances", content=file(J01, control=2), headers={**EDI, **key("u3")}
    )
    [duplicate] = anew.json()["remittances"]
    assert (duplicate["status"], duplicate["duplicate_of"]) == (
        "duplicate",
        taken["remittance_id"],
    )
    await world.post(database, [ids.read("remittance", taken["remittance_id"])])
    answer = (await client.get(f"/v1/remittances/{taken['remittance_id']}")).json()
    assert (answer["status"], answer["claim_states"]) == ("posted", {"posted": 1})


async def test_an_upload_that_does_not_add_up_shows_the_difference(
    client: httpx.AsyncClient, database: Database
) -> None:
    content = file(Remittance(x12_payment("77.40"), (CLAIM,)))
    answer = await client.post("/v1/remittances", content=content, headers={**EDI, **key("u1")})
    [taken] = answer.json()["remittances"]
    assert (taken["status"], taken["rule"], taken["difference_cents"]) == (
        "quarantined",
        "payment_balance",
        -10,
    )
    release = await client.post(
        f"/v1/remittances/{taken['remittance_id']}/release", headers=key("r1")
    )
    assert (release.status_code, release.json()["code"]) == (409, "does_not_balance")
    assert await world.accounts(database) == {}


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (file(J01)[:200], "application/edi-x12", 422, "file_refused"),
        (b"", "text/plain", 422, "file_refused"),
        (file(J01), "application/json", 415, "unsupported_media_type"),
    ],
)
async def test_bad_uploads_are_refused_whole(
    database: Database, content: bytes, media: str, status: int, code: str
) -> None:
    headers = {"Content-Type": media, **key("u1")}
    async with client_for(service, database) as client:
        answer = await client.post("/v1/remittances", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await world.remittances(database) == []


async def test_an_upload_for_a_practice_of_others_leaves_nothing(database: Database) -> None:
    elsewhere = frozenset({ids.derived(PRACTICE, "other")})
    async with client_for(service, database, principal(practices=elsewhere)) as client:
        answer = await client.post(
            "/v1/remittances", content=file(J01), headers={**EDI, **key("u1")}
        )
    assert answer.status_code == 404
    assert await world.remittances(database) == []


async def test_release_of_a_payee_that_is_known_now(
    client: httpx.AsyncClient, database: Database
) -> None:
    said = remittance(payment("A"), payee_npi="1083602106", plb=(("L6", -100),))
    [remit] = await world.take(database, said)
    address = f"/v1/remittances/{ids.shown('remittance', remit)}/release"
    answer = await client.post(address, headers=key("r1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "payee_unknown")


@pytest.mark.parametrize("wrong", ["acc_x", "clm_agrajgj4nf4pvhjrihnqvda7oy"])
async def test_malformed_ids(client: httpx.AsyncClient, wrong: str) -> None:
    assert (await client.get(f"/v1/accounts/{wrong}")).json()["code"] == "malformed_id"
