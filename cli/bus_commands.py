"""`rcm topics`, `rcm groups`, `rcm tail`: the event log seen from outside."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.answers import FAILED, REFUSED, answer, errors, out, print_json, show
from cli.installation import known, settings, subscription_of, the_bus
from shared import ids
from shared.errors import Refused
from shared.events.catalog import BY_FACT, TOPICS
from shared.messaging import declared_topics
from shared.messaging import envelope as wire
from shared.messaging.bus import Incoming, Listener, Place, lag

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
CLOCK_TOPIC = "rcm.tenancy.v1"

topics = typer.Typer(no_args_is_help=True, help="The declared topics against the event log.")
groups = typer.Typer(no_args_is_help=True, help="Consumer groups: who is behind, and by how much.")


@topics.command("plan")
def plan(json: Json = False) -> None:
    """Say which declared topics are missing; exit 1 when there are any."""
    rows = answer(_planned())
    show(rows, as_json=json, title="topics")
    if any(not row["exists"] for row in rows):
        raise typer.Exit(FAILED)


async def _planned() -> list[dict[str, Any]]:
    async with the_bus() as bus:
        found = await bus.end_offsets([topic.name for topic in declared_topics()])
    there = {place.topic for place in found}
    return [
        {"topic": topic.name, "partitions": topic.partitions, "exists": topic.name in there}
        for topic in declared_topics()
    ]


@topics.command("apply")
def apply() -> None:
    """Make the topics that are missing; existing ones stay as they are."""

    async def work() -> None:
        async with the_bus() as bus:
            await bus.apply_topics(declared_topics())

    answer(work())
    out.print(f"{len(declared_topics())} topics are there")


@groups.command("ls")
def list_groups(json: Json = False) -> None:
    """Every group with the records it has still to read."""
    rows = answer(_behind())
    show(rows, as_json=json, title="groups")


async def _behind() -> list[dict[str, Any]]:
    rows = []
    async with the_bus() as bus:
        for name in settings():
            own = _topics_of(name)
            behind = await lag(bus, f"rcm.{name}", own)
            rows.append({"group": f"rcm.{name}", "lag": sum(behind.values()), "topics": len(own)})
    return rows


@groups.command("lag")
def show_lag(service: str, json: Json = False) -> None:
    """One group's lag by partition; partitions it is level with are left out."""

    async def work() -> list[dict[str, Any]]:
        async with the_bus() as bus:
            behind = await lag(bus, f"rcm.{known(service)}", _topics_of(service))
        return [{**place._asdict(), "lag": count} for place, count in behind.items() if count]

    show(answer(work()), as_json=json, title=f"rcm.{service}")


@groups.command("rewind")
def rewind(
    service: str,
    to: Annotated[datetime, typer.Option(help="Read again from this instant, UTC.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """Let a stopped service read again; its inbox drops what it knows. Refused while it runs."""

    async def work() -> int:
        async with the_bus() as bus:
            at = int(to.timestamp() * 1000)
            offsets: dict[Place, int] = {}
            for topic in _topics_of(service):
                offsets |= await bus.offsets_at(topic, at)
            if yes:
                await bus.rewind(f"rcm.{known(service)}", offsets)
            return len(offsets)

    count = answer(work())
    if not yes:
        errors.print(f"{count} partitions would be rewound to {to.isoformat()}; add --yes")
        raise typer.Exit(REFUSED)
    out.print(f"{count} partitions rewound")


def _topics_of(service: str) -> list[str]:
    own = {BY_FACT[fact].topic for fact in subscription_of(service).handlers}
    return sorted(own | {CLOCK_TOPIC})


def tail(
    *,
    event_type: Annotated[str, typer.Option("--type", help="Only this event type.")] = "",
    correlation: Annotated[str, typer.Option(help="Only this encounter, enc_…")] = "",
    seconds: Annotated[float, typer.Option(help="End after so long; 0 = never.")] = 0.0,
    json: Json = False,
) -> None:
    """Show events as they are published: types and ids, never their content."""

    async def work() -> None:
        wanted = str(ids.read("encounter", correlation)) if correlation else ""
        async for row in _published(seconds):
            if event_type not in ("", row["type"]) or wanted not in ("", row["correlation"]):
                continue
            if json:
                print_json(row)
            else:
                out.print(f"{row['time']}  {row['type']:<26} {row['subject']}  {row['tenant']}")

    answer(work())


async def _published(seconds: float) -> AsyncIterator[dict[str, str]]:
    group = f"rcm.tail.{ids.new()}"
    deadline = time.monotonic() + seconds if seconds else float("inf")
    assigned: frozenset[Place] = frozenset()

    async def take(places: frozenset[Place]) -> None:
        nonlocal assigned
        assigned = places

    async def give(_: frozenset[Place]) -> None:
        nonlocal assigned
        assigned = frozenset()

    async with the_bus() as bus, contextlib.AsyncExitStack() as stack:
        await bus.rewind(group, await bus.end_offsets(TOPICS))
        member = await bus.join(group, TOPICS, Listener(take, give))
        stack.push_async_callback(member.leave)
        while time.monotonic() < deadline:
            for record in await member.poll(assigned, limit=500, wait_seconds=0.5):
                yield _seen(record)


def _seen(record: Incoming) -> dict[str, str]:
    try:
        event = wire.read_event(record.headers, record.value)
    except Refused as error:
        return dict.fromkeys(("time", "subject", "tenant", "correlation"), "") | {
            "type": f"unreadable ({error.code})"
        }
    return {
        "time": event.time.isoformat(timespec="milliseconds"),
        "type": event.type,
        "subject": str(event.subject),
        "tenant": str(event.tenant_id),
        "correlation": str(event.correlation_id),
    }
