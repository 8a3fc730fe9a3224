-- The tables of payments as first made (services/payments/tables.py is the truth at head).
-- A statement ends at a blank line.
create table tenants (
    tenant_id uuid not null,
    id uuid not null,
    edi_id text not null,
    version integer not null,
    constraint tenants_pkey primary key (tenant_id, id)
)

create table practices (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    npi text not null,
    phone text not null,
    address jsonb not null,
    version integer not null,
    constraint practices_pkey primary key (tenant_id, id)
)

create index practices_npi on practices (tenant_id, npi)

create table payers (
    tenant_id uuid not null,
    id uuid not null,
    code text not null,
    name text not null,
    version integer not null,
    constraint payers_pkey primary key (tenant_id, id)
)

create index payers_code on payers (tenant_id, code)

create table accounts (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    patient_id uuid not null,
    created_at timestamptz not null,
    constraint accounts_pkey primary key (tenant_id, id)
)

create table encounters (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    account_id uuid not null,
    coding_version integer default 0 not null,
    identity text,
    service_date date,
    lines jsonb default '[]' not null,
    ranks integer[] default '{}' not null,
    is_uncovered boolean default false not null,
    charged_to text default '' not null,
    created_at timestamptz not null,
    constraint encounters_pkey primary key (tenant_id, id),
    constraint encounters_account foreign key (tenant_id, account_id)
        references accounts (tenant_id, id),
    constraint encounters_charged_to check (charged_to in ('', 'insurance', 'patient'))
)

create index encounters_by_account on encounters (account_id, tenant_id)

create table claims (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    encounter_id uuid not null,
    account_id uuid not null,
    payer_id uuid not null,
    rank integer not null,
    control_number text not null,
    version integer not null,
    charge_cents bigint not null,
    lines jsonb not null,
    denied_cents bigint default 0 not null,
    denied_category text default '' not null,
    payer_control_number text default '' not null,
    decision_id uuid,
    posting_id uuid,
    constraint claims_pkey primary key (tenant_id, id),
    constraint claims_encounter foreign key (tenant_id, encounter_id)
        references encounters (tenant_id, id),
    constraint claims_rank check (rank between 1 and 3)
)

create index claims_by_encounter on claims (encounter_id, tenant_id)

create index claims_payer_number on claims (payer_control_number, tenant_id)

create table control_numbers (
    tenant_id uuid not null,
    control_number text not null,
    claim_id uuid not null,
    constraint control_numbers_pkey primary key (tenant_id, control_number),
    constraint control_numbers_claim foreign key (tenant_id, claim_id)
        references claims (tenant_id, id)
)

create index control_numbers_by_claim on control_numbers (claim_id, tenant_id)

create table clearinghouse_files (
    tenant_id uuid not null,
    id uuid not null,
    file_id text not null,
    kind text not null,
    sequence bigint not null,
    sha256 bytea not null,
    raw text not null,
    status text not null,
    reason text default '' not null,
    received_at timestamptz not null,
    constraint clearinghouse_files_pkey primary key (tenant_id, id),
    constraint clearinghouse_files_once unique (tenant_id, file_id)
)

create index clearinghouse_files_cursor on clearinghouse_files (tenant_id, kind, sequence)

create table remittances (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    file_id uuid not null,
    position integer not null,
    payer_id uuid,
    payer_code text not null,
    payee_npi text not null,
    trace text not null,
    total_cents bigint not null,
    paid_on date not null,
    expects_money boolean not null,
    claims integer not null,
    provider_adjustments jsonb default '[]' not null,
    status text not null,
    rule text default '' not null,
    place text default '' not null,
    difference_cents bigint default 0 not null,
    duplicate_of uuid,
    received_at timestamptz not null,
    constraint remittances_pkey primary key (tenant_id, id),
    constraint remittances_file foreign key (tenant_id, file_id)
        references clearinghouse_files (tenant_id, id)
)

create index remittances_by_file on remittances (file_id, tenant_id)

create unique index remittances_once on remittances (tenant_id, payer_code, trace, total_cents, paid_on)
    where status not in ('duplicate', 'quarantined')

create index remittances_trace on remittances (trace, tenant_id)

create table remittance_claims (
    tenant_id uuid not null,
    id uuid not null,
    remit_id uuid not null,
    position integer not null,
    control_number text not null,
    clp02 text not null,
    charge_cents bigint not null,
    paid_cents bigint not null,
    patient_cents bigint not null,
    payer_control_number text not null,
    body jsonb not null,
    status text not null,
    reason text default '' not null,
    claim_id uuid,
    constraint remittance_claims_pkey primary key (tenant_id, id),
    constraint remittance_claims_remittance foreign key (tenant_id, remit_id)
        references remittances (tenant_id, id),
    constraint remittance_claims_claim foreign key (tenant_id, claim_id)
        references claims (tenant_id, id)
)

create index remittance_claims_by_claim on remittance_claims (claim_id, tenant_id)
    where status in ('waiting', 'unmatched')

create index remittance_claims_by_remittance on remittance_claims (remit_id, tenant_id, position)

create index remittance_claims_number on remittance_claims (control_number, tenant_id)
    where status in ('waiting', 'unmatched')

create table deposits (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    bank_id text not null,
    sequence bigint not null,
    trace text not null,
    amount_cents bigint not null,
    received_on date not null,
    payer_code text not null,
    status text not null,
    remit_id uuid,
    received_at timestamptz not null,
    constraint deposits_pkey primary key (tenant_id, id),
    constraint deposits_once unique (tenant_id, bank_id),
    constraint deposits_remittance foreign key (tenant_id, remit_id)
        references remittances (tenant_id, id)
)

create index deposits_cursor on deposits (tenant_id, sequence)

create index deposits_trace on deposits (trace, tenant_id)

create table ledger_transactions (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    source_event uuid not null,
    booked_on date not null,
    account_id uuid,
    encounter_id uuid,
    claim_id uuid,
    remit_id uuid,
    mirrors uuid,
    recorded_at timestamptz not null,
    constraint ledger_transactions_pkey primary key (tenant_id, id),
    constraint ledger_transactions_source unique (tenant_id, source_event),
    constraint ledger_transactions_mirrored_once unique (tenant_id, mirrors),
    constraint ledger_transactions_mirrors foreign key (tenant_id, mirrors)
        references ledger_transactions (tenant_id, id)
)

create index ledger_transactions_by_encounter on ledger_transactions (encounter_id, tenant_id)

create table ledger_entries (
    tenant_id uuid not null,
    source_event uuid not null,
    account text not null,
    line integer not null,
    transaction_id uuid not null,
    amount_cents bigint not null,
    trigger text not null,
    service_line integer not null,
    reason text not null,
    constraint ledger_entries_pkey primary key (tenant_id, source_event, account, line),
    constraint ledger_entries_transaction foreign key (tenant_id, transaction_id)
        references ledger_transactions (tenant_id, id),
    constraint ledger_entries_amount check (amount_cents <> 0)
)

create index ledger_entries_by_transaction on ledger_entries (transaction_id, tenant_id)

create table balances (
    tenant_id uuid not null,
    encounter_id uuid not null,
    account text not null,
    practice_id uuid not null,
    account_id uuid not null,
    balance_cents bigint not null,
    constraint balances_pkey primary key (tenant_id, encounter_id, account)
)

create index balances_by_account on balances (account_id, tenant_id)

create table statements (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    account_id uuid not null,
    ordinal integer not null,
    amount_cents bigint not null,
    open_cents bigint not null,
    body text not null,
    digest bytea not null,
    status text not null,
    issued_at timestamptz not null,
    due_on date not null,
    constraint statements_pkey primary key (tenant_id, id),
    constraint statements_account foreign key (tenant_id, account_id)
        references accounts (tenant_id, id),
    constraint statements_ordinal unique (tenant_id, account_id, ordinal)
)

create table patient_payments (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    account_id uuid not null,
    amount_cents bigint not null,
    channel text not null,
    received_at timestamptz not null,
    constraint patient_payments_pkey primary key (tenant_id, id),
    constraint patient_payments_account foreign key (tenant_id, account_id)
        references accounts (tenant_id, id),
    constraint patient_payments_amount check (amount_cents > 0)
)

create index patient_payments_by_account on patient_payments (account_id, tenant_id)

create function ledger_is_immutable() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
    raise exception 'the ledger is insert-only: corrections are mirror entries'
        using errcode = 'restrict_violation';
end $$

create trigger ledger_transactions_immutable before update or delete or truncate
    on ledger_transactions for each statement execute function ledger_is_immutable()

create trigger ledger_entries_immutable before update or delete or truncate
    on ledger_entries for each statement execute function ledger_is_immutable()

-- Each statement that adds entries leaves every transaction it touches at zero.
create function ledger_entries_add_up() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
    if exists (
        select from added group by tenant_id, transaction_id having sum(amount_cents) <> 0
    ) then
        raise exception 'ledger entries do not sum to zero' using errcode = 'check_violation';
    end if;
    return null;
end $$

create trigger ledger_entries_add_up after insert on ledger_entries
    referencing new table as added
    for each statement execute function ledger_entries_add_up()

-- At commit each new transaction has entries, and they sum to zero.
create function ledger_transaction_adds_up() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
    total bigint;
begin
    select sum(amount_cents) into total from ledger_entries
    where tenant_id = new.tenant_id and transaction_id = new.id;
    if total is distinct from 0 then
        raise exception 'a ledger transaction is empty or does not sum to zero'
            using errcode = 'check_violation';
    end if;
    return null;
end $$

create constraint trigger ledger_transaction_adds_up after insert on ledger_transactions
    deferrable initially deferred
    for each row execute function ledger_transaction_adds_up()

-- Invariants I2 and I3 (docs/trust): no row means both hold. For `rcm verify ledger` and checkers.
create view ledger_violations with (security_invoker = true) as
select tenant_id, 'I2 transaction sums to zero' as invariant, transaction_id as subject,
    '' as account, sum(amount_cents)::bigint as difference_cents
from ledger_entries group by tenant_id, transaction_id having sum(amount_cents) <> 0
union all
select t.tenant_id, 'I2 transaction has entries', t.id, '', 0
from ledger_transactions t where not exists (
    select from ledger_entries e where e.tenant_id = t.tenant_id and e.transaction_id = t.id
)
union all
select tenant_id, 'I2 tenant sums to zero', tenant_id, '', sum(amount_cents)::bigint
from ledger_entries group by tenant_id having sum(amount_cents) <> 0
union all
select coalesce(b.tenant_id, e.tenant_id), 'I3 balance equals entries',
    coalesce(b.encounter_id, e.encounter_id), coalesce(b.account, e.account),
    coalesce(b.balance_cents, 0) - coalesce(e.total, 0)
from balances b full join (
    select x.tenant_id, t.encounter_id, x.account, sum(x.amount_cents)::bigint as total
    from ledger_entries x
    join ledger_transactions t on t.tenant_id = x.tenant_id and t.id = x.transaction_id
    where x.account in ('ar_insurance_1', 'ar_insurance_2', 'ar_insurance_3', 'ar_patient')
    group by x.tenant_id, t.encounter_id, x.account
) e on e.tenant_id = b.tenant_id and e.encounter_id = b.encounter_id and e.account = b.account
where coalesce(b.balance_cents, 0) <> coalesce(e.total, 0)

grant select on ledger_violations to {role}_http, {role}_pipeline, {role}_checker
