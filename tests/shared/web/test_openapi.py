"""The description of an API names every scope, every key and every way to fail."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter

from shared.web import Call, allowed, make_app, openapi_of
from shared.web.app import allowance_of, routes_of
from tests.shared.web.routes import router
from tests.support.web import Always, principal


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = make_app("sample", router, database=None, authenticator=Always(principal()))
    return openapi_of(app, router)


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert set(operations(document)) == {route.name for route in routes_of(router)}


def test_scopes_keys_and_problems(document: dict[str, Any]) -> None:
    known = operations(document)
    assert known["add_thing"]["x-scope"] == "claims:write"
    assert known["thing"]["security"] == [{"key": []}]
    names = {
        name: [one["name"] for one in operation.get("parameters", [])]
        for name, operation in known.items()
    }
    assert names["add_thing"] == ["Idempotency-Key"]
    assert names["search_things"] == []
    assert names["thing"] == ["thing_id"]
    for operation in known.values():
        assert set(operation["responses"]) >= {"401", "429", "500", "503"}
    assert {"400", "403", "409", "413", "415", "422"} <= set(known["add_thing"]["responses"])
    assert {"403", "404"} <= set(known["thing"]["responses"])


def test_the_call_is_no_parameter_of_the_request(document: dict[str, Any]) -> None:
    assert "Call" not in str(document)


def test_every_route_says_who_may_use_it() -> None:
    for route in routes_of(router):
        assert allowance_of(route) is not None, route.path


def test_function_names_are_operation_ids_and_so_unique() -> None:
    twice = APIRouter()
    for path in ("/v1/a", "/v1/b"):

        @twice.get(path)
        async def same(call: Call = allowed()) -> str:
            return call.route

    with pytest.raises(ValueError, match="same"):
        make_app("sample", twice, database=None, authenticator=Always(principal()))


def test_an_included_route_says_who_may_use_it_too() -> None:
    inner, outer = APIRouter(), APIRouter()

    @inner.get("/v1/open")
    async def silent() -> str:
        return ""

    outer.include_router(inner)
    with pytest.raises(ValueError, match="/v1/open"):
        make_app("sample", outer, database=None, authenticator=Always(principal()))
