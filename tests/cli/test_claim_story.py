"""`rcm claim timeline`: every service's steps in the order of time, whatever the key may read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cli.api import Api, ApiError
from cli.claim_story import Story, story_of
from cli.demo.people import account_of
from shared import ids

CLAIM = ids.shown("claim", ids.new())
VISIT = ids.shown("encounter", ids.new())
PATIENT = ids.shown("patient", ids.new())
ACCOUNT = account_of(PATIENT)


def at(minute: int) -> str:
    return f"2026-11-23T18:{minute:02d}:00Z"


def page(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(rows), "next_cursor": None}


def step(minute: int, kind: str, **rest: str) -> dict[str, Any]:
    said = {"status_from": "a", "status_to": "b", "reported_by": "PAYER"}
    return {"kind": kind, "happened_at": at(minute), **said, **rest}


def statement(minute: int) -> dict[str, str]:
    return {"statement_id": "stm_1", "issued_at": at(minute), "status": "paid"}


ANSWERS: dict[str, Any] = {
    f"/v1/claims/{CLAIM}": {"encounter_id": VISIT, "patient_id": PATIENT},
    f"/v1/claims/{CLAIM}/timeline": {"steps": [step(10, "created"), step(30, "paid")]},
    f"/v1/encounters/{VISIT}": {"created_at": at(1), "task_id": "tsk_1"},
    "/v1/coding-tasks/tsk_1": {"created_at": at(2), "done_at": at(3), "status": "done"},
    "/v1/eligibility-checks/search": page(
        {"created_at": at(4), "as_of": at(20), "state": "active", "reported_by": "PAYER"},
        {"created_at": at(5), "as_of": None, "state": "unknown", "reported_by": "SELF"},
    ),
    f"/v1/accounts/{ACCOUNT}": {"statements": [statement(40), statement(9)]},
    "/v1/notifications/search": page(
        {"updated_at": at(41), "kind": "statement_ready", "status": "sent"},
        {"updated_at": at(8), "kind": "statement_ready", "status": "sent"},
    ),
}


async def story(refused: dict[str, int] | None = None) -> Story:
    """The story that an API with these answers tells; some paths are refused."""

    def handle(request: httpx.Request) -> httpx.Response:
        status = (refused or {}).get(request.url.path, 200)
        return httpx.Response(status, json=ANSWERS[request.url.path] if status == 200 else {})

    api = Api("http://gateway.test", "key")
    api._client = httpx.AsyncClient(
        transport=httpx.MockTransport(handle), base_url="http://gateway.test"
    )
    try:
        return await story_of(api, CLAIM)
    finally:
        await api.aclose()


async def test_the_steps_of_all_services_stand_in_the_order_of_time() -> None:
    told = await story()
    assert [(one["happened_at"][14:16], one["service"], one["kind"]) for one in told.steps] == [
        ("01", "coding", "received"),
        ("02", "coding", "task_opened"),
        ("03", "coding", "task_done"),
        ("04", "eligibility", "checked"),
        ("05", "eligibility", "checked"),
        ("10", "claims", "created"),
        ("20", "eligibility", "answered"),
        ("30", "claims", "paid"),
        ("40", "payments", "statement_issued"),
        ("41", "notifications", "statement_ready"),
    ]
    assert told.withheld == []
    assert {"status_from", "status_to", "reported_by"} <= set.intersection(*map(set, told.steps))


async def test_what_the_key_may_not_read_is_named_and_the_rest_is_told() -> None:
    told = await story({"/v1/eligibility-checks/search": 403, f"/v1/accounts/{ACCOUNT}": 404})
    assert told.withheld == ["eligibility"]
    services = {one["service"] for one in told.steps}
    assert services == {"coding", "claims", "notifications"}


@pytest.mark.parametrize("status", [403, 404])
async def test_a_claim_that_is_not_to_be_read_ends_it(status: int) -> None:
    with pytest.raises(ApiError):
        await story({f"/v1/claims/{CLAIM}": status})


async def test_another_failure_is_no_gap_in_the_story() -> None:
    with pytest.raises(ApiError):
        await story({"/v1/eligibility-checks/search": 400})
