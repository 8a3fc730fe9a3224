"""The public API on one page: the descriptions of the gateway and the five services as one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.everything import SERVICES
from shared.service import Service
from shared.web import EdgeRules, make_app
from shared.web.describing import Described, described, openapi_of
from shared.web.principal import TokenAuthenticator

ROOT = Path(__file__).parents[1]
VERBS = frozenset({"get", "post", "put", "patch", "delete"})
_SCHEMA = "#/components/schemas/"

Json = dict[str, Any]

RULES = """
## Errors

Every answer that is no success is a problem of RFC 9457 (`application/problem+json`): `type` (the
address that explains it), `title`, `status`, `code` (stable), `detail` (a sentence that holds no
value of the request), `request_id`, and `errors` with place (JSON Pointer), code, message and
remedy where single fields are wrong. Another tenant's things are 404, as if they were not there.

## Idempotency

Every POST that acts needs an `Idempotency-Key`, at most 255 printable ASCII characters: one per
intention, the same at each repeat. The answer is recorded in the transaction of its effect, so
there are both or neither; a repeat gets the same status and bytes. Answers are kept for a day,
those of claims and payments for a week. A refusal is not kept: mend the request, use the key again.
409 `idempotency_in_flight` while the first one still runs, 422 `idempotency_mismatch` for another
body under a known key. After a 503, a 504 or no answer at all: repeat with the same key.

## Cursors

Lists come in pages of at most 200 rows: `data`, `has_more`, and `next_cursor` for the page after.
A cursor is sealed, holds for a day, and belongs to its tenant, address and filter: 422
`cursor_expired`, `cursor_malformed`, `cursor_mismatch`. Rows that come or go
meanwhile shift no page.
"""


def operations_of(service: Service) -> dict[str, Described]:
    """Examples and refusals of a service's operations: the `api.json` beside its code."""
    folder = ROOT / service.name if service.name == "gateway" else ROOT / "services" / service.name
    return described(json.loads((folder / "api.json").read_text()))


def document_of(service: Service) -> Json:
    """The OpenAPI description of one service."""
    router = service.router
    if router is None:
        raise ValueError(f"{service.name} has no routes")
    app = make_app(
        service.name,
        router,
        database=None,
        authenticator=TokenAuthenticator(Path()),
        rules=EdgeRules(service.public),
    )
    return openapi_of(app, router, operations_of(service))


def whole() -> Json:
    """The description of what the gateway offers: its own operations and those it leads on."""
    whole: Json = {
        "openapi": "3.1.0",
        "info": {"title": "Claimstream", "version": ""},
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }
    for service in SERVICES:
        one = _apart(document_of(service), service.name)
        whole["info"]["version"] = one["info"]["version"]
        whole["paths"] |= one["paths"]
        for kind, parts in one["components"].items():
            whole["components"][kind] |= parts
    return whole


def _apart(document: Json, service: str) -> Json:
    """The same with the service in front of its schemas' names: several have a LineOut."""
    text = json.dumps(document)
    names = [name for name in document["components"]["schemas"] if name != "Problem"]
    for name in names:
        text = text.replace(f'"{_SCHEMA}{name}"', f'"{_SCHEMA}{service}.{name}"')
    found: Json = json.loads(text)
    schemas = found["components"]["schemas"]
    for name in names:
        schemas[f"{service}.{name}"] = schemas.pop(name)
    return found


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """(method, path, operation) of a description."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in VERBS:
                yield method.upper(), path, operation


def openapi() -> str:
    """docs/api/openapi.json."""
    return json.dumps(whole(), indent=1, sort_keys=True) + "\n"


def reference() -> str:
    """docs/api/README.md: every operation with its scope and its refusals."""
    document = whole()
    lines = [
        "# The API",
        "",
        f"Generated; version {document['info']['version']}. The whole description with schemas and",
        "examples is [openapi.json](openapi.json). Every request in it is sent to a running system",
        "by a test, and every answer checked against its schema.",
        "",
        "Every operation can also answer 401, 429, 500, 503 and 504, those with a scope 403",
        "`scope_missing`; what a code means stands at `/problems/<code>`.",
        "",
        "| operation | address | scope | says | refuses with |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [_row(*one) for one in operations(document)]
    return "\n".join([*lines, RULES])


def _row(method: str, path: str, operation: Json) -> str:
    scope = operation.get("x-scope", "")
    codes = sorted(
        f"{status} `{code}`"
        for status, answer in operation["responses"].items()
        for code in answer.get("content", {})
        .get("application/problem+json", {})
        .get("examples", {})
        if re.fullmatch("4(0[49]|[12]2)", status)
    )
    cells = [
        f"`{operation['operationId']}`",
        f"{method} `{path}`",
        f"`{scope}`" if scope else "",
        operation["summary"],
        ", ".join(codes),
    ]
    return f"| {' | '.join(cells)} |"
