"""The tables of claims (SQLAlchemy Core); the kernel's tables come from shared.database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

metadata = MetaData()

EMPTY = text("''")
ZERO = text("0")
NO = text("false")


def _id(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[object]:
    return Column(name, Uuid(), nullable=nullable, primary_key=primary_key)


def _keys() -> tuple[Column[object], Column[object]]:
    return _id("tenant_id", primary_key=True), _id("id", primary_key=True)


def _needed(name: str, type_: TypeEngine[Any]) -> Column[object]:
    return Column(name, type_, nullable=False)


def _text(name: str) -> Column[object]:
    return Column(name, Text(), nullable=False, server_default=EMPTY)


def _count(name: str) -> Column[object]:
    return Column(name, Integer(), nullable=False, server_default=ZERO)


def _cents(name: str) -> Column[object]:
    return Column(name, BigInteger(), nullable=False, server_default=ZERO)


def _at(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _address() -> tuple[Column[object], ...]:
    return tuple(_text(name) for name in ("line1", "line2", "city", "state", "zip_code"))


def _of_claim() -> ForeignKeyConstraint:
    """Only where rows are few: what is written many at a time is written by the transaction that
    holds the claim or the encounter locked, and a check per row would cost more than the row."""
    return ForeignKeyConstraint(["tenant_id", "claim_id"], ["claims.tenant_id", "claims.id"])


submitters = Table(
    "submitters",
    metadata,
    *_keys(),
    _text("name"),
    _text("edi_id"),
    _text("mode"),
    Column("next_control", BigInteger(), nullable=False, server_default=text("1")),
    _count("version"),
    CheckConstraint("id = tenant_id", name="submitters_itself"),
    comment="the billing company as the clearinghouse knows it, and its next control number",
)

practices = Table(
    "practices",
    metadata,
    *_keys(),
    _text("name"),
    _text("npi"),
    _text("tax_id"),
    _text("taxonomy"),
    *_address(),
    _text("phone"),
    Column("active", Boolean(), nullable=False),
    _count("version"),
)

providers = Table(
    "providers",
    metadata,
    *_keys(),
    _id("practice_id"),
    _text("last_name"),
    _text("first_name"),
    _text("npi"),
    _text("taxonomy"),
    Column("active", Boolean(), nullable=False),
    _count("version"),
)

payers = Table(
    "payers",
    metadata,
    *_keys(),
    _text("code"),
    _text("name"),
    _text("filing_indicator"),
    *_address(),
    _count("filing_days"),
    _count("answer_days"),
    _count("appeal_days"),
    Column("active", Boolean(), nullable=False),
    _count("version"),
)

encounters = Table(
    "encounters",
    metadata,
    *_keys(),
    _id("practice_id"),
    _count("coding_version"),
    _text("verdict"),
    _at("verdict_at", nullable=True),
    CheckConstraint(
        "verdict in ('', 'active', 'review', 'inactive', 'needs_correction', 'unknown')",
        name="encounters_verdict",
    ),
    comment="the row on which coding and eligibility meet; locked before either looks further",
)

codings = Table(
    "codings",
    metadata,
    *_keys(),
    _id("encounter_id"),
    _count("version"),
    _id("practice_id"),
    _id("patient_id"),
    _needed("service_from", Date()),
    _needed("service_to", Date()),
    _cents("charge_cents"),
    _needed("content", JSONB()),
    _needed("parties", Text()),
    Index("codings_version", "tenant_id", "encounter_id", "version", unique=True),
    comment="a coding version as it came, frozen; `parties` is sealed",
)

batches = Table(
    "batches",
    metadata,
    *_keys(),
    _id("practice_id"),
    _needed("status", Text()),
    _needed("control", BigInteger()),
    _count("claims"),
    _cents("charge_cents"),
    _needed("content", Text()),
    _text("file_id"),
    _text("problem"),
    _at("made_at"),
    _at("handed_over_at", nullable=True),
    CheckConstraint(
        "status in ('made', 'unknown', 'handed_over', 'refused')", name="batches_status"
    ),
    Index("batches_control", "tenant_id", "control", unique=True),
    comment="one 837P: interchange, group and set bear `control`; `content` is sealed",
)

claims = Table(
    "claims",
    metadata,
    *_keys(),
    _id("practice_id"),
    _id("encounter_id"),
    _id("patient_id"),
    _id("payer_id"),
    _count("rank"),
    _count("generation"),
    _needed("frequency", Text()),
    _count("coding_version"),
    _needed("service_from", Date()),
    _needed("service_to", Date()),
    _cents("charge_cents"),
    _at("filing_due"),
    _text("filing_rule"),
    _needed("status", Text()),
    _needed("owner", Text()),
    _needed("reported_by", Text()),
    _at("next_action_due", nullable=True),
    _text("hold_reason"),
    Column("findings", JSONB(), nullable=False, server_default=text("'[]'")),
    _cents("paid_cents"),
    _cents("patient_cents"),
    _cents("denied_cents"),
    _text("balance"),
    _count("version"),
    _text("control_number"),
    _id("batch_id", nullable=True),
    Column("delivery_unconfirmed", Boolean(), nullable=False, server_default=NO),
    _text("original_number"),
    _text("payer_control_number"),
    _at("accepted_at", nullable=True),
    _text("accepted_by"),
    _id("remit_id", nullable=True),
    _text("close_reason"),
    _count("steps"),
    Column("member", Text()),
    Column("duplicate_key", Text(), nullable=False, server_default=EMPTY),
    _at("opened_at"),
    ForeignKeyConstraint(["tenant_id", "batch_id"], ["batches.tenant_id", "batches.id"]),
    CheckConstraint("frequency in ('1', '7', '8')", name="claims_frequency"),
    CheckConstraint("charge_cents >= 0", name="claims_charge"),
    Index("claims_generation", "tenant_id", "encounter_id", "rank", "generation", unique=True),
    Index("claims_listed", "tenant_id", "service_from", "id"),
    Index("claims_status", "tenant_id", "status", "service_from", "id"),
    Index("claims_batch", "tenant_id", "batch_id"),
    Index("claims_duplicate", "tenant_id", "duplicate_key"),
    comment="`member` is a sealed correction of the member identity in the coding",
)

submissions = Table(
    "submissions",
    metadata,
    *_keys(),
    _id("claim_id"),
    _id("batch_id"),
    _count("version"),
    _needed("control_number", Text()),
    ForeignKeyConstraint(["tenant_id", "batch_id"], ["batches.tenant_id", "batches.id"]),
    Index("submissions_number", "tenant_id", "control_number", unique=True),
    Index("submissions_version", "tenant_id", "claim_id", "version", unique=True),
    Index("submissions_batch", "tenant_id", "batch_id"),
    comment="each sending of a claim under its own number: how answers find their claim",
)

clearinghouse_files = Table(
    "clearinghouse_files",
    metadata,
    *_keys(),
    _needed("file_id", Text()),
    _needed("kind", Text()),
    _needed("sequence", BigInteger()),
    _needed("sha256", Text()),
    _needed("content", Text()),
    _at("received_at"),
    _at("applied_at", nullable=True),
    _text("problem"),
    Index("clearinghouse_files_name", "tenant_id", "file_id", unique=True),
    Index("clearinghouse_files_sequence", "tenant_id", "kind", "sequence"),
    comment="what the mailbox held, as it came; `content` is sealed; a problem keeps it unapplied",
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    *_keys(),
    _id("file_id"),
    _id("claim_id", nullable=True),
    _needed("kind", Text()),
    _needed("verdict", Text()),
    _needed("reported_by", Text()),
    _text("control_number"),
    _text("category"),
    _text("status"),
    _text("entity"),
    Column("errors", JSONB(), nullable=False, server_default=text("'[]'")),
    _at("received_at"),
    ForeignKeyConstraint(
        ["tenant_id", "file_id"], ["clearinghouse_files.tenant_id", "clearinghouse_files.id"]
    ),
    Index("acknowledgements_claim", "tenant_id", "claim_id"),
    comment="each statement of each file and claim; claim_id null: it named nothing of ours",
)

adjudications = Table(
    "adjudications",
    metadata,
    *_keys(),
    _id("claim_id"),
    _id("remit_id"),
    _needed("clp02", Text()),
    _cents("charge_cents"),
    _cents("paid_cents"),
    _cents("patient_cents"),
    _text("payer_control_number"),
    _needed("lines", JSONB()),
    Column("is_reversal", Boolean(), nullable=False),
    _needed("paid_on", Date()),
    Index("adjudications_claim", "tenant_id", "claim_id"),
    comment="each claim payment of an 835 as it was matched",
)

denial_work = Table(
    "denial_work",
    metadata,
    *_keys(),
    _id("practice_id"),
    _id("claim_id"),
    _id("encounter_id"),
    _id("remit_id"),
    _needed("status", Text()),
    _needed("category", Text()),
    _needed("group_code", Text()),
    _needed("carc", Text()),
    Column("rarc", JSONB(), nullable=False, server_default=text("'[]'")),
    _cents("denied_cents"),
    Column("lines", JSONB(), nullable=False, server_default=text("'[]'")),
    Column("partial", Boolean(), nullable=False),
    _needed("root_cause", Text()),
    _needed("owner", Text()),
    _needed("next_step", Text()),
    _needed("appeal_due", Date()),
    _at("due"),
    _at("opened_at"),
    _at("resolved_at", nullable=True),
    _of_claim(),
    Index("denial_work_claim", "tenant_id", "claim_id"),
    Index("denial_work_listed", "tenant_id", "status", "due", "id"),
)

claim_events = Table(
    "claim_events",
    metadata,
    *_keys(),
    _id("claim_id"),
    _count("position"),
    _needed("kind", Text()),
    _needed("status_from", Text()),
    _needed("status_to", Text()),
    _needed("reported_by", Text()),
    _needed("actor", Text()),
    _text("message_id"),
    _at("happened_at"),
    Column("detail", JSONB(), nullable=False, server_default=text("'{}'")),
    Index("claim_events_position", "tenant_id", "claim_id", "position", unique=True),
    comment="the timeline: every step with who did it and which message said so",
)
