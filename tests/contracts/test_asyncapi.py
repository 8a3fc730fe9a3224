"""The description of the topics is valid AsyncAPI 3.1, and says what the code does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from cli import asyncapi
from cli.documents import ROOT
from cli.everything import SERVICES
from shared.events.catalog import CATALOG
from shared.messaging.topics import declared_topics

Json = dict[str, Any]

PAGE = ROOT / "docs/events/asyncapi.yaml"


@cache
def validator() -> Draft7Validator:
    """The schema of AsyncAPI 3.1 with the bindings, as its makers publish it."""
    text = Path(__file__).with_name("asyncapi") / "3.1.0.json"
    return Draft7Validator(json.loads(text.read_text()))


@pytest.fixture
def page() -> Json:
    read: Json = yaml.safe_load(PAGE.read_text())
    return read


def test_the_page_is_valid_and_reads_as_it_was_meant(page: Json) -> None:
    assert [error.message for error in validator().iter_errors(page)] == []
    assert page == asyncapi.document()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("asyncapi", "3.0.0"),
        ("operations/claims.send.claims/action", "publish"),
        ("operations/claims.receive.coding/bindings/kafka/group", {"type": "string"}),
        ("channels/rcm.claims.v1/bindings/kafka/partitions", 0),
        ("channels/rcm.claims.v1/bindings/kafka/topicConfiguration/cleanup.policy", "delete"),
        ("components/messages/ClaimDenied/payload", "a claim"),
        ("components/messages/ClaimDenied/bindings/kafka/bindingVersion", "0.9.0"),
    ],
)
def test_a_damaged_page_is_refused(page: Json, place: str, value: object) -> None:
    *parts, last = place.split("/")
    inner = damaged = deepcopy(page)
    for part in parts:
        inner = inner[part]
    inner[last] = value
    assert not validator().is_valid(damaged)


def test_every_reference_leads_somewhere(page: Json) -> None:
    found = list(references(page))
    assert len(found) > 3 * len(CATALOG)
    for reference in found:
        path, _, inside = reference.partition("#/")
        target = json.loads((PAGE.parent / path).read_text()) if path else page
        for part in inside.split("/") if inside else ():
            target = target[part]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_every_topic_is_a_channel_with_its_settings(page: Json) -> None:
    assert list(page["channels"]) == [topic.name for topic in declared_topics()]
    for topic in declared_topics():
        kafka = page["channels"][topic.name]["bindings"]["kafka"]
        days = kafka["topicConfiguration"]["retention.ms"] / 86_400_000
        assert (kafka["partitions"], kafka["replicas"], days) == (
            topic.partitions,
            3,
            topic.retention_days,
        )


def test_every_type_is_sent_by_one_and_received_by_its_consumers(page: Json) -> None:
    for row in CATALOG:
        reference = f"#/channels/{row.topic}/messages/{row.fact.__name__}"
        names = [
            name
            for name, each in page["operations"].items()
            if {"$ref": reference} in each["messages"]
        ]
        sender = "gateway" if row.context == "tenancy" else row.context
        consumers = [each.name for each in SERVICES if row.fact in asyncapi.handled_by(each)]
        assert sorted(names) == sorted(
            [f"{sender}.send.{row.context}"]
            + [f"{name}.receive.{row.context}" for name in consumers]
        )


@pytest.mark.parametrize(
    "value",
    [
        {"a": {"b": [1, {"c": [], "d": {}}, ["x", ["y"]]]}, "e": False, "f": None},
        [
            "true",
            "no",
            "null",
            "12",
            "1.5",
            "",
            " x",
            "x ",
            "a: b",
            "a #b",
            "- a",
            'Ä\n"\\',
            "a.b/c",
        ],
        {"on": 1, "$ref": "#/x", "a b": 2, "ce_id": "é", "12": 3},
    ],
)
def test_the_writer_of_yaml_is_understood(value: Any) -> None:
    assert yaml.safe_load("\n".join(asyncapi.yaml(value))) == value
