"""A bundle as JSON: its resources, how they refer to each other, and what is wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from shared.errors import Invalid, Problem, Unreadable

Json = dict[str, Any]

KINDS = frozenset({"transaction", "collection", "batch"})
MOST_PROBLEMS = 100
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_KIND = re.compile(r"[A-Z][A-Za-z]{1,39}", re.ASCII)


class Limits(NamedTuple):
    """How much one bundle may hold."""

    entries: int
    encounters: int


class Resource(NamedTuple):
    """One resource and its place in the bundle; `name` is what a reference calls it."""

    pointer: str
    name: str
    kind: str
    body: Json

    def at(self, part: str) -> str:
        """JSON Pointer of a part of the resource."""
        return f"{self.pointer}/{part}"


@dataclass
class Trouble:
    """Problems found so far; the reader goes on, so that all are told at once."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, pointer: str, code: str, message: str, *, remedy: str) -> None:
        """Note a problem; the same one at the same place is told once."""
        problem = Problem(pointer, code, message, remedy)
        if len(self.problems) < MOST_PROBLEMS and problem not in self.problems:
            self.problems.append(problem)


class Bundle:
    """The resources of a bundle by kind and by reference."""

    def __init__(self, resources: list[Resource]) -> None:
        self.resources = resources
        self._by_kind: dict[str, list[Resource]] = {}
        self._by_name: dict[str, Resource] = {}
        for one in resources:
            self._by_kind.setdefault(one.kind, []).append(one)
            self._by_name.setdefault(one.name, one)
            if text(one.body.get("id")):
                self._by_name.setdefault(f"{one.kind}/{one.body['id']}", one)

    def of(self, kind: str) -> list[Resource]:
        """The resources of a kind, in the order of the bundle."""
        return self._by_kind.get(kind, [])

    def find(self, reference: object) -> Resource | None:
        """The resource a FHIR Reference names: fullUrl, `Type/id`, or an address ending in it."""
        named = text(thing(reference).get("reference"))
        found = self._by_name.get(named)
        if found is None and "/" in named:
            found = self._by_name.get("/".join(named.rsplit("/", 2)[-2:]))
        return found


class Visit(NamedTuple):
    """An encounter of a bundle with its patient and the claim that bills it, if there is one."""

    bundle: Bundle
    resource: Resource
    patient: Resource
    claim: Resource | None

    def claimed(self, part: str) -> list[Json]:
        """The objects of a list of the claim; none without a claim."""
        return things(self.claim.body.get(part)) if self.claim else []


def parsed(raw: bytes) -> Json:
    """The JSON object in a body; amounts stay decimal. Unreadable(`malformed_json`) otherwise."""
    try:
        document = json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("malformed_json", "The body is not valid JSON.") from error
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        raise Invalid("not_a_bundle", "The body must be a FHIR R4 resource of type Bundle.")
    return document


def _no_constant(_: str) -> None:
    raise ValueError("JSON has no such number")


def opened(document: Json, limits: Limits) -> Bundle:
    """The bundle's resources; Invalid(`bundle_type`, `bundle_too_large`, `bundle_entry`)."""
    if text(document.get("type")) not in KINDS:
        raise Invalid("bundle_type", "The bundle must be a transaction, collection or batch.")
    entries = document.get("entry")
    if not isinstance(entries, list):
        raise Invalid("bundle_entry", "The bundle must have a list of entries.")
    if len(entries) > limits.entries:
        raise Invalid("bundle_too_large", f"A bundle holds at most {limits.entries} entries.")
    bundle = Bundle(list(_resources(entries)))
    if len(bundle.of("Encounter")) > limits.encounters:
        raise Invalid("bundle_too_large", f"A bundle holds at most {limits.encounters} encounters.")
    return bundle


def _resources(entries: list[object]) -> Iterator[Resource]:
    for index, entry in enumerate(entries):
        body = thing(thing(entry).get("resource"))
        kind = text(body.get("resourceType"))
        if not _KIND.fullmatch(kind):
            pointer = f"/entry/{index}/resource/resourceType"
            problem = Problem(pointer, "field_missing", "This entry holds no resource.")
            raise Invalid("bundle_entry", "An entry holds no resource.", problems=(problem,))
        name = text(thing(entry).get("fullUrl")) or f"{kind}/{text(body.get('id'))}"
        yield Resource(f"/entry/{index}/resource", name, kind, body)


def thing(value: object) -> Json:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """A JSON list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def things(value: object) -> list[Json]:
    """The objects of a JSON list; empty for anything else."""
    return [one for one in listed(value) if isinstance(one, dict)]


def text(value: object) -> str:
    """Trimmed JSON text, control characters as spaces; "" for anything else."""
    if not isinstance(value, str):
        return ""
    sound = value.encode(errors="replace").decode()
    return "".join(one if one.isprintable() else " " for one in sound).strip()


def whole(value: object) -> int | None:
    """A whole number, also when written as 1.0; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    if abs(number) > 1_000_000 or number != int(number):
        return None
    return int(number)


def day(value: object) -> date | None:
    """The calendar date of a FHIR date or dateTime, as written; None when it has no day."""
    written = text(value)[:10]
    try:
        return date.fromisoformat(written) if _DAY.fullmatch(written) else None
    except ValueError:
        return None


def first_code(concept: object, systems: frozenset[str] | None = None) -> str:
    """The first code of a CodeableConcept in one of the systems (None: in any)."""
    for coding in things(thing(concept).get("coding")):
        if text(coding.get("code")) and (systems is None or text(coding.get("system")) in systems):
            return text(coding["code"])
    return ""
