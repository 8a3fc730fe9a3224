"""Tables of the sandbox: what the pretend outside world must remember over a restart."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, TIMESTAMP, UUID

metadata = sa.MetaData()

_MOMENT = TIMESTAMP(timezone=True)


def _table(name: str, *columns: sa.Column[object], key: tuple[str, ...]) -> sa.Table:
    return sa.Table(name, metadata, *columns, sa.PrimaryKeyConstraint(*key, name=f"{name}_pkey"))


def _column(name: str, kind: object, *, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=optional)  # type: ignore[arg-type]


installation = _table(
    "installation",
    _column("id", sa.Integer),
    _column("clock_offset_seconds", sa.BigInteger),
    key=("id",),
)

receivers = _table(
    "receivers",
    _column("receiver", sa.Text),
    _column("interchange", sa.BigInteger),
    _column("file_sequence", sa.BigInteger),
    _column("deposit_sequence", sa.BigInteger),
    key=("receiver",),
)

submissions = _table(
    "submissions",
    _column("key", sa.Text),
    _column("file_id", UUID),
    _column("sha256", sa.Text),
    _column("received_at", _MOMENT),
    key=("key",),
)

inquiries = _table(
    "inquiries",
    _column("receiver", sa.Text),
    _column("payer", sa.Text),
    _column("member", sa.Text),
    _column("count", sa.BigInteger),
    key=("receiver", "payer", "member"),
)

claims = _table(
    "claims",
    _column("receiver", sa.Text),
    _column("claim_id", sa.Text),
    _column("payer", sa.Text),
    _column("member", sa.Text),
    _column("service_from", sa.Text),
    _column("control", sa.Text),
    _column("decided", BYTEA),
    _column("accepted_at", _MOMENT),
    _column("answered_at", _MOMENT, optional=True),
    key=("receiver", "claim_id"),
)
sa.Index("claims_by_visit", claims.c.receiver, claims.c.payer, claims.c.member)

sa.Index("claims_by_control", claims.c.receiver, claims.c.control)

refused_members = _table(
    "refused_members",
    _column("receiver", sa.Text),
    _column("member", sa.Text),
    key=("receiver", "member"),
)

payments = _table(
    "payments",
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
    _column("receiver", sa.Text),
    _column("payer", sa.Text),
    _column("payee_npi", sa.Text),
    _column("pay_at", _MOMENT),
    _column("apart", sa.Text),
    _column("details", BYTEA),
    _column("paid_at", _MOMENT, optional=True),
    key=("id",),
)
sa.Index(
    "payments_due",
    payments.c.receiver,
    payments.c.pay_at,
    postgresql_where=payments.c.paid_at.is_(None),
)

balances = _table(
    "balances",
    _column("receiver", sa.Text),
    _column("payer", sa.Text),
    _column("payee_npi", sa.Text),
    _column("trace", sa.Text),
    _column("left_cents", sa.BigInteger),
    key=("receiver", "payer", "payee_npi", "trace"),
)

files = _table(
    "files",
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
    _column("id", UUID),
    _column("receiver", sa.Text),
    _column("kind", sa.Text),
    _column("sequence", sa.BigInteger, optional=True),
    _column("body", BYTEA),
    _column("sha256", sa.Text),
    _column("available_at", _MOMENT),
    _column("acked_at", _MOMENT, optional=True),
    key=("number",),
)
sa.Index("files_by_id", files.c.id, unique=True)
sa.Index("files_by_sequence", files.c.receiver, files.c.sequence)
sa.Index(
    "files_due",
    files.c.receiver,
    files.c.available_at,
    postgresql_where=files.c.sequence.is_(None),
)

deposits = _table(
    "deposits",
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
    _column("id", UUID),
    _column("receiver", sa.Text),
    _column("sequence", sa.BigInteger, optional=True),
    _column("trace", sa.Text),
    _column("amount_cents", sa.BigInteger),
    _column("paid_on", sa.Date),
    _column("payer", sa.Text),
    _column("available_at", _MOMENT),
    key=("number",),
)
sa.Index("deposits_by_id", deposits.c.id, unique=True)
sa.Index("deposits_by_sequence", deposits.c.receiver, deposits.c.sequence)
sa.Index(
    "deposits_due",
    deposits.c.receiver,
    deposits.c.available_at,
    postgresql_where=deposits.c.sequence.is_(None),
)
