-- The tables of claims as first made; `parties`, `member` and `content` of files are sealed.
-- A statement ends at a blank line.
create table adjudications (
    tenant_id uuid not null,
    id uuid not null,
    claim_id uuid not null,
    remit_id uuid not null,
    clp02 text not null,
    charge_cents bigint default 0 not null,
    paid_cents bigint default 0 not null,
    patient_cents bigint default 0 not null,
    payer_control_number text default '' not null,
    lines jsonb not null,
    is_reversal boolean not null,
    paid_on date not null,
    primary key (tenant_id, id)
)

create index adjudications_claim on adjudications (tenant_id, claim_id)

comment on table adjudications is 'each claim payment of an 835 as it was matched'

create table batches (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    status text not null,
    control bigint not null,
    claims integer default 0 not null,
    charge_cents bigint default 0 not null,
    content text not null,
    file_id text default '' not null,
    problem text default '' not null,
    made_at timestamp with time zone not null,
    handed_over_at timestamp with time zone,
    primary key (tenant_id, id),
    constraint batches_status check (status in ('made', 'unknown', 'handed_over', 'refused'))
)

create unique index batches_control on batches (tenant_id, control)

comment on table batches is 'one 837P: interchange, group and set bear `control`; `content` is sealed'

create table claim_events (
    tenant_id uuid not null,
    id uuid not null,
    claim_id uuid not null,
    position integer default 0 not null,
    kind text not null,
    status_from text not null,
    status_to text not null,
    reported_by text not null,
    actor text not null,
    message_id text default '' not null,
    happened_at timestamp with time zone not null,
    detail jsonb default '{}' not null,
    primary key (tenant_id, id)
)

create unique index claim_events_position on claim_events (tenant_id, claim_id, position)

comment on table claim_events is 'the timeline: every step with who did it and which message said so'

create table clearinghouse_files (
    tenant_id uuid not null,
    id uuid not null,
    file_id text not null,
    kind text not null,
    sequence bigint not null,
    sha256 text not null,
    content text not null,
    received_at timestamp with time zone not null,
    applied_at timestamp with time zone,
    problem text default '' not null,
    primary key (tenant_id, id)
)

create unique index clearinghouse_files_name on clearinghouse_files (tenant_id, file_id)

create index clearinghouse_files_sequence on clearinghouse_files (tenant_id, kind, sequence)

comment on table clearinghouse_files is 'what the mailbox held, as it came; `content` is sealed; a problem keeps it unapplied'

create table codings (
    tenant_id uuid not null,
    id uuid not null,
    encounter_id uuid not null,
    version integer default 0 not null,
    practice_id uuid not null,
    patient_id uuid not null,
    service_from date not null,
    service_to date not null,
    charge_cents bigint default 0 not null,
    content jsonb not null,
    parties text not null,
    primary key (tenant_id, id)
)

create unique index codings_version on codings (tenant_id, encounter_id, version)

comment on table codings is 'a coding version as it came, frozen; `parties` is sealed'

create table encounters (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    coding_version integer default 0 not null,
    verdict text default '' not null,
    verdict_at timestamp with time zone,
    primary key (tenant_id, id),
    constraint encounters_verdict check (verdict in ('', 'active', 'review', 'inactive', 'needs_correction', 'unknown'))
)

comment on table encounters is 'the row on which coding and eligibility meet; locked before either looks further'

create table payers (
    tenant_id uuid not null,
    id uuid not null,
    code text default '' not null,
    name text default '' not null,
    filing_indicator text default '' not null,
    line1 text default '' not null,
    line2 text default '' not null,
    city text default '' not null,
    state text default '' not null,
    zip_code text default '' not null,
    filing_days integer default 0 not null,
    answer_days integer default 0 not null,
    appeal_days integer default 0 not null,
    active boolean not null,
    version integer default 0 not null,
    primary key (tenant_id, id)
)

create table practices (
    tenant_id uuid not null,
    id uuid not null,
    name text default '' not null,
    npi text default '' not null,
    tax_id text default '' not null,
    taxonomy text default '' not null,
    line1 text default '' not null,
    line2 text default '' not null,
    city text default '' not null,
    state text default '' not null,
    zip_code text default '' not null,
    phone text default '' not null,
    active boolean not null,
    version integer default 0 not null,
    primary key (tenant_id, id)
)

create table providers (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    last_name text default '' not null,
    first_name text default '' not null,
    npi text default '' not null,
    taxonomy text default '' not null,
    active boolean not null,
    version integer default 0 not null,
    primary key (tenant_id, id)
)

create table submitters (
    tenant_id uuid not null,
    id uuid not null,
    name text default '' not null,
    edi_id text default '' not null,
    mode text default '' not null,
    next_control bigint default 1 not null,
    version integer default 0 not null,
    primary key (tenant_id, id),
    constraint submitters_itself check (id = tenant_id)
)

comment on table submitters is 'the billing company as the clearinghouse knows it, and its next control number'

create table acknowledgements (
    tenant_id uuid not null,
    id uuid not null,
    file_id uuid not null,
    claim_id uuid,
    kind text not null,
    verdict text not null,
    reported_by text not null,
    control_number text default '' not null,
    category text default '' not null,
    status text default '' not null,
    entity text default '' not null,
    errors jsonb default '[]' not null,
    received_at timestamp with time zone not null,
    primary key (tenant_id, id),
    foreign key(tenant_id, file_id) references clearinghouse_files (tenant_id, id)
)

create index acknowledgements_claim on acknowledgements (tenant_id, claim_id)

comment on table acknowledgements is 'each statement of each file and claim; claim_id null: it named nothing of ours'

create table claims (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    encounter_id uuid not null,
    patient_id uuid not null,
    payer_id uuid not null,
    rank integer default 0 not null,
    generation integer default 0 not null,
    frequency text not null,
    coding_version integer default 0 not null,
    service_from date not null,
    service_to date not null,
    charge_cents bigint default 0 not null,
    filing_due timestamp with time zone not null,
    filing_rule text default '' not null,
    status text not null,
    owner text not null,
    reported_by text not null,
    next_action_due timestamp with time zone,
    hold_reason text default '' not null,
    findings jsonb default '[]' not null,
    paid_cents bigint default 0 not null,
    patient_cents bigint default 0 not null,
    denied_cents bigint default 0 not null,
    balance text default '' not null,
    version integer default 0 not null,
    control_number text default '' not null,
    batch_id uuid,
    delivery_unconfirmed boolean default false not null,
    original_number text default '' not null,
    payer_control_number text default '' not null,
    accepted_at timestamp with time zone,
    accepted_by text default '' not null,
    remit_id uuid,
    close_reason text default '' not null,
    steps integer default 0 not null,
    member text,
    duplicate_key text default '' not null,
    opened_at timestamp with time zone not null,
    primary key (tenant_id, id),
    foreign key(tenant_id, batch_id) references batches (tenant_id, id),
    constraint claims_frequency check (frequency in ('1', '7', '8')),
    constraint claims_charge check (charge_cents >= 0)
)

create index claims_batch on claims (tenant_id, batch_id)

create index claims_duplicate on claims (tenant_id, duplicate_key)

create unique index claims_generation on claims (tenant_id, encounter_id, rank, generation)

create index claims_listed on claims (tenant_id, service_from, id)

create index claims_status on claims (tenant_id, status, service_from, id)

comment on table claims is '`member` is a sealed correction of the member identity in the coding'

create table submissions (
    tenant_id uuid not null,
    id uuid not null,
    claim_id uuid not null,
    batch_id uuid not null,
    version integer default 0 not null,
    control_number text not null,
    primary key (tenant_id, id),
    foreign key(tenant_id, batch_id) references batches (tenant_id, id)
)

create index submissions_batch on submissions (tenant_id, batch_id)

create unique index submissions_number on submissions (tenant_id, control_number)

create unique index submissions_version on submissions (tenant_id, claim_id, version)

comment on table submissions is 'each sending of a claim under its own number: how answers find their claim'

create table denial_work (
    tenant_id uuid not null,
    id uuid not null,
    practice_id uuid not null,
    claim_id uuid not null,
    encounter_id uuid not null,
    remit_id uuid not null,
    status text not null,
    category text not null,
    group_code text not null,
    carc text not null,
    rarc jsonb default '[]' not null,
    denied_cents bigint default 0 not null,
    lines jsonb default '[]' not null,
    partial boolean not null,
    root_cause text not null,
    owner text not null,
    next_step text not null,
    appeal_due date not null,
    due timestamp with time zone not null,
    opened_at timestamp with time zone not null,
    resolved_at timestamp with time zone,
    primary key (tenant_id, id),
    foreign key(tenant_id, claim_id) references claims (tenant_id, id)
)

create index denial_work_claim on denial_work (tenant_id, claim_id)

create index denial_work_listed on denial_work (tenant_id, status, due, id)
