"""The tables every service database has: metadata that is the truth at head, and how they begin."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from shared.database.security import Operations, run_as_owner, secure_plumbing

PARTITION_PREFIXES = ("outbox_d", "outbox_rest")
"""Tables that the database makes by itself and no metadata names."""

SQL = Path(__file__).with_name("kernel_0001.sql")

metadata = MetaData()


def kernel_tables(op: Operations) -> None:
    """Make the kernel tables, their policies and grants, and the first partitions of the outbox.

    Called by the first migration of every service; later changes get a function of their own.
    """
    run_as_owner(op, _statements(SQL.read_text(encoding="utf-8")))
    secure_plumbing(op)
    run_as_owner(op, ["select outbox_roll(21)"])


def _statements(script: str) -> list[str]:
    """Statements end at a blank line; comment lines stay with the statement they explain."""
    pieces = (piece.strip() for piece in script.split("\n\n"))
    return [piece for piece in pieces if not all(_is_comment(line) for line in piece.splitlines())]


def _is_comment(line: str) -> bool:
    return line.startswith("--")


def _uuid(name: str, *, optional: bool = False) -> Column[object]:
    return Column(name, Uuid(), nullable=optional)


def _text(name: str, *, optional: bool = False, default: str | None = None) -> Column[object]:
    standard = None if default is None else text(default)
    return Column(name, Text(), nullable=optional, server_default=standard)


def _int(name: str, *, optional: bool = False, default: str | None = None) -> Column[object]:
    standard = None if default is None else text(default)
    return Column(name, Integer(), nullable=optional, server_default=standard)


def _bigint(name: str, *, default: str | None = None) -> Column[object]:
    standard = None if default is None else text(default)
    return Column(name, BigInteger(), nullable=False, server_default=standard)


def _at(name: str, *, optional: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=optional)


def _now(name: str) -> Column[object]:
    now = func.current_timestamp()
    return Column(name, DateTime(timezone=True), nullable=False, server_default=now)


outbox = Table(
    "outbox",
    metadata,
    _bigint("id"),  # from outbox_id_seq, which Alembic reads as a serial without default
    Column(
        "day",
        Date(),
        nullable=False,
        server_default=text("((CURRENT_TIMESTAMP AT TIME ZONE 'UTC'::text))::date"),
    ),
    _uuid("tenant_id"),
    _text("topic"),
    _uuid("key"),
    _text("headers"),
    Column("value", LargeBinary(), nullable=False),
    _now("created_at"),
    PrimaryKeyConstraint("day", "id", name="outbox_pkey"),
    CheckConstraint("octet_length(value) <= 262144", name="outbox_value_limit"),
    postgresql_partition_by="range (day)",
)

outbox_unsent = Table(
    "outbox_unsent",
    metadata,
    _bigint("id"),
    Column("day", Date(), nullable=False),
    _uuid("tenant_id"),
    _uuid("key"),
    _at("failed_at", optional=True),
    _text("failure", optional=True),
    PrimaryKeyConstraint("id", name="outbox_unsent_pkey"),
    Index("outbox_unsent_failed", "key", postgresql_where=text("failed_at is not null")),
)

inbox = Table(
    "inbox",
    metadata,
    _text("consumer"),
    _uuid("event_id"),
    _now("seen_at"),
    PrimaryKeyConstraint("consumer", "event_id", name="inbox_pkey"),
    Index("inbox_seen", "seen_at", postgresql_using="brin"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    _uuid("tenant_id"),
    _uuid("id"),
    _text("consumer"),
    _uuid("event_id"),
    _text("event_type"),
    _int("event_version"),
    _text("topic"),
    _int("partition"),
    _bigint("record_offset"),
    _at("record_at"),
    _uuid("key", optional=True),
    _uuid("practice_id", optional=True),
    _uuid("subject", optional=True),
    _uuid("correlation_id", optional=True),
    _text("traceparent", default="''::text"),
    _text("payload"),
    _int("payload_bytes"),
    _text("error_class"),
    _text("error_code"),
    _text("fingerprint"),
    _int("attempts"),
    _at("first_failed_at"),
    _at("last_failed_at"),
    _text("service_version"),
    _text("status", default="'open'::text"),
    _uuid("replay_id", optional=True),
    _at("resolved_at", optional=True),
    _text("resolved_by", optional=True),
    _text("reason", optional=True),
    PrimaryKeyConstraint("tenant_id", "id", name="dead_letters_pkey"),
    Index(
        "dead_letters_once",
        "tenant_id",
        "consumer",
        "event_id",
        unique=True,
        postgresql_where=text("status = 'open'"),
    ),
    Index("dead_letters_listed", "tenant_id", "status", "last_failed_at"),
)

key_holds = Table(
    "key_holds",
    metadata,
    _uuid("tenant_id"),
    _text("consumer"),
    _uuid("key"),
    _text("cause"),
    _uuid("cause_id"),
    _now("held_at"),
    PrimaryKeyConstraint("tenant_id", "consumer", "key", name="key_holds_pkey"),
)

parked_events = Table(
    "parked_events",
    metadata,
    _uuid("tenant_id"),
    _text("consumer"),
    _uuid("event_id"),
    Column("seq", BigInteger(), Identity(always=True), nullable=False),
    _uuid("key"),
    _text("event_type"),
    _int("event_version"),
    _text("topic"),
    _int("partition", default="'-1'::integer"),
    _bigint("record_offset", default="'-1'::integer"),
    _text("record"),
    _text("waiting_kind", optional=True),
    _uuid("waiting_id", optional=True),
    _now("parked_at"),
    _at("ready_at", optional=True),
    _int("attempts", default="0"),
    PrimaryKeyConstraint("tenant_id", "consumer", "event_id", name="parked_events_pkey"),
    Index("parked_events_key", "tenant_id", "consumer", "key", "seq"),
    Index(
        "parked_events_waiting",
        "tenant_id",
        "waiting_kind",
        "waiting_id",
        postgresql_where=text("waiting_kind is not null and ready_at is null"),
    ),
    Index("parked_events_ready", "ready_at", postgresql_where=text("ready_at is not null")),
)

due_work = Table(
    "due_work",
    metadata,
    _uuid("tenant_id"),
    _text("job"),
    _uuid("subject"),
    _uuid("practice_id"),
    _uuid("correlation_id"),
    _uuid("causation_id", optional=True),
    _at("due_at"),
    Column(
        "not_before",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("'-infinity'::timestamp with time zone"),
    ),
    _int("attempt", default="0"),
    _at("leased_until", optional=True),
    _bigint("revision", default="0"),
    _now("created_at"),
    PrimaryKeyConstraint("tenant_id", "job", "subject", name="due_work_pkey"),
    Index("due_work_next", "job", "due_at"),
)

dlq_limits = Table(
    "dlq_limits",
    metadata,
    _text("consumer"),
    _text("service_version"),
    _text("topic"),
    _int("partition"),
    _text("reason"),
    _now("tripped_at"),
    PrimaryKeyConstraint("consumer", "service_version", name="dlq_limits_pkey"),
)

idempotency_records = Table(
    "idempotency_records",
    metadata,
    _uuid("tenant_id"),
    _text("route"),
    _text("idempotency_key"),
    _uuid("answer_id"),
    Column("fingerprint", LargeBinary(), nullable=False),
    _int("status", optional=True),
    _text("answer", optional=True),
    _now("created_at"),
    _at("expires_at"),
    PrimaryKeyConstraint("tenant_id", "route", "idempotency_key", name="idempotency_records_pkey"),
    Index("idempotency_records_expired", "expires_at"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    _uuid("tenant_id"),
    _uuid("id"),
    _at("at"),
    _text("actor"),
    _text("action"),
    _uuid("subject"),
    _uuid("patient_id", optional=True),
    _text("purpose", default="''::text"),
    Column("fields", ARRAY(Text()), nullable=False, server_default=text("'{}'::text[]")),
    _text("request_id", default="''::text"),
    _text("outcome", default="'ok'::text"),
    PrimaryKeyConstraint("tenant_id", "id", name="audit_entries_pkey"),
    Index("audit_entries_subject", "tenant_id", "subject", "at"),
    Index(
        "audit_entries_patient",
        "tenant_id",
        "patient_id",
        "at",
        postgresql_where=text("patient_id is not null"),
    ),
)

audit_unsealed = Table(
    "audit_unsealed",
    metadata,
    _uuid("tenant_id"),
    _uuid("id"),
    PrimaryKeyConstraint("tenant_id", "id", name="audit_unsealed_pkey"),
)

audit_chain = Table(
    "audit_chain",
    metadata,
    _uuid("tenant_id"),
    _bigint("seq"),
    _uuid("entry_id"),
    Column("hash", LargeBinary(), nullable=False),
    _at("sealed_at"),
    PrimaryKeyConstraint("tenant_id", "seq", name="audit_chain_pkey"),
    ForeignKeyConstraint(
        ["tenant_id", "entry_id"],
        ["audit_entries.tenant_id", "audit_entries.id"],
        name="audit_chain_entry",
    ),
    Index("audit_chain_once", "tenant_id", "entry_id", unique=True),
)

installation = Table(
    "installation",
    metadata,
    Column("only_row", Boolean(), nullable=False, server_default=text("true")),
    _bigint("clock_offset_seconds", default="0"),
    _now("clock_changed_at"),
    PrimaryKeyConstraint("only_row", name="installation_pkey"),
)
