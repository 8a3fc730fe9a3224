"""`rcm topics`, `rcm groups`, `rcm tail`: the event log seen from outside."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.answers import FAILED, Json, Yes, answer, out, print_json, show, tell, wants_yes
from cli.installation import known, operator, settings, subscription_of, the_bus, working
from shared import ids
from shared.database import Transaction
from shared.errors import Conflict, Refused
from shared.events.catalog import BY_FACT, CONTEXTS, TOPICS
from shared.messaging import declared_topics, outbox, relay, renewal
from shared.messaging import envelope as wire
from shared.messaging.bus import Bus, Incoming, Inspected, Place, Topic, lag

CLOCK_TOPIC = "rcm.tenancy.v1"
PUBLISHER = {"tenancy": "gateway"}

topics = typer.Typer(no_args_is_help=True, help="The declared topics against the event log.")
groups = typer.Typer(no_args_is_help=True, help="Consumer groups: who is behind, and by how much.")


@topics.command("plan")
def plan(json: Json = False) -> None:
    """Hold the event log's topics against the declared ones; exit 1 when one is missing or other.

    A setting that differs is changed with the tools of the log, the number of partitions by
    `recreate` only, because it moves keys.
    """
    rows = answer(_planned())
    show(rows, as_json=json, title="topics")
    if any(not row["exists"] or row["differs"] for row in rows):
        raise typer.Exit(FAILED)


async def _planned() -> list[dict[str, Any]]:
    async with the_bus() as bus:
        found = await bus.inspect(declared_topics())
    nothing = Inspected({}, {})
    rows = [(topic.name, found.get(topic.name, nothing)) for topic in declared_topics()]
    return [
        {
            "topic": name,
            "partitions": each.found.get("partitions"),
            "exists": name in found,
            "differs": "; ".join(
                f"{setting} is {is_now or 'not set'}, declared {wanted}"
                for setting, (is_now, wanted) in each.differing.items()
            ),
        }
        for name, each in rows
    ]


@topics.command("apply")
def apply() -> None:
    """Make the topics that are missing; existing ones stay as they are."""

    async def work() -> None:
        async with the_bus() as bus:
            await bus.apply_topics(declared_topics())

    answer(work())
    out.print(f"{len(declared_topics())} topics are there")


@topics.command("recreate")
def recreate(
    context: Annotated[str, typer.Argument(help=f"One of {', '.join(CONTEXTS)}.")],
    from_outbox: Annotated[
        bool, typer.Option("--from-outbox", help="Send again what the outbox keeps of it.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Delete a context's topic and make it anew; its groups begin at its beginning.

    Refused while a consumer of it or its publisher's relay runs, and while records of it are
    unread, unless they are sent again.
    """
    if context not in CONTEXTS:
        raise typer.BadParameter(f"there is no context {context!r}")
    if not yes:
        title = f"readers of {_topic_of(context)}"
        show(answer(_planned_readers(context)), as_json=json, title=title)
        raise wants_yes("The topic and its records would be deleted")
    sent_again = answer(_recreate(context, from_outbox=from_outbox))
    told = f"{_topic_of(context)} is made anew, {sent_again} facts will be sent again"
    tell(told, as_json=json)


async def _planned_readers(context: str) -> list[dict[str, Any]]:
    async with the_bus() as bus:
        return await _readers(bus, _topic_of(context))


async def _readers(bus: Bus, topic: str) -> list[dict[str, Any]]:
    """The groups that read a topic: their members, and what each has not read."""
    return [
        {
            "group": group,
            "members": await bus.members(group),
            "unread": sum((await lag(bus, group, [topic])).values()),
        }
        for group in _groups_of(topic)
    ]


async def _recreate(context: str, *, from_outbox: bool) -> int:
    (topic,) = (each for each in declared_topics() if each.name == _topic_of(context))
    publisher, readers = PUBLISHER.get(context, context), _groups_of(topic.name)
    async with the_bus() as bus:
        await renewal.require_nobody(bus, readers)
        unread = sum(row["unread"] for row in await _readers(bus, topic.name))
        if unread and not from_outbox:
            raise Conflict("records_unread", f"{unread} records are unread: add --from-outbox.")
        async with working(known(publisher)) as database, relay.stopped(database):
            async with database.pipeline({ids.NIL}) as tx:
                sent_again = await _send_again(tx, topic) if from_outbox else 0
                tx.actor = operator()
                tx.audit("topic.recreated", subject=ids.NIL, purpose="operations")
            await renewal.recreate(bus, topic, readers)
    return sent_again


async def _send_again(tx: Transaction, topic: Topic) -> int:
    return await outbox.send_again(tx, topic.name, days=topic.retention_days)


def _topic_of(context: str) -> str:
    return f"rcm.{context}.v1"


def _groups_of(topic: str) -> list[str]:
    return [f"rcm.{name}" for name in settings() if topic in _topics_of(name)]


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
    yes: Yes = False,
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
        raise wants_yes(f"{count} partitions would be rewound to {to.isoformat()}")
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
    deadline = time.monotonic() + seconds if seconds else float("inf")
    async with the_bus() as bus, aclosing(bus.follow(await bus.end_offsets(TOPICS))) as news:
        async for records in news:
            for record in records:
                yield _seen(record)
            if time.monotonic() >= deadline:
                return


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
