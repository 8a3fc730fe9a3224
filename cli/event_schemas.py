"""JSON Schemas of the facts as they stand on the wire, one file per type and version."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from shared.events.catalog import CATALOG, EventType
from shared.messaging.envelope import schema_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PAGES = "docs/events"
FOLDER = f"{PAGES}/schemas"

Json = dict[str, Any]

_NOTE = re.compile(r"(?:^|[.;] )(?P<field>\w+): (?P<says>.+?)(?=[.;] \w+: |\.$|\. [A-Z`])")


def path_of(row: EventType) -> str:
    """Where the schema of a type and version stands, from the project's root."""
    return f"{FOLDER}/{row.name}/{row.version}.json"


def schema(row: EventType) -> Json:
    """The schema of a fact: open, for readers ignore what they do not know.

    `x-phi` and `x-sealed` say how a field tells of a person, `x-unit` what it counts.
    """
    made = msgspec.json.schema(row.fact)
    parts = {name: _described(part) for name, part in made["$defs"].items()}
    whole = parts.pop(row.fact.__name__)
    named = {"$schema": DIALECT, "$id": schema_of(row.name, row.version), **whole}
    return {**named, "title": row.name} | ({"$defs": parts} if parts else {})


def _described(part: Json) -> Json:
    """A struct's schema with its docstring in one line, and what that says of single fields."""
    if "properties" not in part:
        return part
    says = " ".join(part["description"].split())
    notes = {note["field"]: note["says"] for note in _NOTE.finditer(says)}
    fields = {
        name: {"description": notes[name], **field} if name in notes else field
        for name, field in part["properties"].items()
    }
    return {**part, "description": says, "properties": fields}


def page(row: EventType) -> str:
    """The text of a schema's file."""
    return json.dumps(schema(row), indent=2, ensure_ascii=False) + "\n"


def written(root: Path) -> dict[str, Json]:
    """The schemas that stand in a project, by path."""
    files = sorted((root / FOLDER).glob("*/*.json"))
    return {str(path.relative_to(root)): json.loads(path.read_text()) for path in files}


def made() -> dict[str, Json]:
    """The schemas as the code says them, by path."""
    return {path_of(row): schema(row) for row in CATALOG}
