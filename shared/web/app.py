"""Builds the HTTP application of one service from its router."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from shared.database import Database
from shared.web.calls import Allowance
from shared.web.edge import USUAL, Edge, EdgeRules, is_public
from shared.web.principal import Authenticator
from shared.web.problems import install_problems

API_VERSION = "2026-11-01"


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
    """Every route of a router and of those included in it, in order."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner := getattr(route, "original_router", None), APIRouter):
            yield from routes_of(inner)


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
