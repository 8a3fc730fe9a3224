"""Event schemas are what the code says, and nothing is taken from those who read older events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli import documents, event_pages, event_schemas
from shared.messaging.envelope import SCHEMA_ROOT

Json = dict[str, Any]

DENIED = f"{event_schemas.FOLDER}/ClaimDenied/1.json"


def test_no_change_breaks_those_who_read_events_written_before() -> None:
    assert event_pages.breaking(documents.ROOT) == []


def test_the_schemas_in_the_tree_are_those_of_the_code() -> None:
    assert event_schemas.written(documents.ROOT) == event_schemas.made(), "run `make docs`"


@pytest.mark.parametrize(("path", "schema"), event_schemas.made().items())
def test_a_schema_is_one_and_says_what_each_field_is(path: str, schema: Json) -> None:
    Draft202012Validator.check_schema(schema)
    assert path == schema["$id"].replace(SCHEMA_ROOT, event_schemas.FOLDER) + ".json"
    for name, field in fields_of(schema):
        assert field.get("x-phi") in ("none", "linked", "direct"), name
        assert (field["x-phi"] == "direct") == field.get("x-sealed", False), name
        assert not name.endswith("cents") or field["x-unit"] == "cents", name
        assert (field.get("format") == "uuid") == name.endswith("_id") or name in WORDS, name


WORDS = {"coder_id", "edi_id", "tax_id"}  # names of somebody else's making, no ids of ours


def fields_of(schema: Json) -> Iterator[tuple[str, Json]]:
    """Names and types of every field that is no struct, on any level."""
    parts = [schema, *schema.get("$defs", {}).values()]
    for name, field in (each for part in parts for each in part["properties"].items()):
        kind = field.get("anyOf", [field])[0]
        inner = kind.get("items", kind.get("additionalProperties", kind))
        if "$ref" not in inner:
            yield name, inner


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project where only one schema stands, as it was released; `make docs` writes there."""
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    monkeypatch.setattr(documents, "PAGES", event_pages.PAGES)
    monkeypatch.setattr(documents, "PARTS", {})
    release(tmp_path, event_schemas.made()[DENIED])
    return tmp_path


def release(root: Path, schema: Json) -> None:
    path = root / DENIED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema))


def test_what_takes_nothing_from_readers_is_written(earlier: Path) -> None:
    schema = event_schemas.made()[DENIED]
    schema["properties"]["category"]["format"] = "uuid"
    release(earlier, schema)
    assert event_schemas.written(earlier) != event_schemas.made()
    documents.write()
    assert event_schemas.written(earlier) == event_schemas.made()


def test_a_new_required_field_is_refused(earlier: Path) -> None:
    schema = event_schemas.made()[DENIED]
    del schema["properties"]["partial"]
    schema["required"].remove("partial")
    schema["required"].remove("rarc")
    release(earlier, schema)
    assert event_pages.breaking(earlier) == [
        f"ClaimDenied 1, {name}. {event_pages.REMEDY}"
        for name in ("partial: was added as required", "rarc: became required")
    ]


def test_a_field_that_was_taken_away_is_refused_and_nothing_is_written(earlier: Path) -> None:
    schema = event_schemas.made()[DENIED]
    schema["$defs"]["DeniedLine"]["properties"]["memo"] = {"type": "string"}
    release(earlier, schema)
    with pytest.raises(SystemExit, match=r"^ClaimDenied 1, lines\[\]\.memo: was removed\. Keep"):
        documents.write()
    assert event_schemas.written(earlier) == {DENIED: schema}


def test_a_type_or_version_that_is_gone_is_refused(earlier: Path) -> None:
    gone = earlier / event_schemas.FOLDER / "ClaimLost" / "3.json"
    gone.parent.mkdir()
    gone.write_text('{"title": "ClaimLost"}')
    assert event_pages.breaking(earlier) == [f"ClaimLost 3, is gone. {event_pages.REMEDY}"]
