"""The five services as the gateway offers them: every address leads on, every scope exists."""

from __future__ import annotations

import importlib
from typing import cast

import pytest
from fastapi.routing import APIRoute

from gateway.__main__ import service as gateway
from gateway.domain import OPERATOR_SCOPES, SCOPES
from gateway.proxy import ROUTES
from shared.service import Service
from shared.web.app import allowance_of, routes_of

SERVICES = sorted(set(ROUTES.values()))


def routes(name: str) -> list[APIRoute]:
    """The routes of a service."""
    module = importlib.import_module(f"services.{name}.__main__")
    router = cast(Service, module.service).router
    assert router is not None
    return list(routes_of(router))


@pytest.mark.parametrize("name", SERVICES)
def test_every_address_is_led_on(name: str) -> None:
    words = {route.path.removeprefix("/v1/").partition("/")[0] for route in routes(name)}
    assert {word: ROUTES.get(word) for word in words} == dict.fromkeys(words, name)


@pytest.mark.parametrize("name", SERVICES)
def test_every_scope_can_be_given(name: str) -> None:
    wanted = {allowance.scope for route in routes(name) if (allowance := allowance_of(route))}
    assert wanted <= SCOPES | {""}
    assert wanted - {""}


def test_no_own_address_is_led_on() -> None:
    assert gateway.router is not None
    own = {
        route.path.removeprefix("/v1/").partition("/")[0]
        for route in routes_of(gateway.router)
        if route.path.startswith("/v1/") and route.include_in_schema
    }
    assert not own & set(ROUTES)


def test_what_operators_may_no_tenant_key_may() -> None:
    assert not SCOPES & OPERATOR_SCOPES


def test_operation_ids_are_unique_over_the_whole_api() -> None:
    names = [route.name for name in SERVICES for route in routes(name)]
    assert gateway.router is not None
    names += [route.name for route in routes_of(gateway.router)]
    assert sorted(names) == sorted(set(names))
