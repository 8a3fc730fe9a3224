"""The command line's API client: writes are safe to repeat, failures are one line."""

from __future__ import annotations

import httpx
import pytest
import typer

from cli.answers import FAILED, NOT_FOUND, REFUSED, TRY_AGAIN, answer
from cli.api import Api, ApiError
from shared.errors import Conflict, Invalid, NotFound, TryAgain


def api_answering(*answers: httpx.Response | Exception) -> tuple[Api, list[httpx.Request]]:
    seen: list[httpx.Request] = []
    queue = list(answers)

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = queue.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    api = Api("http://test", "sk_test_x")
    api._client = httpx.AsyncClient(
        transport=httpx.MockTransport(reply), base_url="http://test", headers=api._client.headers
    )
    return api, seen


async def test_a_write_is_repeated_under_its_key() -> None:
    away = httpx.Response(503, headers={"Retry-After": "0"})
    api, seen = api_answering(away, away, httpx.Response(201, json={"id": 1}))
    assert await api.post("/v1/things", {}) == {"id": 1}
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
    assert len(seen) == 3


async def test_a_write_whose_answer_got_lost_is_repeated_under_its_key() -> None:
    api, seen = api_answering(httpx.ReadError("gone"), httpx.Response(201, json={"id": 1}))
    assert await api.post("/v1/things", {}) == {"id": 1}
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
    assert len(seen) == 2


async def test_a_conflict_of_state_is_not_repeated() -> None:
    problem = {"code": "claim_status", "detail": "It is closed."}
    api, seen = api_answering(httpx.Response(409, json=problem))
    with pytest.raises(ApiError, match=r"409 claim_status: It is closed\."):
        await api.post("/v1/things", {})
    assert len(seen) == 1


async def test_every_follows_the_cursor() -> None:
    pages = [
        httpx.Response(200, json={"data": [1, 2], "next_cursor": "c"}),
        httpx.Response(200, json={"data": [3], "next_cursor": None}),
    ]
    api, _ = api_answering(*pages)
    assert [row async for row in api.every("/v1/things/search", {})] == [1, 2, 3]


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (NotFound("x", "There is none."), NOT_FOUND),
        (Conflict("x", "It is resolved."), REFUSED),
        (Invalid("x", "It is wrong."), FAILED),
        (TryAgain("the database is away"), TRY_AGAIN),
        (ConnectionRefusedError(), 69),
    ],
)
def test_a_failure_is_a_sentence_and_a_code(
    failure: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> None:
        raise failure

    with pytest.raises(typer.Exit) as ended:
        answer(work())
    assert ended.value.exit_code == code
    assert capsys.readouterr().err.count("\n") == 1
