"""Every operation says what it does, how it is asked, what it answers and how it refuses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from cli.api_pages import ROOT, operations, operations_of, whole
from cli.everything import SERVICES
from tests.support.schema import faults

Json = dict[str, Any]
DOCUMENT = whole()
OPERATIONS = {one["operationId"]: (method, one) for method, _, one in operations(DOCUMENT)}
REFUSALS = {"Conflict", "Declined", "Forbidden", "Invalid", "NotFound"}
NOT_OVER_HTTP = {
    "check_state": "a step of a job",
    "denial_work_status": "a step of a handler",
    "no_such_channel": "the schema knows the channels",
    "no_such_step": "a step of a handler",
}
"""Codes that a caller of the API never sees, and why."""


@pytest.fixture(params=sorted(OPERATIONS))
def operation(request: pytest.FixtureRequest) -> Json:
    return dict(OPERATIONS[request.param][1])


def test_it_has_a_summary(operation: Json) -> None:
    assert 5 < len(operation["summary"]) < 120
    assert "\n" not in operation["summary"]


def test_its_requests_and_answers_have_examples(operation: Json) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        assert media["examples"], "a body without an example"
    for one in operation.get("parameters", []):
        assert one["in"] != "path" or one["example"]
    good = [answer for status, answer in operation["responses"].items() if status < "300"]
    assert good
    for answer in good:
        for kind, media in answer.get("content", {}).items():
            assert kind != "application/json" or media["examples"], "an answer without an example"


def test_its_examples_agree_with_their_schemas(operation: Json) -> None:
    parts = list(operation["responses"].values())
    for part in parts:
        for media in part.get("content", {}).values():
            for name, example in media.get("examples", {}).items():
                assert faults(example["value"], media["schema"], DOCUMENT) == [], name


def test_its_problems_are_declared(operation: Json) -> None:
    if not operation.get("security"):
        return
    assert {"401", "429", "500", "503"} <= set(operation["responses"])
    for status, answer in operation["responses"].items():
        if status >= "400":
            examples = answer["content"]["application/problem+json"]["examples"]
            assert all(one["value"]["status"] == int(status) for one in examples.values())


def test_every_operation_is_described_and_no_other() -> None:
    for service in SERVICES:
        assert set(operations_of(service)) <= set(OPERATIONS), service.name
    described = {name for service in SERVICES for name in operations_of(service)}
    assert described == set(OPERATIONS)


@pytest.mark.parametrize("service", [one for one in SERVICES if one.name != "gateway"])
def test_every_refusal_in_the_code_stands_in_the_description(service: Any) -> None:
    declared = {code for one in operations_of(service).values() for code in one.refusals}
    paths = (ROOT / "services" / service.name).rglob("*.py")
    raised = {code for path in paths for code in codes_raised(path.read_text())}
    assert raised
    assert raised - declared - set(NOT_OVER_HTTP) == set()


def codes_raised(source: str) -> Iterator[str]:
    """The first argument of every refusal that is made in a module."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(code)), *_]):
                if name in REFUSALS:
                    yield code


def test_a_wrong_answer_is_seen() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "integer"}, "on": {"type": "string", "format": "date"}},
    }
    assert faults({"a": 1, "on": "2026-11-23"}, schema, {}) == []
    assert faults({"a": "1"}, schema, {}) == ["/a: str is no integer"]
    assert faults({"a": True}, schema, {}) == ["/a: bool is no integer"]
    assert faults({"a": 1, "on": "soon"}, schema, {}) == ["/on: no date"]
    assert faults({"b": 1}, schema, {}) == ["/a: missing", "/b: not described"]
