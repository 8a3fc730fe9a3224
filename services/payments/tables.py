"""Tables of payments: what it knows of others, remittances and deposits, the ledger, statements."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData()

# Unique indexes start with the tenant. The others start with what is selective: an index that
# begins with the tenant tempts the planner into reading all of a tenant while statistics are young.

Column = sa.Column[Any]


def _id(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.Uuid, nullable=nullable)


def _text(name: str, default: str | None = None, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def _cents(name: str) -> Column:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _number(name: str, default: str | None = None) -> Column:
    return sa.Column(name, sa.Integer, nullable=False, server_default=default)


def _day(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.Date, nullable=nullable)


def _at(name: str) -> Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _table(name: str, *parts: sa.schema.SchemaItem, key: tuple[str, ...] = ("id",)) -> sa.Table:
    own = sa.PrimaryKeyConstraint("tenant_id", *key, name=f"{name}_pkey")
    return sa.Table(name, metadata, _id("tenant_id"), *parts, own)


def _refers(name: str, column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], name=name
    )


tenants = _table("tenants", _id("id"), _text("edi_id"), _number("version"))

practices = _table(
    "practices",
    _id("id"),
    _text("name"),
    _text("npi"),
    _text("phone"),
    sa.Column("address", JSONB, nullable=False),
    _number("version"),
)
sa.Index("practices_npi", practices.c.tenant_id, practices.c.npi)

payers = _table("payers", _id("id"), _text("code"), _text("name"), _number("version"))
sa.Index("payers_code", payers.c.tenant_id, payers.c.code)

accounts = _table("accounts", _id("id"), _id("practice_id"), _id("patient_id"), _at("created_at"))

# coding_version 0: EncounterCoded has not come yet. charged_to: '', 'insurance' or 'patient'.
# identity: sealed PersonIdentity. lines: [{line, code, charge_cents}]. ranks: payer ranks known.
encounters = _table(
    "encounters",
    _id("id"),
    _id("practice_id"),
    _id("account_id"),
    _number("coding_version", "0"),
    _text("identity", nullable=True),
    _day("service_date", nullable=True),
    sa.Column("lines", JSONB, nullable=False, server_default="[]"),
    sa.Column("ranks", sa.ARRAY(sa.Integer), nullable=False, server_default="{}"),
    sa.Column("is_uncovered", sa.Boolean, nullable=False, server_default="false"),
    _text("charged_to", ""),
    _at("created_at"),
    _refers("encounters_account", "account_id", "accounts"),
    sa.CheckConstraint("charged_to in ('', 'insurance', 'patient')", name="encounters_charged_to"),
)
sa.Index("encounters_by_account", encounters.c.account_id, encounters.c.tenant_id)

# decision_id: the claim payment in force; posting_id: the ledger transaction it made, if any.
claims = _table(
    "claims",
    _id("id"),
    _id("practice_id"),
    _id("encounter_id"),
    _id("account_id"),
    _id("payer_id"),
    _number("rank"),
    _text("control_number"),
    _number("version"),
    _cents("charge_cents"),
    sa.Column("lines", JSONB, nullable=False),
    sa.Column("denied_cents", sa.BigInteger, nullable=False, server_default="0"),
    _text("denied_category", ""),
    _text("payer_control_number", ""),
    _id("decision_id", nullable=True),
    _id("posting_id", nullable=True),
    _refers("claims_encounter", "encounter_id", "encounters"),
    sa.CheckConstraint("rank between 1 and 3", name="claims_rank"),
)
sa.Index("claims_by_encounter", claims.c.encounter_id, claims.c.tenant_id)
sa.Index("claims_payer_number", claims.c.payer_control_number, claims.c.tenant_id)

control_numbers = _table(
    "control_numbers",
    _text("control_number"),
    _id("claim_id"),
    _refers("control_numbers_claim", "claim_id", "claims"),
    key=("control_number",),
)
sa.Index("control_numbers_by_claim", control_numbers.c.claim_id, control_numbers.c.tenant_id)

# raw: the file as it came, sealed. status: 'read' or 'refused' (reason says why).
clearinghouse_files = _table(
    "clearinghouse_files",
    _id("id"),
    _text("file_id"),
    _text("kind"),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    _text("raw"),
    _text("status"),
    _text("reason", ""),
    _at("received_at"),
    sa.UniqueConstraint("tenant_id", "file_id", name="clearinghouse_files_once"),
)
sa.Index(
    "clearinghouse_files_cursor",
    clearinghouse_files.c.tenant_id,
    clearinghouse_files.c.kind,
    clearinghouse_files.c.sequence,
)

remittances = _table(
    "remittances",
    _id("id"),
    _id("practice_id"),
    _id("file_id"),
    _number("position"),
    _id("payer_id", nullable=True),
    _text("payer_code"),
    _text("payee_npi"),
    _text("trace"),
    _cents("total_cents"),
    _day("paid_on"),
    sa.Column("expects_money", sa.Boolean, nullable=False),
    _number("claims"),
    sa.Column("provider_adjustments", JSONB, nullable=False, server_default="[]"),
    _text("status"),
    _text("rule", ""),
    _text("place", ""),
    sa.Column("difference_cents", sa.BigInteger, nullable=False, server_default="0"),
    _id("duplicate_of", nullable=True),
    _at("received_at"),
    _refers("remittances_file", "file_id", "clearinghouse_files"),
)
sa.Index(
    "remittances_once",
    *(
        remittances.c[name]
        for name in ("tenant_id", "payer_code", "trace", "total_cents", "paid_on")
    ),
    unique=True,
    postgresql_where=sa.text("status not in ('duplicate', 'quarantined')"),
)
sa.Index("remittances_trace", remittances.c.trace, remittances.c.tenant_id)
sa.Index("remittances_by_file", remittances.c.file_id, remittances.c.tenant_id)

# body: adjustments, remarks and service lines of the CLP.
remittance_claims = _table(
    "remittance_claims",
    _id("id"),
    _id("remit_id"),
    _number("position"),
    _text("control_number"),
    _text("clp02"),
    _cents("charge_cents"),
    _cents("paid_cents"),
    _cents("patient_cents"),
    _text("payer_control_number"),
    sa.Column("body", JSONB, nullable=False),
    _text("status"),
    _text("reason", ""),
    _id("claim_id", nullable=True),
    _refers("remittance_claims_remittance", "remit_id", "remittances"),
    _refers("remittance_claims_claim", "claim_id", "claims"),
)
sa.Index(
    "remittance_claims_by_remittance",
    remittance_claims.c.remit_id,
    remittance_claims.c.tenant_id,
    remittance_claims.c.position,
)
sa.Index(
    "remittance_claims_number",
    remittance_claims.c.control_number,
    remittance_claims.c.tenant_id,
    postgresql_where=sa.text("status in ('waiting', 'unmatched')"),
)
sa.Index(
    "remittance_claims_by_claim",
    remittance_claims.c.claim_id,
    remittance_claims.c.tenant_id,
    postgresql_where=sa.text("status in ('waiting', 'unmatched')"),
)

deposits = _table(
    "deposits",
    _id("id"),
    _id("practice_id"),
    _text("bank_id"),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    _text("trace"),
    _cents("amount_cents"),
    _day("received_on"),
    _text("payer_code"),
    _text("status"),
    _id("remit_id", nullable=True),
    _at("received_at"),
    sa.UniqueConstraint("tenant_id", "bank_id", name="deposits_once"),
    _refers("deposits_remittance", "remit_id", "remittances"),
)
sa.Index("deposits_trace", deposits.c.trace, deposits.c.tenant_id)
sa.Index("deposits_cursor", deposits.c.tenant_id, deposits.c.sequence)

# The ledger: insert-only, each transaction sums to zero (triggers in migrations/0001_first.py).
ledger_transactions = _table(
    "ledger_transactions",
    _id("id"),
    _id("practice_id"),
    _id("source_event"),
    _day("booked_on"),
    _id("account_id", nullable=True),
    _id("encounter_id", nullable=True),
    _id("claim_id", nullable=True),
    _id("remit_id", nullable=True),
    _id("mirrors", nullable=True),
    _at("recorded_at"),
    sa.UniqueConstraint("tenant_id", "source_event", name="ledger_transactions_source"),
    sa.UniqueConstraint("tenant_id", "mirrors", name="ledger_transactions_mirrored_once"),
    _refers("ledger_transactions_mirrors", "mirrors", "ledger_transactions"),
)
sa.Index(
    "ledger_transactions_by_encounter",
    ledger_transactions.c.encounter_id,
    ledger_transactions.c.tenant_id,
)

ledger_entries = _table(
    "ledger_entries",
    _id("source_event"),
    _text("account"),
    _number("line"),
    _id("transaction_id"),
    _cents("amount_cents"),
    _text("trigger"),
    _number("service_line"),
    _text("reason"),
    _refers("ledger_entries_transaction", "transaction_id", "ledger_transactions"),
    sa.CheckConstraint("amount_cents <> 0", name="ledger_entries_amount"),
    key=("source_event", "account", "line"),
)
sa.Index(
    "ledger_entries_by_transaction", ledger_entries.c.transaction_id, ledger_entries.c.tenant_id
)

# What each receivable of an encounter stands at: a projection, always equal to the entries (I3).
balances = _table(
    "balances",
    _id("encounter_id"),
    _text("account"),
    _id("practice_id"),
    _id("account_id"),
    _cents("balance_cents"),
    key=("encounter_id", "account"),
)
sa.Index("balances_by_account", balances.c.account_id, balances.c.tenant_id)

# body: sealed StatementBody. digest: keyed fingerprint of what it says, so nothing is sent twice.
statements = _table(
    "statements",
    _id("id"),
    _id("practice_id"),
    _id("account_id"),
    _number("ordinal"),
    _cents("amount_cents"),
    _cents("open_cents"),
    _text("body"),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    _text("status"),
    _at("issued_at"),
    _day("due_on"),
    _refers("statements_account", "account_id", "accounts"),
    sa.UniqueConstraint("tenant_id", "account_id", "ordinal", name="statements_ordinal"),
)

patient_payments = _table(
    "patient_payments",
    _id("id"),
    _id("practice_id"),
    _id("account_id"),
    _cents("amount_cents"),
    _text("channel"),
    _at("received_at"),
    _refers("patient_payments_account", "account_id", "accounts"),
    sa.CheckConstraint("amount_cents > 0", name="patient_payments_amount"),
)
sa.Index("patient_payments_by_account", patient_payments.c.account_id, patient_payments.c.tenant_id)
