"""Every metric of the system, in one table; no label ever holds a tenant, claim or patient.

Several services may share one process, so a label says which one speaks. Units stand at the end
of a name. `RCM` is the registry that the admin port shows (docs/operations, Metrics).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


class Metric(NamedTuple):
    """One row: name, Prometheus kind, what it says, its labels; a histogram has its bounds."""

    name: str
    kind: type[Counter] | type[Gauge] | type[Histogram]
    text: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


_TYPE = ("service", "type")
_TOPIC = ("topic", "group")
_JOB = ("service", "job")
_PAYER = ("payer", "transaction")
_ROUTE = ("service", "route", "method")
_POOL = ("service", "pool")
_S = ("service",)

METRICS: tuple[Metric, ...] = (
    Metric("rcm_outbox_unsent_rows", Gauge, "Outbox rows not yet on the bus", _S),
    Metric("rcm_outbox_oldest_age_seconds", Gauge, "Age of the oldest unsent row", _S),
    Metric("rcm_relay_batch_seconds", Histogram, "One relay batch, read to deleted", _S, FAST),
    Metric("rcm_relay_producer_resets_total", Counter, "Producers discarded by the relay", _S),
    Metric("rcm_relay_active", Gauge, "1 where this process holds the relay lock", _S),
    Metric("rcm_consumer_lag_records", Gauge, "Records not yet processed", _TOPIC),
    Metric("rcm_consumer_lag_seconds", Gauge, "Age of the next unread record", _TOPIC),
    Metric("rcm_consumer_members", Gauge, "Processes that consume for a group", ("group",)),
    Metric("rcm_run_seconds", Histogram, "One handler call", _TYPE, FAST),
    Metric("rcm_run_events", Histogram, "Events per handler call", _TYPE, SIZES),
    Metric(
        "rcm_events_total",
        Counter,
        "Events by what became of them: ok, duplicate, ignored, parked, retry, dlq",
        (*_TYPE, "result"),
    ),
    Metric("rcm_run_fallback_total", Counter, "Batches bisected", (*_TYPE, "reason")),
    Metric("rcm_rebalances_total", Counter, "Assignments taken over", ("group",)),
    Metric("rcm_offset_commit_failures_total", Counter, "Offset commits given up", ("group",)),
    Metric("rcm_offset_resets_total", Counter, "Partitions read anew", ("group",)),
    Metric("rcm_dlq_depth", Gauge, "Dead letters that wait for a decision", _S),
    Metric("rcm_dlq_oldest_age_seconds", Gauge, "Age of the oldest waiting dead letter", _S),
    Metric("rcm_key_holds", Gauge, "Keys held behind a dead letter or a parked event", _S),
    Metric("rcm_parked_events", Gauge, "Events that wait for something", _S),
    Metric("rcm_dlq_limit_tripped", Gauge, "1 after too many refusals in a row", _S),
    Metric(
        "rcm_event_e2e_seconds",
        Histogram,
        "From the event's time to its commit",
        ("type", "consumer"),
        SLOW,
    ),
    Metric("rcm_jobs_due", Gauge, "Work that is due", _JOB),
    Metric("rcm_jobs_oldest_due_seconds", Gauge, "Age of the oldest due work", _JOB),
    Metric("rcm_job_seconds", Histogram, "One step of a job", _JOB, SLOW),
    Metric(
        "rcm_payer_requests_total",
        Counter,
        "Calls to the outside by outcome: ok, rejected, timeout, unknown, error",
        (*_PAYER, "outcome"),
    ),
    Metric("rcm_payer_seconds", Histogram, "One call to the outside", _PAYER, SLOW),
    Metric("rcm_payer_circuit_open", Gauge, "1 while calls are held back, or one probes", _PAYER),
    Metric("rcm_ledger_imbalance_cents", Gauge, "How far the ledger is from summing to zero", _S),
    Metric("rcm_invariant_ok", Gauge, "1 while the invariant holds", (*_S, "invariant")),
    Metric("rcm_remit_unposted_age_seconds", Gauge, "Age of the oldest 835 not all posted", _S),
    Metric("rcm_audit_unsealed_age_seconds", Gauge, "Age of the oldest unsealed entry", _S),
    Metric("rcm_audit_chain_valid", Gauge, "1 while every audit chain fits its entries", _S),
    Metric("rcm_pool_size", Gauge, "Database connections a pool may have", _POOL),
    Metric("rcm_pool_used", Gauge, "Database connections in use", _POOL),
    Metric("rcm_http_requests_total", Counter, "Requests answered", (*_ROUTE, "status")),
    Metric("rcm_http_seconds", Histogram, "One request", _ROUTE, FAST),
    Metric("rcm_http_in_flight", Gauge, "Requests being answered", _S),
    Metric("rcm_loop_delay_seconds", Gauge, "How late the event loop was at its last beat"),
    Metric("rcm_build_info", Gauge, "1, with the version", (*_S, "version")),
    Metric("rcm_bus_info", Gauge, "1, with the engine in use: kafka or embedded", ("backend",)),
)


def _made(metric: Metric) -> Any:
    if metric.kind is Histogram:
        bounds = metric.bounds
        return Histogram(metric.name, metric.text, metric.labels, registry=RCM, buckets=bounds)
    return metric.kind(metric.name, metric.text, metric.labels, registry=RCM)


RCM = CollectorRegistry()
ProcessCollector(registry=RCM)
PlatformCollector(registry=RCM)
GCCollector(registry=RCM)
_made_ones: dict[str, Any] = {metric.name: _made(metric) for metric in METRICS}
_children: dict[tuple[str, ...], Any] = {}


def _child(name: str, labels: dict[str, str]) -> Any:
    """The metric with its labels; KeyError or ValueError for a name or label not in the table."""
    if not labels:
        return _made_ones[name]
    key = (name, *labels, *labels.values())
    found = _children.get(key)
    if found is None:
        found = _children[key] = _made_ones[name].labels(**labels)
    return found


def count(metric: str, by: float = 1, **labels: str) -> None:
    """Add to a counter."""
    _child(metric, labels).inc(by)


def observe(metric: str, value: float, **labels: str) -> None:
    """Put one value into a histogram."""
    _child(metric, labels).observe(value)


def gauge(metric: str, value: float, **labels: str) -> None:
    """Set a gauge."""
    _child(metric, labels).set(value)
