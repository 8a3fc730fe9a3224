"""First tables of the sandbox."""

from __future__ import annotations

from alembic import op

revision = "sandbox_0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    create table installation (
        id integer not null,
        clock_offset_seconds bigint not null,
        constraint installation_pkey primary key (id)
    )
    """,
    "insert into installation (id, clock_offset_seconds) values (1, 0)",
    """
    create table receivers (
        receiver text not null,
        interchange bigint not null,
        file_sequence bigint not null,
        deposit_sequence bigint not null,
        constraint receivers_pkey primary key (receiver)
    )
    """,
    """
    create table submissions (
        key text not null,
        file_id uuid not null,
        sha256 text not null,
        received_at timestamptz not null,
        constraint submissions_pkey primary key (key)
    )
    """,
    """
    create table inquiries (
        receiver text not null,
        payer text not null,
        member text not null,
        count bigint not null,
        constraint inquiries_pkey primary key (receiver, payer, member)
    )
    """,
    """
    create table claims (
        receiver text not null,
        claim_id text not null,
        payer text not null,
        member text not null,
        service_from text not null,
        control text not null,
        decided bytea not null,
        accepted_at timestamptz not null,
        answered_at timestamptz,
        constraint claims_pkey primary key (receiver, claim_id)
    )
    """,
    "create index claims_by_visit on claims (receiver, payer, member)",
    "create index claims_by_control on claims (receiver, control)",
    """
    create table refused_members (
        receiver text not null,
        member text not null,
        constraint refused_members_pkey primary key (receiver, member)
    )
    """,
    """
    create table payments (
        id bigint generated always as identity,
        receiver text not null,
        payer text not null,
        payee_npi text not null,
        pay_at timestamptz not null,
        apart text not null,
        details bytea not null,
        paid_at timestamptz,
        constraint payments_pkey primary key (id)
    )
    """,
    "create index payments_due on payments (receiver, pay_at) where paid_at is null",
    """
    create table balances (
        receiver text not null,
        payer text not null,
        payee_npi text not null,
        trace text not null,
        left_cents bigint not null,
        constraint balances_pkey primary key (receiver, payer, payee_npi, trace)
    )
    """,
    """
    create table files (
        number bigint generated always as identity,
        id uuid not null,
        receiver text not null,
        kind text not null,
        sequence bigint,
        body bytea not null,
        sha256 text not null,
        available_at timestamptz not null,
        acked_at timestamptz,
        constraint files_pkey primary key (number)
    )
    """,
    "create unique index files_by_id on files (id)",
    "create index files_by_sequence on files (receiver, sequence)",
    "create index files_due on files (receiver, available_at) where sequence is null",
    """
    create table deposits (
        number bigint generated always as identity,
        id uuid not null,
        receiver text not null,
        sequence bigint,
        trace text not null,
        amount_cents bigint not null,
        paid_on date not null,
        payer text not null,
        available_at timestamptz not null,
        constraint deposits_pkey primary key (number)
    )
    """,
    "create unique index deposits_by_id on deposits (id)",
    "create index deposits_by_sequence on deposits (receiver, sequence)",
    "create index deposits_due on deposits (receiver, available_at) where sequence is null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
