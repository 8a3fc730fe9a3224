"""Each kind of change to a schema: what readers can take, and what they cannot."""

from __future__ import annotations

from typing import Any

import pytest

from cli.schema_changes import changes

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
NULL: Json = {"type": "null"}
ID: Json = {"type": "string", "format": "uuid"}
SEALED: Json = {"type": "string", "x-sealed": True}
KINDS: Json = {"enum": ["a", "b"]}


def struct(fields: Json, required: str = "") -> Json:
    return {"type": "object", "properties": fields, "required": required.split()}


def optional(kind: Json) -> Json:
    return {"anyOf": [kind, NULL], "default": None}


def several(kind: Json) -> Json:
    return {"type": "array", "items": kind}


def named(kind: Json) -> Json:
    return {"type": "object", "additionalProperties": kind}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(struct({"f": TEXT}), struct({"f": TEXT, "g": TEXT}), id="add optional"),
        pytest.param(struct({"f": TEXT}, "f"), struct({"f": TEXT}), id="make optional"),
        pytest.param(TEXT, optional(TEXT), id="allow null"),
        pytest.param(NUMBER, {"type": "number"}, id="any number"),
        pytest.param(ID, TEXT, id="take the format away"),
        pytest.param(KINDS, {"enum": ["c", "b", "a"]}, id="add a value"),
        pytest.param(KINDS, {}, id="any value"),
        pytest.param({**NUMBER, "minimum": 1}, {**NUMBER, "minimum": 0}, id="lower minimum"),
        pytest.param({**TEXT, "maxLength": 9}, {**TEXT, "maxLength": 10}, id="higher maximum"),
        pytest.param({**TEXT, "maxLength": 9}, TEXT, id="take a limit away"),
        pytest.param({**TEXT, "description": "x"}, {**TEXT, "x-phi": "none"}, id="other words"),
        pytest.param(ID, {"anyOf": [NUMBER, ID]}, id="one more type"),
    ],
)
def test_what_readers_can_take(old: Json, new: Json) -> None:
    assert changes(struct({"a": old}), struct({"a": new})) == []
    assert changes(struct({"a": several(old)}), struct({"a": several(new)})) == []
    assert changes(old, old) == changes(new, new) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (struct({}), struct({"f": TEXT}, "f"), ".f: was added as required"),
        (struct({"f": TEXT}), struct({"f": TEXT}, "f"), ".f: became required"),
        (struct({"f": TEXT}), struct({}), ".f: was removed"),
        (struct({"f": TEXT}, "f"), struct({"g": TEXT}), ".f: was removed"),
        (TEXT, NUMBER, ": was string, became integer"),
        ({"type": "number"}, NUMBER, ": was number, became integer"),
        (TEXT, several(TEXT), ": was string, became array"),
        (optional(TEXT), TEXT, ": was null, became string"),
        (TEXT, ID, ": was narrowed (format was None, became uuid)"),
        (
            {**TEXT, "format": "date"},
            {**TEXT, "format": "date-time"},
            ": was narrowed (format was date, became date-time)",
        ),
        (KINDS, {"enum": ["b"]}, ": values were taken away: a"),
        (TEXT, {**TEXT, "enum": ["b"]}, ": values were taken away: any other"),
        (
            {**NUMBER, "minimum": 0},
            {**NUMBER, "minimum": 1},
            ": was narrowed (minimum was 0, became 1)",
        ),
        (
            {**TEXT, "maxLength": 9},
            {**TEXT, "maxLength": 8},
            ": was narrowed (maxLength was 9, became 8)",
        ),
        (TEXT, {**TEXT, "pattern": "^x$"}, ": was narrowed (pattern was None, became ^x$)"),
        (SEALED, TEXT, ": means something else (x-sealed was True, became None)"),
        (
            {**NUMBER, "x-unit": "cents"},
            {**NUMBER, "x-unit": "dollars"},
            ": means something else (x-unit was cents, became dollars)",
        ),
        (named(TEXT), named(NUMBER), "{}: was string, became integer"),
        (named(TEXT), struct({}), ": names of one's own choice are no longer read"),
    ],
)
def test_what_readers_cannot_take(old: Json, new: Json, says: str) -> None:
    assert changes(struct({"a": old}), struct({"a": new})) == [f"a{says}"]
    assert changes(struct({"a": several(old)}), struct({"a": several(new)})) == [f"a[]{says}"]


def test_parts_are_compared_where_they_are_used() -> None:
    old = struct({"lines": several({"$ref": "#/$defs/Line"})}) | {
        "$defs": {"Line": struct({"code": TEXT})}
    }
    new = struct({"lines": several({"$ref": "#/$defs/Row"})}) | {"$defs": {"Row": struct({})}}
    assert changes(old, new) == ["lines[].code: was removed"]
    assert changes(old, struct({"lines": several(struct({"code": TEXT}))})) == []
