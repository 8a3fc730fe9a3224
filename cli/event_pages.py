"""docs/events: the catalogue on one page, and what holds for those who read events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from cli import asyncapi, event_schemas, schema_changes
from cli.asyncapi import handled_by
from cli.everything import SERVICES
from shared.events.catalog import CATALOG, EventType

RULES = """
## Reading events from outside

Every type has a [JSON Schema](schemas) for each of its versions; topics, headers, senders and
receivers are described in [asyncapi.yaml](asyncapi.yaml) (AsyncAPI 3.1). Records are CloudEvents
1.0 in Kafka's binary mode: attributes are headers, the value is the fact as JSON.

1. Take a consumer group of your own, never `rcm.…`, with read access to the topics you need.
2. Choose by `ce_type` and `ce_dataschema`, and pass over what you do not know: new types come
   without notice. `ce_dataschema` is the `$id` of the schema.
3. Delivery is at least once: remember `ce_id`, the same at each repeat. Facts of one key (the
   record's, `ce_partitionkey`) come in order and their `ce_sequence` rises; keys know no order.
4. `ce_correlationid` is the encounter, `ce_causationid` the event that led to this one.
   `ce_tenantid` says whose it is; drop what is not meant for you before you look further.
5. Pass over fields you do not know. One that is not required may be missing: its `default` holds.
6. Money is whole cents (`x-unit`), times are RFC 3339 in UTC, dates have no time zone. Fields with
   `x-sealed` hold what identifies a person, encrypted; only services of the installation open them.
   `x-phi: linked` is still health information about somebody ([PHI rules](../trust.md#phi-rules)).

To look on: `rcm tail` shows types and ids as they are published, and the [API](../api/README.md)
has a timeline of each claim.

## Publishing

Only services write to these topics, each to its own, through the outbox of the transaction that
made the fact true. What comes from outside goes through the [API](../api/README.md), or as X12
through the clearinghouse; the service that accepts it tells the fact.

## Changing a fact

Events stay in topics for weeks and in dead letters for months, and readers are deployed in their
own time. So every event ever written must stay readable, and mean the same.

| change | allowed |
| --- | --- |
| add a field that has a default | yes, in the same version |
| take a limit, a format or `required` away | yes, in the same version |
| add a required field, or make one required | no |
| remove or rename a field, on any level | no |
| another type, a format or a limit added, a value of an enumeration taken away | no |
| another unit, open instead of sealed | no |

`make docs` writes the schemas anew, and refuses what is not allowed: it names the type, the field
and what it would take from readers. Such a change is a new version beside the old one: a class
`<Type>V2` with a row of its own, version 2, in `shared/events/catalog.py`. Its consumers come
first, and handle both; then the publisher. A consumer that meets a version it does not know makes a
dead letter of it. Publishing of the old version ends when every consumer handles the new. Its
class, its handlers and its golden records stay: a dead letter or a restored backup may bring it
back.

`tests/contracts/golden` keeps two records of every type and version, as small and as full as they
get, as they were first written. They are never changed, and every consumer reads them for ever;
`python -m tests.contracts.golden` writes those of a new type or version.
"""
REMEDY = (
    "Keep the field as it was, or publish a new version beside it (docs/events, Changing a fact)."
)


def readme() -> str:
    """Every event type: publisher, topic, key and consumers; and the rules."""
    head = ["# Events", "", "Generated from `shared/events` and the wiring tables.", ""]
    rows = [
        "| type | version | topic | key | consumers | says |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rows += [_row(row) for row in CATALOG]
    return "\n".join([*head, *rows, RULES])


def _row(row: EventType) -> str:
    consumers = sorted(service.name for service in SERVICES if row.fact in handled_by(service))
    says = " ".join((row.fact.__doc__ or "").split("\n\n")[0].split())
    name = f"[{row.name}](schemas/{row.name}/{row.version}.json)"
    everybody = len(consumers) == len(SERVICES)
    who = "all" if everybody else ", ".join(consumers) or "–"  # noqa: RUF001 - a dash
    return f"| {name} | {row.version} | {row.topic} | {row.key or 'nil'} | {who} | {says} |"


PAGES: dict[str, Callable[[], str]] = {
    f"{event_schemas.PAGES}/README.md": readme,
    f"{event_schemas.PAGES}/asyncapi.yaml": asyncapi.page,
    **{event_schemas.path_of(row): partial(event_schemas.page, row) for row in CATALOG},
}


def breaking(root: Path) -> list[str]:
    """What the code would take from those who read events written before, a sentence each."""
    made = event_schemas.made()
    found = []
    for path, old in event_schemas.written(root).items():
        new = made.get(path)
        gone = ["is gone"] if new is None else schema_changes.changes(old, new)
        found += [f"{old['title']} {Path(path).stem}, {each}. {REMEDY}" for each in gone]
    return found
