-- The tables every service database has, as first made. A statement ends at a blank line.
-- Policies and grants are the literal table in security.py (PLUMBING). Valid on PostgreSQL 15-18.

create sequence outbox_id_seq as bigint cache 1

-- Facts to be sent; inserted, never updated; dropped by the day. `headers` is the joined form of
-- messaging/envelope.py, `value` the JSON of the fact. `id` becomes ce_sequence.
create table outbox (
    id bigint not null default nextval('outbox_id_seq'),
    day date not null default (current_timestamp at time zone 'UTC')::date,
    tenant_id uuid not null,
    topic text not null,
    key uuid not null,
    headers text not null,
    value bytea not null,
    created_at timestamptz not null default current_timestamp,
    constraint outbox_pkey primary key (day, id),
    constraint outbox_value_limit check (octet_length(value) <= 262144)
) partition by range (day)

alter sequence outbox_id_seq owned by outbox.id

-- Catches days nobody made a partition for, so that a forgotten roll never stops the service.
create table outbox_rest partition of outbox default

-- The ids still to be sent: the relay takes the oldest whose key has no failed row, and deletes
-- what the bus acknowledged.
create table outbox_unsent (
    id bigint not null,
    day date not null,
    tenant_id uuid not null,
    key uuid not null,
    failed_at timestamptz,
    failure text,
    constraint outbox_unsent_pkey primary key (id)
)

create index outbox_unsent_failed on outbox_unsent (key) where failed_at is not null

-- Events seen; not partitioned, because a unique key over days would let yesterday's repeat pass.
create table inbox (
    consumer text not null,
    event_id uuid not null,
    seen_at timestamptz not null default current_timestamp,
    constraint inbox_pkey primary key (consumer, event_id)
)

create index inbox_seen on inbox using brin (seen_at)

-- The truth about what failed for good; tenant_id is nil where it could not be read.
-- `payload` is the record's headers and value, sealed (place "dead_letters.payload", row = id).
create table dead_letters (
    tenant_id uuid not null,
    id uuid not null,
    consumer text not null,
    event_id uuid not null,
    event_type text not null,
    event_version int not null,
    topic text not null,
    partition int not null,
    record_offset bigint not null,
    record_at timestamptz not null,
    key uuid,
    practice_id uuid,
    subject uuid,
    correlation_id uuid,
    traceparent text not null default '',
    payload text not null,
    payload_bytes int not null,
    error_class text not null,
    error_code text not null,
    fingerprint text not null,
    attempts int not null,
    first_failed_at timestamptz not null,
    last_failed_at timestamptz not null,
    service_version text not null,
    status text not null default 'open',
    replay_id uuid,
    resolved_at timestamptz,
    resolved_by text,
    reason text,
    constraint dead_letters_pkey primary key (tenant_id, id),
    constraint dead_letters_class check (error_class in ('unreadable', 'contract', 'refused', 'bug')),
    constraint dead_letters_status check (status in ('open', 'replayed', 'discarded'))
)

create unique index dead_letters_once on dead_letters (tenant_id, consumer, event_id) where status = 'open'

create index dead_letters_listed on dead_letters (tenant_id, status, last_failed_at)

-- Keys whose later events must wait behind a dead letter or a parked event.
create table key_holds (
    tenant_id uuid not null,
    consumer text not null,
    key uuid not null,
    cause text not null,
    cause_id uuid not null,
    held_at timestamptz not null default current_timestamp,
    constraint key_holds_pkey primary key (tenant_id, consumer, key),
    constraint key_holds_cause check (cause in ('dead_letter', 'parked'))
)

-- Events that came too early (waiting_kind, waiting_id) or stand behind a hold (both null), in the
-- order of `seq`. `record` is headers and value, sealed (place "parked_events.record", row = event).
create table parked_events (
    tenant_id uuid not null,
    consumer text not null,
    event_id uuid not null,
    seq bigint generated always as identity,
    key uuid not null,
    event_type text not null,
    event_version int not null,
    topic text not null,
    partition int not null default -1,
    record_offset bigint not null default -1,
    record text not null,
    waiting_kind text,
    waiting_id uuid,
    parked_at timestamptz not null default current_timestamp,
    ready_at timestamptz,
    attempts int not null default 0,
    constraint parked_events_pkey primary key (tenant_id, consumer, event_id),
    constraint parked_events_waiting check ((waiting_kind is null) = (waiting_id is null))
)

create index parked_events_key on parked_events (tenant_id, consumer, key, seq)

create index parked_events_waiting on parked_events (tenant_id, waiting_kind, waiting_id) where waiting_kind is not null and ready_at is null

create index parked_events_ready on parked_events (ready_at) where ready_at is not null

-- Intentions that a job carries out: due_at is business time, not_before and leased_until system
-- time. `revision` rises with every schedule, so that done() cannot wipe out a newer intention.
create table due_work (
    tenant_id uuid not null,
    job text not null,
    subject uuid not null,
    practice_id uuid not null,
    correlation_id uuid not null,
    causation_id uuid,
    due_at timestamptz not null,
    not_before timestamptz not null default '-infinity',
    attempt int not null default 0,
    leased_until timestamptz,
    revision bigint not null default 0,
    created_at timestamptz not null default current_timestamp,
    constraint due_work_pkey primary key (tenant_id, job, subject)
)

create index due_work_next on due_work (job, due_at)

-- A consumer that refused too much stops until another version is deployed.
create table dlq_limits (
    consumer text not null,
    service_version text not null,
    topic text not null,
    partition int not null,
    reason text not null,
    tripped_at timestamptz not null default current_timestamp,
    constraint dlq_limits_pkey primary key (consumer, service_version)
)

-- Answers already given to an Idempotency-Key. `answer` is sealed (place
-- "idempotency_records.answer", row = answer_id) and null while nothing was answered.
create table idempotency_records (
    tenant_id uuid not null,
    route text not null,
    idempotency_key text not null,
    answer_id uuid not null,
    fingerprint bytea not null,
    status int,
    answer text,
    created_at timestamptz not null default current_timestamp,
    expires_at timestamptz not null,
    constraint idempotency_records_pkey primary key (tenant_id, route, idempotency_key)
)

create index idempotency_records_expired on idempotency_records (expires_at)

-- Who saw or did what; insert and read only.
create table audit_entries (
    tenant_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject uuid not null,
    patient_id uuid,
    purpose text not null default '',
    fields text[] not null default '{}',
    request_id text not null default '',
    outcome text not null default 'ok',
    constraint audit_entries_pkey primary key (tenant_id, id)
)

create index audit_entries_subject on audit_entries (tenant_id, subject, at)

create index audit_entries_patient on audit_entries (tenant_id, patient_id, at) where patient_id is not null

-- Entries the sealer has yet to put into their tenant's chain.
create table audit_unsealed (
    tenant_id uuid not null,
    id uuid not null,
    constraint audit_unsealed_pkey primary key (tenant_id, id)
)

-- One link per entry: hash = SHA-256(hash before || RFC 8785 form of the entry), seq without gaps.
create table audit_chain (
    tenant_id uuid not null,
    seq bigint not null,
    entry_id uuid not null,
    hash bytea not null,
    sealed_at timestamptz not null,
    constraint audit_chain_pkey primary key (tenant_id, seq),
    constraint audit_chain_entry foreign key (tenant_id, entry_id) references audit_entries (tenant_id, id)
)

create unique index audit_chain_once on audit_chain (tenant_id, entry_id)

-- What the whole installation shares; one row.
create table installation (
    only_row boolean not null default true,
    clock_offset_seconds bigint not null default 0,
    clock_changed_at timestamptz not null default current_timestamp,
    constraint installation_pkey primary key (only_row),
    constraint installation_one check (only_row)
)

insert into installation default values

-- Makes partitions of the outbox seven days ahead and drops those older than keep_days of which
-- nothing is unsent. Runs as the owner: a job may call it and nothing more. Returns what it did.
create function outbox_roll(keep_days int) returns text[]
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    today date := (current_timestamp at time zone 'UTC')::date;
    d date;
    part text;
    done text[] := '{}';
begin
    perform pg_advisory_xact_lock(hashtext('outbox_roll'));
    for d in select generate_series(today - 1, today + 7, interval '1 day')::date loop
        part := 'outbox_d' || to_char(d, 'YYYYMMDD');
        continue when to_regclass('public.' || part) is not null;
        continue when exists (select from public.outbox_rest r where r.day = d);
        execute format('create table public.%I partition of public.outbox for values from (%L) to (%L)', part, d, d + 1);
        execute format('alter table public.%I enable row level security, force row level security', part);
        done := done || ('made ' || part);
    end loop;
    for part, d in
        select c.relname::text, to_date(right(c.relname, 8), 'YYYYMMDD')
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.outbox'::regclass and c.relname like 'outbox\_d________'
    loop
        continue when d >= today - greatest(keep_days, 1);
        continue when exists (select from public.outbox_unsent u where u.day = d);
        execute format('drop table public.%I', part);
        done := done || ('dropped ' || part);
    end loop;
    delete from public.outbox_rest r where r.day < today - greatest(keep_days, 1)
        and not exists (select from public.outbox_unsent u where u.id = r.id);
    return done;
end $$

revoke all on function outbox_roll(int) from public
