"""The hop, door to door, as ratios: kernel over raw loop, over ORM loop, embedded over Kafka."""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import uvloop
from opentelemetry.sdk.trace import SpanProcessor

from cli.local_kafka import LocalKafka
from cli.local_postgres import LocalPostgres
from shared import telemetry
from shared.database import Database, migrate, provision
from shared.messaging import attach
from shared.messaging.bus import Bus
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.kafka import KafkaBus
from shared.sealing import Keyring
from tests.benchmarks import hop_kernel, hop_orm, hop_raw, results
from tests.benchmarks import hop_workload as workload
from tests.benchmarks.hop_workload import Measured
from tests.support.databases import SAMPLE

BARS = {"hop.ratio_to_raw": 0.60, "hop.ratio_to_raw_decide": 0.50, "hop.ratio_to_orm": 20.0}
ORM_EVENTS = 1_000
RAW = "raw loop"

Runs = dict[str, list[Measured]]
Work = Callable[[Callable[[int], None]], Awaitable[None]]


class Engines(NamedTuple):
    """What a run measures against."""

    admin_url: str
    servers: str


class Stage(NamedTuple):
    """Everything that is set up before the clock starts."""

    servers: str
    url: str
    database: Database
    kafka: Bus
    embedded: Bus


@contextmanager
def engines() -> Iterator[Engines]:
    """Those of the environment, else own ones, durable as in production."""
    servers = os.environ.get("RCM_TEST_KAFKA_BOOTSTRAP_SERVERS")
    admin_url = os.environ.get("RCM_TEST_POSTGRES_URL")
    if servers and admin_url:
        yield Engines(admin_url, servers)
        return
    with LocalPostgres() as postgres, LocalKafka() as kafka:
        yield Engines(postgres.admin_url, kafka.bootstrap_servers)


async def main(events: int, rounds: int) -> dict[str, float]:
    """Measure; returns the figures."""
    with engines() as found, tempfile.TemporaryDirectory() as keys:
        stage = await _stage(found, Path(keys))
        try:
            return await _measure(stage, found.admin_url, events, rounds)
        finally:
            await stage.database.close()
            await stage.embedded.stop()
            await stage.kafka.stop()


async def _stage(found: Engines, keys: Path) -> Stage:
    base = found.admin_url.rpartition("/")[0]
    admin = await asyncpg.connect(found.admin_url)
    for name in ("rcm_bench", "rcm_bench_bus"):
        await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.execute("create database rcm_bench_bus")
    await admin.close()
    urls = await provision(found.admin_url, "sample", database="rcm_bench")
    await migrate(urls.owner, "sample", folder=SAMPLE)
    database = Database("sample", urls, Keyring(keys, create_missing=True))
    attach(database)
    kafka = KafkaBus(found.servers, client_id="rcm.bench")
    embedded = EmbeddedBus(f"{base}/rcm_bench_bus")
    await embedded.start()
    for bus in (kafka, embedded):
        await bus.apply_topics(workload.TOPICS)
    return Stage(found.servers, f"{base}/rcm_bench", database, kafka, embedded)


async def _measure(stage: Stage, admin_url: str, events: int, rounds: int) -> dict[str, float]:
    """Each variant between two runs of the raw loop: the machine's pace changes in between."""
    admin = await workload.admin_of(stage.database, admin_url)
    for bus in (stage.kafka, stage.embedded):
        await workload.load(bus, events)
    variants: dict[str, Work] = {
        "kernel": lambda count: _kernel(stage, stage.kafka, count),
        "kernel, load-decide-save": lambda count: hop_kernel.run(
            stage.kafka, stage.database, hop_kernel.decide, count
        ),
        "kernel, embedded log": lambda count: _kernel(stage, stage.embedded, count),
    }
    runs: Runs = {name: [] for name in (RAW, *variants)}
    beside: dict[str, list[float]] = {name: [] for name in variants}

    async def raw() -> Measured:
        return await _once(admin, events, lambda c: hop_raw.run(stage.servers, stage.url, c))

    for number in range(-1, rounds):
        before = await raw()
        for name, work in variants.items():
            run, after = await _once(admin, events, work), await raw()
            if number >= 0:  # the first round warms the broker's JVM
                runs[name].append(run)
                runs[RAW].append(after)
                beside[name].append((before.rate + after.rate) / 2)
            before = after
            sys.stderr.write(f"round {number} {name}: {run.rate:,.0f}/s, raw {after.rate:,.0f}/s\n")
    orm = await _once(admin, ORM_EVENTS, lambda count: hop_orm.run(stage.servers, stage.url, count))
    await admin.close()
    return _figures(runs, beside, orm)


async def _kernel(stage: Stage, bus: Bus, count: Callable[[int], None]) -> None:
    await hop_kernel.run(bus, stage.database, hop_kernel.upsert, count)


async def _once(admin: asyncpg.Connection, events: int, work: Work) -> Measured:
    await workload.emptied(admin)
    gc.collect()
    gc.freeze()
    try:
        return await workload.timed(admin, events, work)
    finally:
        gc.unfreeze()


def _figures(runs: Runs, beside: Mapping[str, list[float]], orm: Measured) -> dict[str, float]:
    """Medians of the ratios; beside: rates of the raw loop around each run of a variant."""
    raw, kernel = runs[RAW], runs["kernel"]
    of_raw = {
        name: statistics.median(
            run.rate / rate for run, rate in zip(runs[name], rates, strict=True)
        )
        for name, rates in beside.items()
    }
    figures = {
        "hop.ratio_to_raw": of_raw["kernel"],
        "hop.ratio_to_raw_decide": of_raw["kernel, load-decide-save"],
        "hop.embedded_to_kafka": _ratio(runs["kernel, embedded log"], kernel),
        "hop.ratio_to_orm": _median(kernel, "rate") / orm.rate,
        "hop.events_per_second": _median(kernel, "rate"),
        "hop.raw_events_per_second": _median(raw, "rate"),
        "hop.orm_events_per_second": orm.rate,
        "hop.python_us": _median(kernel, "python_us"),
        "hop.postgres_us": _median(kernel, "postgres_us"),
        "hop.raw_python_us": _median(raw, "python_us"),
        "hop.raw_postgres_us": _median(raw, "postgres_us"),
    }
    results.merge(figures)
    rows: list[tuple[str, ...]] = [
        ("loop", "events/s by round", "of raw", "Python us", "PostgreSQL us")
    ]
    for name, measured in [*runs.items(), ("ORM, one at a time", [orm])]:
        rates = " ".join(f"{each.rate:,.0f}" for each in measured)
        share = of_raw.get(name, _median(measured, "rate") / _median(raw, "rate"))
        used = [f"{_median(measured, each):.0f}" for each in ("python_us", "postgres_us")]
        rows.append((name, rates, f"{share:.2f}", *used))
    sys.stdout.write(results.table(rows) + "\n")
    return figures


def _ratio(over: list[Measured], under: list[Measured]) -> float:
    return statistics.median(a.rate / b.rate for a, b in zip(over, under, strict=True))


def _median(runs: list[Measured], what: str) -> float:
    return float(statistics.median(getattr(run, what) for run in runs))


def command() -> int:
    """`python -m tests.benchmarks.hop [--events n] [--rounds n]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    gc.set_threshold(100_000, 50, 100)
    telemetry.configure_logs(service="bench")
    telemetry.configure_traces("bench", processor=SpanProcessor())  # recorded, sent nowhere
    figures = uvloop.run(main(wanted.events, wanted.rounds))
    for name in missed(figures):
        sys.stdout.write(f"missed: {name} {figures[name]:.2f} < {BARS[name]}\n")
    return 1 if missed(figures) else 0


def missed(figures: Mapping[str, float]) -> list[str]:
    """The bars that the figures do not reach."""
    return [name for name, bar in BARS.items() if figures[name] < bar]


if __name__ == "__main__":
    sys.exit(command())
