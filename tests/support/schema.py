"""Does a JSON value agree with a schema of an OpenAPI 3.1 description? Independent of the models.

Stricter than JSON Schema asks for: a field that is not described is a mistake.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

Json = dict[str, Any]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_FORMATS = {"date": date.fromisoformat, "date-time": datetime.fromisoformat}


def faults(value: Any, schema: Json, document: Json, place: str = "") -> list[str]:
    """What is wrong with a value, each with its place; empty when it agrees."""
    if "$ref" in schema:
        return faults(value, resolved(schema["$ref"], document), document, place)
    if "anyOf" in schema:
        each = [faults(value, one, document, place) for one in schema["anyOf"]]
        return [] if any(not one for one in each) else min(each, key=len)
    found = _own_faults(value, schema, place)
    if found:
        return found
    if isinstance(value, dict):
        return _object_faults(value, schema, document, place)
    if isinstance(value, list) and "items" in schema:
        return [
            fault
            for number, one in enumerate(value)
            for fault in faults(one, schema["items"], document, f"{place}/{number}")
        ]
    return []


def resolved(reference: str, document: Json) -> Json:
    """The schema that a `$ref` names."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _own_faults(value: Any, schema: Json, place: str) -> list[str]:
    known = schema.get("type")
    if known and (
        not isinstance(value, _TYPES[known]) or (known != "boolean" and isinstance(value, bool))
    ):
        return [f"{place}: {type(value).__name__} is no {known}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place}: not one of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{place}: not {schema['const']}")
    if isinstance(value, str):
        found += _text_faults(value, schema, place)
    if isinstance(value, int) and value < schema.get("minimum", value):
        found.append(f"{place}: {value} is too small")
    return found


def _text_faults(value: str, schema: Json, place: str) -> list[str]:
    found = []
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{place}: does not match {schema['pattern']}")
    if len(value) > schema.get("maxLength", len(value)):
        found.append(f"{place}: too long")
    parse = _FORMATS.get(schema.get("format", ""))
    if parse is not None:
        try:
            parse(value)
        except ValueError:
            found.append(f"{place}: no {schema['format']}")
    return found


def _object_faults(value: Json, schema: Json, document: Json, place: str) -> list[str]:
    described = schema.get("properties", {})
    more = schema.get("additionalProperties", False)
    found = [f"{place}/{name}: missing" for name in schema.get("required", ()) if name not in value]
    for name, one in value.items():
        if name in described:
            found += faults(one, described[name], document, f"{place}/{name}")
        elif isinstance(more, dict):
            found += faults(one, more, document, f"{place}/{name}")
        elif not more:
            found.append(f"{place}/{name}: not described")
    return found
