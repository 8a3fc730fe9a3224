"""The OpenAPI 3.1 description of an application: scopes, keys, examples, and every way to fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI

from shared.web.app import allowance_of, routes_of
from shared.web.calls import Allowance
from shared.web.problems import MEDIA_TYPE

Json = dict[str, Any]
Codes = Mapping[str, tuple[int, str]]

_PROBLEM_SCHEMA: Json = {
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
}
_KEY_PARAMETER: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "makes repeating the request safe; kept for a day (claims, payments: seven)",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "2f1f6f2e-visit-1001",
}

ALWAYS: Codes = {
    "unauthenticated": (401, "The request carries no valid credentials."),
    "rate_limited": (429, "There were too many requests with this key; slow down."),
    "internal_error": (500, "Something went wrong on our side; it has been recorded."),
    "try_again": (503, "Something this needs is away; try again shortly."),
    "outcome_unknown": (504, "There was no answer in time; repeat it with the same key."),
}
SCOPED: Codes = {"scope_missing": (403, "This needs a scope that the key has not.")}
NAMED: Codes = {
    "not_found": (404, "There is no such thing."),
    "malformed_id": (422, "This is no id of that kind."),
}
READ: Codes = {"invalid_request": (422, "Some fields are missing or wrong; see errors.")}
SENT: Codes = {
    "malformed_json": (400, "The body is not valid JSON."),
    "body_too_large": (413, "The body is larger than this address accepts."),
    "unsupported_media_type": (415, "This address does not read that kind of body."),
}
KEYED: Codes = {
    "idempotency_key_missing": (400, "Every POST needs an Idempotency-Key."),
    "idempotency_in_flight": (409, "A request with this Idempotency-Key is still running."),
    "idempotency_mismatch": (422, "This Idempotency-Key was used for another request."),
}
PAGED: Codes = {"cursor_mismatch": (422, "This cursor belongs to another search.")}


class Example(NamedTuple):
    """One request that a test sends: what stands in the address and body, and what comes back.

    body: JSON, or text where the address reads no JSON. answer: None where it is no JSON.
    """

    name: str
    status: int
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    answer: Any


class Described(NamedTuple):
    """What an operation's code does not say of itself: examples, and refusals of its own."""

    examples: tuple[Example, ...]
    refusals: Codes


def described(operations: Mapping[str, Json]) -> dict[str, Described]:
    """The content of an `api.json`, by operationId."""
    return {name: _described(one) for name, one in operations.items()}


def _described(operation: Json) -> Described:
    examples = tuple(
        Example(
            name,
            one.get("status", 200),
            one.get("path", {}),
            one.get("query", {}),
            one.get("body"),
            one.get("answer"),
        )
        for name, one in operation["examples"].items()
    )
    refusals = {code: (status, says) for code, (status, says) in operation["refusals"].items()}
    return Described(examples, refusals)


def openapi_of(
    app: FastAPI, router: APIRouter, operations: Mapping[str, Described] | None = None
) -> Json:
    """The description of an application; operations: examples and refusals by operationId."""
    document = app.openapi()
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
    parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for route in routes_of(router):
        if not route.include_in_schema:
            continue
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            text = " ".join((route.endpoint.__doc__ or "").split())
            operation["summary"] = re.split("[.;] ", text)[0].rstrip(".")
            own = (operations or {}).get(operation["operationId"], Described((), {}))
            _describe(operation, method, allowance=allowance_of(route), own=own)
    return document


def _describe(operation: Json, method: str, *, allowance: Allowance | None, own: Described) -> None:
    codes: dict[str, tuple[int, str]] = {}
    if allowance is not None:
        operation["security"] = [{"key": []}]
        if allowance.scope:
            operation["x-scope"] = allowance.scope
        is_keyed = method == "POST" and not allowance.reads
        if is_keyed:
            operation.setdefault("parameters", []).append(_KEY_PARAMETER)
        codes |= _codes(operation, allowance, is_keyed=is_keyed)
    _show_problems(operation, {**codes, **own.refusals})
    for example in own.examples:
        _show(operation, example)


def _codes(operation: Json, allowance: Allowance, *, is_keyed: bool) -> Codes:
    """What an operation of this shape can be refused with."""
    parameters = {one["name"]: one["in"] for one in operation.get("parameters", [])}
    has_body = "requestBody" in operation
    read = has_body or "query" in parameters.values()
    paged = "cursor" in parameters or (has_body and allowance.reads)
    return {
        **ALWAYS,
        **(SCOPED if allowance.scope else {}),
        **(NAMED if "path" in parameters.values() else {}),
        **(READ if read else {}),
        **(SENT if has_body else {}),
        **(KEYED if is_keyed else {}),
        **(PAGED if paged else {}),
    }


def _show_problems(operation: Json, codes: Codes) -> None:
    answers = operation.setdefault("responses", {})
    answers.pop("422", None)  # the framework's own shape, which nobody ever gets
    for code, (status, says) in sorted(codes.items()):
        answer = answers.setdefault(
            str(status),
            {
                "description": HTTPStatus(status).phrase,
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "examples": {},
                    }
                },
            },
        )
        answer["content"][MEDIA_TYPE]["examples"][code] = {
            "value": problem_like(code, status, says)
        }


def problem_like(code: str, status: int, says: str) -> Json:
    """A problem as it is answered."""
    return {
        "type": f"/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": says,
        "instance": "/requests/req_01",
        "code": code,
        "request_id": "req_01",
    }


def _show(operation: Json, example: Example) -> None:
    given = {**example.path, **example.query}
    for parameter in operation.get("parameters", []):
        if parameter["name"] in given:
            parameter["example"] = given[parameter["name"]]
    if example.body is not None:
        for media in operation["requestBody"]["content"].values():
            media.setdefault("examples", {})[example.name] = {"value": example.body}
    if example.answer is not None:
        content = operation["responses"][str(example.status)]["content"]
        media = content["application/json"]
        media.setdefault("examples", {})[example.name] = {"value": example.answer}
