"""Each kind of change to a schema: what readers can take, and what they cannot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.schema_changes import changes
from tests.support.event_schemas import closed, misfits

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


LEAVES = [
    TEXT,
    NUMBER,
    ID,
    KINDS,
    {"enum": ["a"]},
    {"type": "number"},
    {"type": "boolean"},
    {**TEXT, "maxLength": 2},
    {**NUMBER, "minimum": 1, "maximum": 9},
]
NAMES = "fgh"


def structs(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    fields = st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    required = st.sets(st.sampled_from(NAMES))
    return st.builds(lambda f, r: struct(f, " ".join(sorted(r & {*f}))), fields, required)


def larger(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    leaf = st.sampled_from(LEAVES)
    return structs(inner) | inner.map(several) | inner.map(named) | leaf.map(optional)


KIND = st.recursive(st.sampled_from(LEAVES), larger, max_leaves=6)


@st.composite
def changed(draw: st.DrawFn, schema: Json) -> Json:
    """The schema with something else at one place of it."""
    if schema.get("properties"):
        return draw(restructured(schema))
    if schema.get("type") == "array":
        return several(draw(changed(schema["items"])))
    if "additionalProperties" in schema:
        return named(draw(changed(schema["additionalProperties"])))
    if "anyOf" in schema:
        return draw(
            st.sampled_from([optional(draw(changed(schema["anyOf"][0]))), *schema["anyOf"]])
        )
    return draw(st.sampled_from([{}, optional(schema), *LEAVES]) | KIND)


@st.composite
def restructured(draw: st.DrawFn, schema: Json) -> Json:
    """A struct with a field changed, taken away or added, and others required."""
    fields = schema["properties"]
    name, kind = draw(st.sampled_from(sorted(fields))), draw(st.sampled_from(LEAVES))
    new = {
        "change": {**fields, name: draw(changed(fields[name]))},
        "add": {**fields, "z": kind},
        "remove": {other: fields[other] for other in fields if other != name},
        "require": fields,
    }
    what = draw(st.sampled_from(sorted(new)))
    required = {*new[what]} if what == "require" else {*schema["required"]} & {*new[what]}
    return struct(new[what], " ".join(sorted(required)))


def values(schema: Json) -> st.SearchStrategy[Any]:
    """What may have been written under a schema."""
    if "anyOf" in schema:
        return st.one_of([values(each) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "properties" in schema:
        fields = {name: values(each) for name, each in schema["properties"].items()}
        needed = {name: fields.pop(name) for name in schema["required"]}
        return st.fixed_dictionaries(needed, optional=fields)
    return {
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": st.integers(schema.get("minimum", -99), schema.get("maximum", 99)),
        "number": st.floats(-9, 9) | st.integers(-9, 9),
        "string": st.uuids().map(str)
        if "format" in schema
        else st.text(max_size=schema.get("maxLength", 5)),
        "array": st.lists(values(schema["items"]), max_size=2)
        if "items" in schema
        else st.nothing(),
        "object": st.dictionaries(st.text(max_size=2), values(schema["additionalProperties"]))
        if "additionalProperties" in schema
        else st.nothing(),
    }[schema["type"]]


@given(st.data())
def test_what_was_written_before_an_allowed_change_is_valid_after_it(data: st.DataObject) -> None:
    old = data.draw(structs(KIND))
    new = data.draw(changed(old))
    written = data.draw(values(old))
    assert misfits(closed(old), written) == []
    if not changes(old, new):
        assert misfits(closed(new), written) == []
