"""Every answer that is no success has one shape, one code, and no value in it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from shared.database import Database
from shared.web import EdgeRules, make_app
from tests.shared.web.routes import PATIENT_NAME, router
from tests.support.web import Always, client_for, principal

KEY = {"Idempotency-Key": "one"}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, after checking everything that all problems share."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["status"] == status
    assert body["type"] == f"/problems/{code}"
    assert body["title"]
    assert body["detail"].endswith(".")
    assert body["request_id"] == answer.headers["request-id"]
    assert body["instance"] == f"/requests/{body['request_id']}"
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing-here", 404, "not_found"),
        ("DELETE", "/v1/things", 405, "method_not_allowed"),
        ("GET", "/v1/failures/refused", 422, "amount_precision"),
        ("GET", "/v1/failures/conflict", 409, "wrong_state"),
        ("GET", "/v1/failures/away", 503, "try_again"),
        ("GET", "/v1/failures/bug", 500, "internal_error"),
        ("GET", "/v1/things/clm_short", 422, "malformed_id"),
        ("GET", "/docs", 404, "not_found"),
        ("GET", "/openapi.json", 404, "not_found"),
        ("TRACE", "/v1/things", 405, "method_not_allowed"),
    ],
)
async def test_failures_are_problems(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    problem(await client.request(method, path), status, code)


async def test_each_finding_has_its_place(client: httpx.AsyncClient) -> None:
    body = problem(await client.get("/v1/failures/problems"), 422, "edits_failed")
    assert body["errors"] == [
        {
            "pointer": "/lines/0/code",
            "code": "code_unknown",
            "message": "No such code.",
            "remedy": "Choose another.",
        }
    ]


async def test_an_outage_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/failures/away")
    assert answer.headers["retry-after"] == "3"
    assert "database" not in answer.text


async def test_405_names_the_methods(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/v1/things")
    assert answer.headers["allow"] == "POST"


async def test_a_bug_tells_nothing(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await client.get("/v1/failures/bug")
    seen = capsys.readouterr()
    assert PATIENT_NAME not in answer.text + seen.out + seen.err


async def test_malformed_json(client: httpx.AsyncClient) -> None:
    headers = {**KEY, "Content-Type": "application/json"}
    answer = await client.post("/v1/things", content=b'{"amount_cents": ', headers=headers)
    problem(answer, 400, "malformed_json")


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({}, "/amount_cents", "field_missing"),
        ({"amount_cents": "1"}, "/amount_cents", "field_type"),
        ({"amount_cents": -1}, "/amount_cents", "field_range"),
        ({"amount_cents": 1, "note": "n" * 21}, "/note", "field_length"),
        ({"amount_cents": 1, "kind": "huge"}, "/kind", "field_value"),
        ({"amount_cents": 1, "ssn": "1"}, "/ssn", "field_unknown"),
        ([], "", "field_type"),
    ],
)
async def test_wrong_fields_are_named(
    client: httpx.AsyncClient, sent: object, pointer: str, code: str
) -> None:
    answer = await client.post("/v1/things", json=sent, headers=KEY)
    errors = problem(answer, 422, "invalid_request")["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]


async def test_values_are_never_quoted(client: httpx.AsyncClient) -> None:
    sent = {"amount_cents": PATIENT_NAME, "kind": PATIENT_NAME, "note": PATIENT_NAME * 10}
    answer = await client.post("/v1/things", json=sent, headers=KEY)
    assert len(problem(answer, 422, "invalid_request")["errors"]) == 3
    assert PATIENT_NAME not in answer.text


@pytest.mark.parametrize("kind", ["text/xml", "application/x-www-form-urlencoded", ""])
async def test_json_must_say_so(client: httpx.AsyncClient, kind: str) -> None:
    headers = {**KEY, "Content-Type": kind} if kind else KEY
    answer = await client.post("/v1/things", content=b'{"amount_cents": 1}', headers=headers)
    problem(answer, 415, "unsupported_media_type")


async def test_a_missing_body_is_no_media_type_question(client: httpx.AsyncClient) -> None:
    problem(await client.post("/v1/things", headers=KEY), 422, "invalid_request")


async def test_a_raw_route_reads_only_its_kinds(client: httpx.AsyncClient) -> None:
    headers = {**KEY, "Content-Type": "application/json"}
    problem(
        await client.post("/v1/raw", content=b"{}", headers=headers), 415, "unsupported_media_type"
    )
    good = {**KEY, "Content-Type": "application/edi-x12; charset=utf-8"}
    answer = await client.post("/v1/raw", content=b"ISA*", headers=good)
    assert answer.json()["amount_cents"] == 4


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit(client: httpx.AsyncClient, chunked: bool) -> None:
    large = b'{"note": "' + b"n" * 1_048_576 + b'"}'

    async def pieces() -> Any:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    headers = {**KEY, "Content-Type": "application/json"}
    content = pieces() if chunked else large
    answer = await client.post("/v1/things", content=content, headers=headers)
    problem(answer, 413, "body_too_large")


async def test_a_route_may_take_more(client: httpx.AsyncClient) -> None:
    headers = {**KEY, "Content-Type": "text/plain"}
    answer = await client.post("/v1/raw", content=b"n" * 1_500_000, headers=headers)
    assert answer.json()["amount_cents"] == 1_500_000
    headers["Idempotency-Key"] = "two"
    problem(
        await client.post("/v1/raw", content=b"n" * 2_000_001, headers=headers),
        413,
        "body_too_large",
    )


async def test_too_many_at_once(database: Database) -> None:
    app = make_app(
        "sample",
        router,
        database=database,
        authenticator=Always(principal()),
        rules=EdgeRules(max_in_flight=0),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/v1/failures/refused")
        problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"


async def test_every_answer_carries_its_headers(client: httpx.AsyncClient) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    asked = {"Request-Id": "req_12345678", "traceparent": trace}
    answer = await client.get("/v1/things/clm_short", headers=asked)
    assert answer.headers["request-id"] == "req_12345678"
    assert answer.headers["traceparent"].split("-")[1] == trace.split("-")[1]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


async def test_a_strange_request_id_is_replaced(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/nothing", headers={"Request-Id": "a b\tc"})
    assert answer.headers["request-id"].startswith("req_")


async def test_a_route_must_say_who_may_use_it(database: Database) -> None:
    silent = APIRouter()

    @silent.get("/v1/open")
    async def open_door() -> str:
        return "come in"

    with pytest.raises(ValueError, match="/v1/open"):
        make_app("sample", silent, database=database, authenticator=Always(principal()))
    make_app(
        "sample",
        silent,
        database=database,
        authenticator=Always(principal()),
        rules=EdgeRules(public=frozenset({"/v1/open"})),
    )


async def test_wrong_scope_is_403_and_foreign_things_are_404(database: Database) -> None:
    async with client_for(router, database, principal("claims:read")) as reader:
        answer = await reader.post("/v1/things", json={"amount_cents": 1}, headers=KEY)
        problem(answer, 403, "scope_missing")
