"""docs/events/asyncapi.yaml: topics, messages, and who sends and receives them (AsyncAPI 3.1)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from cli import event_schemas
from cli.everything import SERVICES
from shared.events.catalog import BY_FACT, CATALOG, EventType
from shared.events.marks import Fact
from shared.events.tenancy import TestClockAdvanced
from shared.messaging.bus import Topic
from shared.messaging.dead_letters import SEALED
from shared.messaging.envelope import JSON, Attributes
from shared.messaging.kafka.topics import new_topic
from shared.messaging.topics import dead_letter_topic, declared_topics
from shared.service import Service
from shared.web.app import API_VERSION

Json = dict[str, Any]

PUBLISHER = {"tenancy": "gateway"}
REPLICAS = 3
BINDING = {"bindingVersion": "0.5.0"}
ID = {"type": "string", "format": "uuid"}
LETTER = "DeadLetter"
_PLAIN = re.compile(r"[A-Za-z_/][\w ./-]*(?<! )")
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def publisher_of(row: EventType) -> str:
    """The service that publishes a fact."""
    return PUBLISHER.get(row.context, row.context)


def handled_by(service: Service) -> list[type[Fact]]:
    """What a service consumes: its handlers' facts, and the one that all do."""
    return [*service.handlers, TestClockAdvanced]


def document() -> Json:
    """The description as a whole."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Claimstream events",
            "version": API_VERSION,
            "description": "Generated. CloudEvents 1.0 in Kafka's binary mode; see README.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic) for topic in declared_topics()},
        "operations": dict(_operations()),
        "components": {
            "messages": {row.fact.__name__: _message(row) for row in CATALOG} | {LETTER: _letter()},
            "schemas": {"Attributes": _attributes()},
            "securitySchemes": {"scram": {"type": "scramSha512"}},
        },
    }


def _server() -> Json:
    told = "What RCM_KAFKA_BOOTSTRAP_SERVERS says in the installation."
    return {
        "host": "{bootstrap}",
        "protocol": "kafka-secure",
        "variables": {"bootstrap": {"default": "localhost:9092", "description": told}},
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
    }


def _channel(topic: Topic) -> Json:
    names = [row.fact.__name__ for row in CATALOG if row.topic == topic.name] or [LETTER]
    configs = new_topic(topic, REPLICAS).topic_configs
    settings: Json = {name: _typed(value) for name, value in configs.items()}
    settings["cleanup.policy"] = [settings["cleanup.policy"]]
    kafka = {
        "topic": topic.name,
        "partitions": topic.partitions,
        "replicas": REPLICAS,
        "topicConfiguration": settings,
        **BINDING,
    }
    return {
        "address": topic.name,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": kafka},
    }


def _typed(value: str) -> Any:
    return json.loads(value) if value.isdigit() or value in ("true", "false") else value


def _operations() -> Iterator[tuple[str, Json]]:
    """What every service sends and receives, topic by topic."""
    for service in SERVICES:
        name = service.name
        sent = [row for row in CATALOG if publisher_of(row) == name]
        yield from _operation("send", name, sent)
        yield f"{name}.send.dlq", _of_topic("send", dead_letter_topic(name), [LETTER])
        heard = [BY_FACT[fact] for fact in handled_by(service)]
        yield from _operation("receive", name, heard)


def _operation(action: str, service: str, rows: list[EventType]) -> Iterator[tuple[str, Json]]:
    for context in sorted({row.context for row in rows}):
        names = sorted(row.fact.__name__ for row in rows if row.context == context)
        made = _of_topic(action, f"rcm.{context}.v1", names)
        if action == "receive":
            group = {"type": "string", "enum": [f"rcm.{service}"]}
            made["bindings"] = {"kafka": {"groupId": group, **BINDING}}
        yield f"{service}.{action}.{context}", made


def _of_topic(action: str, topic: str, names: list[str]) -> Json:
    channel = f"#/channels/{topic}"
    messages = [{"$ref": f"{channel}/messages/{name}"} for name in names]
    return {"action": action, "channel": {"$ref": channel}, "messages": messages}


def _message(row: EventType) -> Json:
    whole = event_schemas.schema(row)
    path = event_schemas.path_of(row).removeprefix(f"{event_schemas.PAGES}/")
    return {
        "name": row.name,
        "title": f"{row.name} {row.version}",
        "summary": whole["description"],
        "contentType": JSON,
        "headers": {"$ref": "#/components/schemas/Attributes"},
        "payload": {"$ref": f"./{path}"},
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {"kafka": {"key": {**ID, "description": row.key or "nil"}, **BINDING}},
    }


def _letter() -> Json:
    return {
        "name": LETTER,
        "title": "Dead letter",
        "summary": "A copy of a record that could not be applied: its own headers, and why (dlq_).",
        "contentType": SEALED,
        "headers": {
            "type": "object",
            "properties": {"content-type": {"type": "string", "enum": [SEALED]}},
            "patternProperties": {"^(ce|dlq)_[a-z_]+$": {"type": "string"}},
        },
        "payload": {"type": "string", "description": "The record's value, sealed; or empty."},
        "bindings": {"kafka": {"key": ID, **BINDING}},
    }


def _attributes() -> Json:
    """The headers of an event: the attributes of CloudEvents, our extensions, trace context."""
    schema = msgspec.json.schema(Attributes)["$defs"]["Attributes"]
    fields = {name: _without_null(field) for name, field in schema["properties"].items()}
    fields["ce_specversion"] |= {"enum": ["1.0"]}
    fields["ce_time"] |= {"format": "date-time"}
    fields["content-type"] |= {"enum": [JSON]}
    return {"type": "object", "properties": fields, "required": schema["required"]}


def _without_null(field: Json) -> Json:
    """A header is text or it is not there."""
    kept = field["anyOf"][0] if "anyOf" in field else field
    return {name: value for name, value in kept.items() if name != "default"}


def page() -> str:
    """The text of docs/events/asyncapi.yaml."""
    return "\n".join(yaml(document())) + "\n"


def yaml(value: Json | list[Any], indent: str = "") -> Iterator[str]:
    """Lines of YAML: nothing but maps, lists, text, numbers, true and false."""
    pairs = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    for name, inner in pairs:
        start = f"{indent}- " if name is None else f"{indent}{_scalar(name)}:"
        if isinstance(inner, dict | list) and inner:
            yield from _nested(start, inner, indent=indent)
        else:
            yield f"{start}{'' if name is None else ' '}{_scalar(inner)}"


def _nested(start: str, inner: Json | list[Any], *, indent: str) -> Iterator[str]:
    lines = yaml(inner, f"{indent}  ")
    if start.endswith("- "):
        yield start + next(lines).removeprefix(f"{indent}  ")
    else:
        yield start
    yield from lines


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _WORDS_OF_YAML:
        return value
    return json.dumps(value, ensure_ascii=False)
