"""Records held against the published schemas, which are read as closed: no header or field more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from cli import asyncapi, event_schemas
from cli.documents import ROOT
from shared.messaging.bus import Incoming
from shared.messaging.envelope import SCHEMA_ROOT

Json = dict[str, Any]


def breaches(record: Incoming) -> list[str]:
    """Where a record of an event topic is not what docs/events says, without any value of it."""
    headers = {name: (text or b"").decode() for name, text in record.headers}
    name = headers["ce_dataschema"].removeprefix(SCHEMA_ROOT)
    found = [f"{name} header {each}" for each in misfits(attributes(), headers)]
    value = msgspec.json.decode(record.value or b"null")
    return found + [f"{name} value {each}" for each in misfits(fact(name), value)]


def misfits(schema: Draft202012Validator, value: Any) -> list[str]:
    """Place and rule of whatever does not fit."""
    return [f"{error.json_path} breaks {error.validator}" for error in schema.iter_errors(value)]


@cache
def attributes() -> Draft202012Validator:
    """What the headers of an event have to be."""
    return closed(asyncapi.document()["components"]["schemas"]["Attributes"])


@cache
def fact(name: str) -> Draft202012Validator:
    """What the value of an event has to be; name: `/<type>/<version>`."""
    path = ROOT / f"{event_schemas.FOLDER}{name}.json"
    return closed(json.loads(path.read_text()))


def closed(schema: Mapping[str, Any]) -> Draft202012Validator:
    """A schema that refuses every field it does not list."""
    formats = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(_closed(schema), format_checker=formats)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: _closed(each) for name, each in schema.items()}
    is_struct = schema.get("type") == "object" and "properties" in schema
    return inner | ({"additionalProperties": False} if is_struct else {})
