"""Builds the HTTP application of one service from its router, and describes it (OpenAPI 3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from shared.database import Database
from shared.web.calls import Allowance
from shared.web.edge import USUAL, Edge, EdgeRules, is_public
from shared.web.principal import Authenticator
from shared.web.problems import MEDIA_TYPE, install_problems

API_VERSION = "2026-11-01"

_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "address that explains this code"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence without any value"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "stable, to be tested by programs"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer into the body"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "remedy": {"type": "string"},
                },
            },
        },
    },
    "example": {
        "type": "/problems/not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such thing.",
        "instance": "/requests/req_01",
        "code": "not_found",
        "request_id": "req_01",
    },
}
_KEY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "makes repeating the request safe; kept for a day (claims, payments: seven)",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "2f1f6f2e-visit-1001",
}


def make_app(
    service: str,
    router: APIRouter,
    *,
    database: Database | None,
    authenticator: Authenticator,
    rules: EdgeRules = USUAL,
) -> FastAPI:
    """The application of a service; ValueError for a route that does not say who may use it."""
    app = FastAPI(
        title=f"Claimstream {service}",
        version=API_VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name_of,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.database = database
    app.include_router(router, max_body_size=rules.max_body_bytes)
    _check_routes(router, rules.public)
    install_problems(app)
    app.add_middleware(Edge, service=service, authenticator=authenticator, rules=rules)
    return app


def _name_of(route: APIRoute) -> str:
    return route.name


def routes_of(router: APIRouter) -> Iterator[APIRoute]:
    """Every route of a router, in order."""
    return (route for route in router.routes if isinstance(route, APIRoute))


def allowance_of(route: APIRoute) -> Allowance | None:
    """Who may use a route; None when it does not say."""
    calls = (dependency.call for dependency in route.dependant.dependencies)
    return next((call for call in calls if isinstance(call, Allowance)), None)


def _check_routes(router: APIRouter, public: frozenset[str]) -> None:
    silent = [
        route.path
        for route in routes_of(router)
        if allowance_of(route) is None and not is_public(route.path, public)
    ]
    if silent:
        raise ValueError(f"routes that do not say who may use them: {silent}")
    names = Counter(route.name for route in routes_of(router) if route.include_in_schema)
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise ValueError(f"route functions with the same name: {twice}")


def openapi_of(app: FastAPI, router: APIRouter) -> dict[str, Any]:
    """The OpenAPI 3.1 description, with scopes, Idempotency-Key and problems on every route."""
    document = app.openapi()
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
    parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for route in routes_of(router):
        allowance = allowance_of(route)
        if allowance is None or not route.include_in_schema:
            continue
        for method in route.methods or ():
            _describe(document["paths"][route.path_format][method.lower()], method, allowance)
    return document


def _describe(operation: dict[str, Any], method: str, allowance: Allowance) -> None:
    operation["security"] = [{"key": []}]
    if allowance.scope:
        operation["x-scope"] = allowance.scope
    if method == "POST" and not allowance.reads:
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {MEDIA_TYPE: {"schema": schema}}
    answers = operation.setdefault("responses", {})
    answers.pop("422", None)
    answers["4XX"] = {"description": "refused: see `code`", "content": content}
    answers["5XX"] = {"description": "our side failed; safe to repeat", "content": content}
