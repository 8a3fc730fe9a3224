"""Every answer that is not a success, in one shape: RFC 9457 problem+json.

Problems are made from the kinds of failure of shared.errors; texts are ours, so that no value of
a request, no PHI and no stack can get into them (docs/api, Errors).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared import telemetry
from shared.errors import Problem, Refused, TryAgain

MEDIA_TYPE = "application/problem+json"

_HTTP_CODES: dict[int, tuple[str, str]] = {
    400: ("malformed_request", "The request cannot be read."),
    401: ("unauthenticated", "The request carries no valid credentials."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not know that method."),
    406: ("not_acceptable", "There is no such form of this thing."),
    413: ("body_too_large", "The body is larger than this address accepts."),
    415: ("unsupported_media_type", "This address does not read that kind of body."),
    500: ("internal_error", "Something went wrong on our side; it has been recorded."),
    503: ("try_again", "Something this needs is away; try again shortly."),
}

_FIELD_CODES: dict[str, tuple[str, str]] = {
    "missing": ("field_missing", "This field is required."),
    "extra_forbidden": ("field_unknown", "There is no such field here."),
    "json_type": ("field_type", "This is not valid JSON."),
    "string_type": ("field_type", "This must be text."),
    "string_sub_type": ("field_type", "This must be text."),
    "string_too_short": ("field_length", "This is shorter than {min_length} characters."),
    "string_too_long": ("field_length", "This is longer than {max_length} characters."),
    "string_pattern_mismatch": ("field_format", "This does not match {pattern}."),
    "literal_error": ("field_value", "This must be {expected}."),
    "enum": ("field_value", "This must be {expected}."),
    "int_type": ("field_type", "This must be a whole number."),
    "int_from_float": ("field_type", "This must be a whole number."),
    "int_parsing": ("field_type", "This must be a whole number."),
    "bool_type": ("field_type", "This must be true or false."),
    "bool_parsing": ("field_type", "This must be true or false."),
    "list_type": ("field_type", "This must be a list."),
    "dict_type": ("field_type", "This must be an object."),
    "model_type": ("field_type", "This must be an object."),
    "model_attributes_type": ("field_type", "This must be an object."),
    "greater_than": ("field_range", "This must be more than {gt}."),
    "greater_than_equal": ("field_range", "This must be at least {ge}."),
    "less_than": ("field_range", "This must be less than {lt}."),
    "less_than_equal": ("field_range", "This must be at most {le}."),
    "too_long": ("field_length", "There are more than {max_length} items."),
    "too_short": ("field_length", "There are fewer than {min_length} items."),
    "date_type": ("field_type", "This must be a date, YYYY-MM-DD."),
    "date_parsing": ("field_format", "This must be a date, YYYY-MM-DD."),
    "date_from_datetime_parsing": ("field_format", "This must be a date, YYYY-MM-DD."),
    "date_from_datetime_inexact": ("field_format", "This must be a date, YYYY-MM-DD."),
    "datetime_type": ("field_type", "This must be an instant, RFC 3339."),
    "datetime_parsing": ("field_format", "This must be an instant, RFC 3339."),
    "datetime_from_date_parsing": ("field_format", "This must be an instant, RFC 3339."),
    "timezone_aware": ("field_format", "This instant needs its time zone."),
}
"""Error type of the validation library -> our stable code and sentence; anything else is
`field_invalid`, because the library's own sentence may quote the input."""


class Declined(Refused):
    """A refusal with headers of its own, such as Retry-After or WWW-Authenticate."""

    def __init__(
        self, code: str, sentence: str, *, status: int, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code, sentence, status=status)
        self.headers = dict(headers or {})


def problem(
    status: int,
    code: str,
    sentence: str,
    *,
    problems: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem as an answer; `request_id` is that of the current request."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "instance": f"/requests/{telemetry.request_id()}",
        "code": code,
        "request_id": telemetry.request_id(),
    }
    if problems:
        body["errors"] = [one._asdict() for one in problems]
    content = msgspec.json.encode(body)
    return Response(content, status, dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Response:
    """The problem that says what happened; anything that is not ours is an internal error."""
    if isinstance(error, Refused):
        headers = error.headers if isinstance(error, Declined) else None
        text = (error.status, error.code, error.sentence)
        return problem(*text, problems=error.problems, headers=headers)
    if isinstance(error, TryAgain):
        wait = {"Retry-After": str(max(1, round(error.retry_after_seconds)))}
        return problem(503, *_HTTP_CODES[503], headers=wait)
    if isinstance(error, HTTPException):
        known = _HTTP_CODES.get(error.status_code, ("http_error", "The request was refused."))
        return problem(error.status_code, *known, headers=error.headers)
    return problem(500, *_HTTP_CODES[500])


def too_large() -> Response:
    """The answer to a body over its limit."""
    return problem(413, *_HTTP_CODES[413])


def unsupported_media_type() -> Response:
    """The answer to a body of a kind the address does not read."""
    return problem(415, *_HTTP_CODES[415])


def _pointer(place: Sequence[object]) -> str:
    steps = list(place[1:] if place and place[0] == "body" else place)
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _problem_of_field(error: Mapping[str, Any]) -> Problem:
    code, template = _FIELD_CODES.get(error["type"], ("field_invalid", "This is not valid."))
    sentence = template.format_map(error.get("ctx") or {}) if "{" in template else template
    return Problem(_pointer(error["loc"]), code, sentence)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


async def _on_invalid_input(request: Request, error: Exception) -> Response:
    found = cast(RequestValidationError, error).errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem(400, "malformed_json", "The body is not valid JSON.")
    whole_body = any(tuple(one["loc"]) == ("body",) and one["type"] != "missing" for one in found)
    if whole_body and not _is_json(request):
        return unsupported_media_type()
    problems = [_problem_of_field(one) for one in found[:100]]
    sentence = "Some fields are missing or wrong; see errors."
    return problem(422, "invalid_request", sentence, problems=problems)


async def _on_known_failure(_request: Request, error: Exception) -> Response:
    return problem_of(error)


def install_problems(app: FastAPI) -> None:
    """Make every failure of the application's routes a problem."""
    app.add_exception_handler(RequestValidationError, _on_invalid_input)
    for kind in (Refused, TryAgain, HTTPException):
        app.add_exception_handler(kind, _on_known_failure)
