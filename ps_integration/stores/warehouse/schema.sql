-- The warehouse. Declares, never infers. No primary key, unique constraint, index, sequence or
-- `on conflict`, so that the same statements run on a DuckLake catalog.
-- Money is `*_minor` (bigint, ISO 4217 minor units) beside `currency`; rates are decimal(18, 6)
-- per hour in major units; durations are integer seconds; instants are timestamptz in UTC;
-- `period` is the accounting month as text, '2026-03'. An `entry_id` is system || ':' || external_id.

create schema if not exists config;
create schema if not exists raw;
create schema if not exists quarantine;
create schema if not exists canonical;
create schema if not exists ops;
create schema if not exists billing;
create schema if not exists reconciliation;
create schema if not exists metrics;

-- config: the firm file as tables, written anew at the start of every run --------------------------

create table if not exists config.run (
    run_id varchar, as_of timestamptz, as_of_date date, config_hash varchar,
    ledger_seq bigint, reporting_currency varchar
);
alter table config.run add column if not exists time_zone varchar;     -- of the firm
create table if not exists config.currencies (currency varchar, minor_units integer, factor bigint);
create table if not exists config.legal_entities (
    legal_entity varchar, name varchar, currency varchar, time_zone varchar,
    rounding varchar,               -- half_up | half_even
    closed_period_policy varchar,   -- hold | shift | reject
    future_period_policy varchar,   -- hold | shift | reject
    corrections_policy varchar,     -- reverse_and_rebill | delta | ask
    voided_policy varchar,          -- hold | rebill | leave
    zero_lines boolean              -- lines of no amount go on an invoice that has others
);
-- The one way from an instant to a calendar date (in Python: domain/days.py): in a zone, or where a
-- legal entity is, which for what belongs to none is the firm's zone. Finance dates are taken in the
-- billing entity's zone, work dates where the person was (workflows/sql/work_dates.sql).
create or replace macro config.day_in(moment, zone) as cast(timezone(zone, moment) as date);
create or replace macro config.zone_of(entity) as coalesce(
    (select max(le.time_zone) from config.legal_entities as le where le.legal_entity = entity),
    (select max(ru.time_zone) from config.run as ru),
    'UTC'
);
create or replace macro config.day_of(moment, entity) as config.day_in(
    moment, config.zone_of(entity)
);
-- The night's date where a legal entity is.
create or replace macro config.today(entity) as config.day_of(
    (select max(ru.as_of) from config.run as ru), entity
);
create table if not exists config.systems (
    system varchar, vendor varchar, roles varchar,      -- roles: comma separated, sorted
    account varchar,    -- the first system of the same vendor account; limits hold for all of them
    freshness_hours integer, quantity_decimals integer  -- ERP quantity scale, default 5
);
-- What a vendor account may be called in so many seconds, an hour or more.
create table if not exists config.quotas (account varchar, calls bigint, seconds bigint);
-- Which system serves which legal entity, by role and date. role: time | psa | erp | hr | crm.
create table if not exists config.routing (
    role varchar, legal_entity varchar, system varchar, company varchar,
    valid_from date, valid_to date  -- [valid_from, valid_to), both always set
);
create table if not exists config.going_live (
    legal_entity varchar, time_system varchar, bill_from date
);
create table if not exists config.ownership (object_kind varchar, field varchar, system varchar);
create table if not exists config.rate_precedence (scope varchar, rank integer);
-- What an hour of a legal entity's people costs the firm, where it says so.
create table if not exists config.labour_costs (
    legal_entity varchar, currency varchar, hour_minor bigint
);
create table if not exists config.revenue_targets (system varchar, object_number varchar);
-- Public holidays where a legal entity's people work, from its holiday calendar.
create table if not exists config.public_holidays (legal_entity varchar, day date, name varchar);
create table if not exists config.rule_settings (
    rule varchar, setting varchar, value varchar
);
-- What the tables were like when a night left them (stores/warehouse/seals.py), and what of them was
-- found otherwise by this run and put right, or not: one sentence each.
create table if not exists config.seals (
    run_id varchar, table_name varchar, system varchar, stream varchar, row_count bigint,
    digest varchar, columns varchar, top bigint
);
create table if not exists config.mendings (run_id varchar, sentence varchar);
create or replace view config.system_roles as
select sy.system, trim(ro.role) as role
from config.systems as sy, unnest(string_split(sy.roles, ',')) as ro (role);

-- raw: what the systems said, exactly, append-only ------------------------------------------------

create table if not exists raw.records (
    raw_seq bigint, system varchar, stream varchar, record_id varchar,
    payload varchar,            -- the record's own bytes as text; null on a tombstone
    payload_sha256 varchar,
    is_tombstone boolean,
    source_updated_at timestamptz, fetched_at timestamptz, run_id varchar,
    source_day varchar          -- business date, for streams that are listed again by window
);
alter table raw.records add column if not exists source_place varchar;  -- file and row, when landed
-- JSON of why the record is refused whatever its payload says; what stood beside it said so
alter table raw.records add column if not exists flaw varchar;
create table if not exists raw.reads (
    run_id varchar, system varchar, stream varchar, mode varchar,   -- incremental | full | window
    window_from varchar, window_to varchar,                         -- inclusive from, exclusive to
    status varchar,                                                 -- complete | failed | absent
    pages integer, records_read bigint, records_changed bigint,
    started_at timestamptz, finished_at timestamptz,
    error_kind varchar, error_message varchar
);
create table if not exists raw.watermarks (
    system varchar, stream varchar, watermark varchar, moved_at timestamptz, run_id varchar
);
-- A record missing from a complete re-listing of its window; two clean misses make a tombstone.
-- It stays known here until the record is seen again.
create table if not exists raw.missing (
    system varchar, stream varchar, record_id varchar, run_id varchar, missed_at timestamptz,
    misses integer
);
-- A record that a complete listing lacks together with so many others that the listing proves
-- nothing: it counts as deleted only when a person says so, and until then what is known of it
-- stands. One row per record and as long as it is so; since = the first such listing.
create table if not exists raw.doubted (
    system varchar, stream varchar, record_id varchar, since timestamptz, missed_at timestamptz,
    run_id varchar
);
-- Every field path a stream has ever shown. First seen on the first read = the known shape.
create table if not exists raw.shapes (
    system varchar, stream varchar, path varchar, json_type varchar,
    first_seen_at timestamptz, last_seen_at timestamptz,
    run_id varchar,         -- the last run that saw it
    records_seen bigint     -- records looked at, over all runs, that had it
);
-- Marks of ours that once stood in the payloads of file drops are no fields of the source.
delete from raw.shapes
where
    path in ('again', 'lookup_twice', 'wrong_width', 'wrong_width[]', 'header', 'header[]')
    and (system, stream) in (
        select (sh.system, sh.stream) from raw.shapes as sh
        where sh.path = 'cells'
    );
-- How many changed records each run looked at. A path of a stream that was in more than 99 % of
-- the records looked at since it was first seen, and in none of a run's 20 or more, is missing.
create table if not exists raw.shape_runs (
    run_id varchar, system varchar, stream varchar, seen_at timestamptz, records bigint
);

-- Calls of each system, step by step; those of one run add up. noted_at is the night's instant.
create table if not exists raw.calls (
    run_id varchar, system varchar, calls bigint, noted_at timestamptz
);
-- How much of each quota is used up at an instant by all that was called within its seconds.
create or replace macro raw.quota_use(moment) as table
select
    qu.account as system,
    qu.seconds,
    qu.calls as calls_allowed,
    coalesce(sum(ca.calls), 0)::bigint as calls
from config.quotas as qu
inner join config.systems as sy on qu.account = sy.account
left join raw.calls as ca
    on
        sy.system = ca.system
        and ca.noted_at > moment - to_seconds(qu.seconds)
        and ca.noted_at <= moment
group by qu.account, qu.seconds, qu.calls;

create or replace view raw.current_records as
select *
from raw.records
qualify row_number() over (partition by system, stream, record_id order by raw_seq desc) = 1;

-- quarantine --------------------------------------------------------------------------------------

create table if not exists quarantine.records (
    system varchar, stream varchar, record_id varchar, raw_seq bigint,
    object varchar, contract_version varchar,
    rule varchar, field varchar, value varchar, remedy varchar,
    first_seen_at timestamptz, last_seen_at timestamptz, run_id varchar
);

-- What a record in quarantine still tells of itself, for each object that it is or may be: null is
-- what it does not say in a form that can be read (workflows/told.py).
create table if not exists quarantine.told (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, object varchar,
    has_period boolean,             -- false: master data, or a milestone that is not reached
    first_day date, last_day date,  -- null = of a day that cannot be read
    seconds bigint, is_approved boolean, amount_minor bigint, currency varchar
);
-- One row per record, with the hash of all that is shown of it: what decisions are bound to.
create or replace view quarantine.cases as
select
    qr.system,
    qr.stream,
    qr.record_id,
    qr.raw_seq,
    min(qr.first_seen_at) as first_seen_at,
    max(qr.last_seen_at) as last_seen_at,
    any_value(rr.fetched_at) as fetched_at,
    any_value(rr.source_place) as source_place,
    sha256(concat_ws(
        chr(31),
        any_value(rr.payload_sha256),
        string_agg(
            concat_ws(chr(30), qr.object, qr.rule, qr.field, coalesce(qr.value, chr(29))), chr(31)
            order by qr.object, qr.rule, qr.field, qr.value
        )
    )) as content_sha256
from quarantine.records as qr
left join raw.records as rr on qr.raw_seq = rr.raw_seq
group by qr.system, qr.stream, qr.record_id, qr.raw_seq;

-- The same with hours and money that the record tells, and whether it may hide approved time or
-- money: it may, unless it is master data or says itself that it is not approved.
create or replace view quarantine.held as
select
    ca.*,
    max(tl.seconds) filter (where tl.object = 'time_entries') as seconds,
    bool_and(tl.is_approved) filter (where tl.object <> 'erp_lines') as is_approved,
    max(abs(tl.amount_minor)) filter (where tl.object <> 'erp_lines') as amount_minor,
    max_by(tl.currency, abs(tl.amount_minor)) filter (where tl.object <> 'erp_lines') as currency,
    coalesce(bool_or(tl.has_period and tl.is_approved is distinct from false), true) as may_hide,
    coalesce(bool_or(tl.object = 'time_entries'), false) as is_time
from quarantine.cases as ca
left join quarantine.told as tl
    on
        ca.system = tl.system
        and ca.stream = tl.stream
        and ca.record_id = tl.record_id
        and ca.raw_seq = tl.raw_seq
group by all;

-- canonical: one current row per object and system; deleted records have left, see raw ------------
-- While a record waits in quarantine, what it last said in a readable form stands: rows of an older
-- raw row. Only what is billed itself (time entries, milestones, expenses) leaves.
-- Every table starts with the same five columns: where the row came from.

-- How far each stream has been conformed, and with which mapping.
create table if not exists canonical.conformed (
    system varchar, stream varchar, raw_seq bigint, mapping_hash varchar
);
-- Which canonical tables the records of a stream become.
create table if not exists canonical.feeds (system varchar, stream varchar, object varchar);
alter table canonical.feeds add column if not exists is_from_entries boolean;  -- hours are its list
-- Records whose newest raw row was understood and gave no row of a billed table that the stream
-- feeds: the source's own word that there is none (a milestone that it marks as deleted).
create table if not exists canonical.without_rows (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, object varchar
);
create table if not exists canonical.customers (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    match_key varchar, name varchar, currency varchar, legal_entity varchar,
    company varchar, is_blocked boolean, updated_at timestamptz
);
create table if not exists canonical.projects (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    match_key varchar, name varchar,
    customer_external_id varchar, customer_key varchar,  -- match key of the customer, when known here
    legal_entity varchar, company varchar, currency varchar,
    status varchar,             -- planned | active | closed
    billing_type varchar,       -- time_and_materials | milestone | fixed_fee | internal; null = unknown here
    is_billable boolean,
    cap_minor bigint,           -- not to exceed, in `currency`; null = none
    tax_code varchar, revenue_account varchar, cost_centre varchar,
    billing_rule varchar, purchase_order varchar,
    has_billing_attributes boolean,  -- false where the system cannot say (then the last five are null)
    starts_on date, ends_on date, closed_on date, updated_at timestamptz
);
create table if not exists canonical.tasks (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    match_key varchar, project_external_id varchar, name varchar,
    is_billable boolean, is_active boolean, updated_at timestamptz
);
create table if not exists canonical.resources (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    match_key varchar, name varchar, email varchar, home_legal_entity varchar,
    home_valid_from date,                   -- the first day of the home entity
    role varchar, supplier_key varchar,     -- who invoices a subcontractor; null = an employee
    time_zone varchar, is_active boolean,
    starts_on date, ends_on date, updated_at timestamptz
);
create table if not exists canonical.assignments (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    project_external_id varchar, task_external_id varchar, resource_external_id varchar,
    role varchar, starts_on date, ends_on date, is_active boolean
);
create table if not exists canonical.rates (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    scope varchar,      -- assignment | project_role | project | role | resource
    project_external_id varchar, resource_external_id varchar, task_external_id varchar,
    role varchar, currency varchar, unit_price decimal(18, 6),   -- per hour
    valid_from date, valid_to date      -- [valid_from, valid_to); valid_to null = open
);
create table if not exists canonical.time_entries (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    resource_external_id varchar, project_external_id varchar, task_external_id varchar,
    role varchar, work_date date, seconds bigint, is_billable boolean,
    approval_state varchar,     -- draft | submitted | approved | rejected | by_request (see approvals)
    approved_at timestamptz, approver varchar, is_locked boolean, is_running boolean,
    is_invoiced boolean,        -- the source's own mark
    unit_price decimal(18, 6), currency varchar,    -- the source's own rate, when it gives one
    started_at timestamptz, ended_at timestamptz, time_zone varchar,
    note varchar, submitted_at timestamptz, updated_at timestamptz
);
-- Approval evidence that comes apart from the entry (timesheets, approval requests).
create table if not exists canonical.approvals (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    entry_external_id varchar, state varchar,   -- submitted | approved | rejected | withdrawn
    approver varchar, decided_at timestamptz, updated_at timestamptz
);
-- Time entries with the approval they have tonight: an entry that is approved by request takes the
-- latest decision about it; a withdrawn request, or none, leaves it a draft.
create or replace view canonical.entry_states as
with decisions as (
    select
        system, entry_external_id, state, approver, decided_at, updated_at
    from canonical.approvals
    qualify row_number() over (
        partition by system, entry_external_id
        order by coalesce(decided_at, updated_at) desc nulls last, raw_seq desc, external_id desc
    ) = 1
)
select
    te.* exclude (approval_state, approved_at, approver, submitted_at),
    case
        when te.approval_state <> 'by_request' then te.approval_state
        when de.state in ('approved', 'rejected', 'submitted') then de.state
        else 'draft'
    end as approval_state,
    case when te.approval_state <> 'by_request' then te.approved_at
        when de.state = 'approved' then de.decided_at end as approved_at,
    case when te.approval_state <> 'by_request' then te.approver
        when de.state = 'approved' then de.approver end as approver,
    case when te.approval_state <> 'by_request' then te.submitted_at
        when de.state = 'submitted' then coalesce(te.submitted_at, de.updated_at)
    end as submitted_at
from canonical.time_entries as te
left join decisions as de
    on te.approval_state = 'by_request'
    and te.system = de.system and te.external_id = de.entry_external_id;
create table if not exists canonical.expenses (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    resource_external_id varchar, project_external_id varchar, category varchar, spent_on date,
    amount_minor bigint, currency varchar, is_billable boolean, approval_state varchar,
    has_receipt boolean, is_invoiced boolean, note varchar, updated_at timestamptz
);
create table if not exists canonical.milestones (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    project_external_id varchar, name varchar, amount_minor bigint, currency varchar,
    is_reached boolean, reached_on date, is_invoiced boolean, updated_at timestamptz
);
-- What was known when days of instants began to be taken where they belong: filled once, when the
-- store is upgraded, so that no work and no milestone moves because of it. A kept day counts while
-- the entry's start is the same, and while a milestone would move by no more than a day.
create table if not exists canonical.kept_days as
select system, stream, external_id, started_at, work_date
from canonical.time_entries
where started_at is not null and work_date is not null;
-- Every time zone, every home entity and every state that a person's profile has shown, by the raw
-- record that showed it: from raw.
create table if not exists canonical.shown_zones (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    time_zone varchar
);
create table if not exists canonical.shown_homes (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    home_legal_entity varchar, home_valid_from date     -- null = nobody says since when
);
create table if not exists canonical.shown_states (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    is_active boolean
);
-- What the work date of time that says only when it started was derived from.
create table if not exists canonical.work_days (
    system varchar, stream varchar, external_id varchar, started_at timestamptz,
    zone varchar, zone_raw_seq bigint,  -- the profile's record; null = the entry's own zone
    how varchar,                        -- derived | kept (as before an upgrade) | decided
    work_date date
);
create table if not exists canonical.kept_milestone_days as
select system, external_id, reached_on
from canonical.milestones
where reached_on is not null;
-- The identity of what is billed of a milestone: a change of any of the three is a new version. One
-- that is not reached any more, or gone, has nothing to bill.
create or replace macro canonical.milestone_sha(minor, currency, reached_on) as sha256(
    concat_ws('|', minor, currency, reached_on)
);
create or replace macro canonical.milestone_gone_sha() as sha256('not reached');
create or replace view canonical.milestone_versions as
select
    system || ':' || external_id as object_id,
    if(
        coalesce(is_reached, false),
        canonical.milestone_sha(amount_minor, currency, reached_on),
        canonical.milestone_gone_sha()
    ) as version_sha256
from canonical.milestones;
-- Milestones that the source says are there no more: a tombstone with its readings, or a record that
-- was understood and gives none. One that is in quarantine or simply absent is neither: unknown.
create or replace view canonical.gone_milestones as
select rr.system || ':' || rr.record_id as object_id
from raw.records as rr
semi join canonical.feeds as fe
    on rr.system = fe.system and rr.stream = fe.stream and fe.object = 'milestones'
qualify
    rr.is_tombstone
    and row_number() over (
        partition by rr.system, rr.stream, rr.record_id
        order by rr.raw_seq desc
    ) = 1
union
select system || ':' || record_id as object_id
from canonical.without_rows
where object = 'milestones';
create table if not exists canonical.erp_documents (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    company varchar, kind varchar,      -- invoice | credit_memo
    number varchar, reference varchar,  -- reference = our document_ref when it is ours
    status varchar,                     -- draft | open | part_paid | paid | cancelled | corrective
    is_posted boolean,                  -- was in the books at some time, voided since or not
    is_standing boolean,                -- counts in the books now
    customer_key varchar, currency varchar, invoice_date date, posting_date date,
    amount_minor bigint,                -- before tax; credit memos are positive here
    tax_minor bigint, total_minor bigint, remaining_minor bigint,
    credited_minor bigint,              -- of an invoice's total: settled by credit, not by money
    applies_to varchar,                 -- a credit memo's: external id of the invoice it settles
    updated_at timestamptz
);
create table if not exists canonical.erp_lines (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    company varchar, document_external_id varchar, line_no integer,
    line_type varchar, object_number varchar,  -- account or resource number
    project_key varchar,                       -- value of the project dimension
    description varchar, quantity decimal(18, 5), unit_price decimal(18, 6),
    amount_minor bigint, currency varchar, tax_code varchar
);
create table if not exists canonical.accounting_periods (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    company varchar, period varchar, starts_on date, ends_on date,  -- [starts_on, ends_on)
    state varchar               -- open | closed | not_open
);
create table if not exists canonical.fx_rates (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    company varchar, from_currency varchar, to_currency varchar, rate_type varchar,
    valid_on date, rate decimal(28, 12)  -- 1 from_currency = rate to_currency, from valid_on until the next
);
-- What one legal entity bills another for its people's work in a month; no project = all of them.
create table if not exists canonical.intercompany_charges (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    company varchar, from_legal_entity varchar, to_legal_entity varchar, project_key varchar,
    period varchar, number varchar, is_posted boolean, amount_minor bigint, currency varchar,
    updated_at timestamptz
);
-- What a supplier invoices for one person's work in a month; no project = all of them.
create table if not exists canonical.subcontractor_costs (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    company varchar, supplier_key varchar, resource_key varchar, project_key varchar,
    period varchar, number varchar, is_posted boolean, seconds bigint, amount_minor bigint,
    currency varchar, updated_at timestamptz
);
-- What a PSA or time system believes of an invoice (its copy of the ERP's status).
create table if not exists canonical.invoice_statuses (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    subject_kind varchar,       -- project | milestone | time_entry
    subject_external_id varchar,
    reference varchar,          -- ERP document external id (BC: invoice id); null for a bare mark
    -- draft | open | part_paid | paid | part_credited | credited | cancelled | invoiced
    status varchar,
    message varchar, updated_at timestamptz
);
-- A sale of the CRM; `project_key` is the key of the project it became, where the CRM knows it.
create table if not exists canonical.opportunities (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    name varchar, customer_key varchar, legal_entity varchar,
    stage varchar,              -- open | won | lost
    won_on date, amount_minor bigint, currency varchar, project_key varchar,
    updated_at timestamptz
);
-- Leave, as HR has it: first and last day away.
create table if not exists canonical.absences (
    system varchar, stream varchar, record_id varchar, raw_seq bigint, external_id varchar,
    resource_external_id varchar, kind varchar, starts_on date, ends_on date,
    seconds_per_day bigint,     -- null = the whole day
    approval_state varchar,     -- draft | submitted | approved | rejected
    updated_at timestamptz
);
create table if not exists canonical.crosswalk (
    object_kind varchar,        -- project | customer | resource | task | legal_entity
    canonical_id varchar, system varchar, external_id varchar,
    valid_from date, valid_to date,     -- [valid_from, valid_to), both always set
    how varchar                 -- match_key | configured
);
-- Which canonical object a key means tonight, where a system gives keys only: whose records carry it,
-- else which was made from it, else which once had it. Written with the crosswalk.
create table if not exists canonical.keys (
    object_kind varchar, match_key varchar, canonical_id varchar
);
-- The canonical id that a key of another system's record means; a key that nobody knows means itself.
create or replace macro canonical.id_of(kind, said) as
coalesce(
    (
        select any_value(ke.canonical_id) from canonical.keys as ke
        where ke.object_kind = kind and ke.match_key = lower(trim(said))
    ),
    lower(trim(said))
);
-- Every version of every entry, append-only: a new row only when a billing-relevant field changed.
create table if not exists canonical.entry_versions (
    entry_id varchar, version_no integer, version_sha256 varchar, raw_seq bigint,
    system varchar, stream varchar, record_id varchar, external_id varchar,
    resource_external_id varchar, project_external_id varchar, task_external_id varchar,
    role varchar, work_date date, seconds bigint, is_billable boolean,
    approval_state varchar, is_deleted boolean,
    approved_at timestamptz, is_approved_at_observed boolean,
    first_seen_at timestamptz, run_id varchar
);

create or replace view canonical.current_versions as
select ev.*
from canonical.entry_versions as ev
semi join (
    select entry_id, max(version_no) as version_no from canonical.entry_versions group by entry_id
) as la on ev.entry_id = la.entry_id and ev.version_no = la.version_no;

-- ops: a copy of the operational store under one ledger sequence number (config.run.ledger_seq) ---

create table if not exists ops.documents (
    document_ref varchar, batch_id varchar, kind varchar, system varchar, company varchar,
    legal_entity varchar, project_id varchar, customer_key varchar, currency varchar,
    period varchar, posting_date date, state varchar, amount_minor bigint,
    erp_id varchar, erp_number varchar, readback_minor bigint,
    sent_at timestamptz, confirmed_at timestamptz, hold_reason varchar,
    content_sha256 varchar,     -- of the planned document; the plan reuses a reference by it
    content varchar,            -- JSON: what its header said of project, tax code and accounts
    readback varchar            -- JSON: what the ERP held right after it was posted
);
alter table ops.documents add column if not exists readback varchar;
alter table ops.documents add column if not exists unknown_until timestamptz;
alter table ops.documents add column if not exists invoice_date date;  -- as first sent
create table if not exists ops.posting_lines (
    line_key varchar, document_ref varchar, line_no integer,
    object_kind varchar,        -- time_entry | milestone | expense | adjustment
    object_id varchar,          -- entry_id for time_entry; system:external_id for milestone
    part integer, correction_no integer, version_sha256 varchar,
    project_id varchar, legal_entity varchar, period varchar, work_date date,
    seconds bigint, quantity decimal(18, 5), unit_price decimal(18, 6),
    amount_minor bigint, currency varchar,
    correction varchar,         -- reversal | rebill | delta; null = no correction
    corrects_document_ref varchar, corrects_line_key varchar,
    corrects_reason varchar     -- edited_after_posting | moved | ... (billing/sql)
);
-- Posted documents of ours that the ERP cancelled since: net confirmed = posted - reversed.
create table if not exists ops.erp_reversals (
    document_ref varchar, amount_minor bigint, currency varchar, erp_number varchar,
    found_at timestamptz, policy varchar
);
create table if not exists ops.batches (
    batch_id varchar, system varchar, company varchar, legal_entity varchar, period varchar,
    currency varchar, line_count bigint, amount_minor bigint, status varchar
);
create table if not exists ops.approvals (
    batch_id varchar, decision varchar, maker varchar, decided_by varchar, decided_at timestamptz,
    note varchar, content_sha256 varchar
);
alter table ops.approvals add column if not exists is_break_glass boolean;
create table if not exists ops.ledger (
    seq bigint, "at" timestamptz, document_ref varchar, from_state varchar, to_state varchar,
    attempt integer, run_id varchar
);
create table if not exists ops.open_breaks (
    break_id varchar, rule varchar, record_key varchar, period varchar, state varchar,
    blocked_kind varchar, blocked_id varchar, opened_at timestamptz
);
create table if not exists ops.breaks (
    break_id varchar, rule varchar, owner varchar, severity varchar, state varchar,
    blocked_kind varchar, blocked_id varchar
);
-- The turns of a break's life and what people did; not each night's `seen`.
create table if not exists ops.break_events (
    seq bigint, break_id varchar, "at" timestamptz, event varchar
);
create table if not exists ops.decisions (
    kind varchar,               -- write_off | waiver
    entry_id varchar, part integer, reason varchar, decided_by varchar, seconded_by varchar,
    amount_minor bigint, currency varchar   -- as it was when it was decided
);
alter table ops.decisions add column if not exists amount_minor bigint;
alter table ops.decisions add column if not exists currency varchar;
-- What people decided about lines typed into an ERP by hand, as both sides were then.
-- Entries that a person dated anew because the zone was wrong; the newest counts.
create table if not exists ops.day_decisions (
    decision_id bigint, entry_id varchar, zone varchar, decided_by varchar
);
create table if not exists ops.match_decisions (
    decision_id bigint,
    decision varchar,           -- accepted | proposed | rejected | withdrawn
    lines varchar,              -- JSON by record key: number, line_no, seconds, amount_minor
    entries varchar,            -- JSON by entry id: version_sha256, seconds, amount_minor
    project_id varchar, currency varchar, difference_minor bigint,
    decided_by varchar, decided_at timestamptz, note varchar,
    withdraws bigint            -- what it takes back, or the proposal that it confirms
);
-- What people said was deleted; what is only proposed deletes nothing.
create table if not exists ops.deletion_decisions (
    decision_id bigint,
    decision varchar,           -- accepted | proposed
    system varchar, stream varchar,
    records varchar,            -- JSON by record id
    decided_by varchar, decided_at timestamptz, note varchar
);
-- What people decided about records in quarantine; what is only proposed sets nothing aside.
create table if not exists ops.quarantine_decisions (
    decision_id bigint,
    decision varchar,           -- set_aside | proposed | restored
    system varchar, stream varchar, record_id varchar,
    content_sha256 varchar,     -- of what was shown; a record that has changed is undecided again
    decided_by varchar, decided_at timestamptz, note varchar
);
-- Records in quarantine that are set aside as they stand now: the last decision about them says so.
create or replace view quarantine.aside as
select
    ca.system,
    ca.stream,
    ca.record_id,
    max_by(qd.decided_by, qd.decision_id) as decided_by,
    max_by(qd.decided_at, qd.decision_id) as decided_at,
    max_by(qd.note, qd.decision_id) as note
from quarantine.cases as ca
inner join ops.quarantine_decisions as qd
    on
        ca.system = qd.system
        and ca.stream = qd.stream
        and ca.record_id = qd.record_id
        and ca.content_sha256 = qd.content_sha256
group by ca.system, ca.stream, ca.record_id
having max_by(qd.decision, qd.decision_id) = 'set_aside';
create table if not exists ops.openings (
    legal_entity varchar, time_system varchar, bill_from date, signed_by varchar
);
create table if not exists ops.feedback (
    system varchar, subject_kind varchar, subject_external_id varchar, reference varchar,
    status varchar, state varchar, changed_at timestamptz, told_at timestamptz
);

-- Canonical ids and which record of which system is which of them: decided once, when a record was
-- first seen. The newest link of a record counts; an older one says what it was called before.
create table if not exists ops.canonical_ids (
    object_kind varchar, canonical_id varchar, born_key varchar, made_at timestamptz, run_id varchar
);
create table if not exists ops.record_links (
    link_id bigint, object_kind varchar, system varchar, stream varchar, record_id varchar,
    external_id varchar, match_key varchar, canonical_id varchar,
    how varchar,                -- seeded | match_key | configured | followed
    seen_at timestamptz, run_id varchar
);
create or replace view canonical.links as
select *
from ops.record_links
qualify
    row_number() over (
        partition by object_kind, system, stream, record_id, external_id order by link_id desc
    ) = 1;
-- Every record that is a project, customer, person or task, with the key it gives tonight.
create or replace view canonical.known_records as
select
    'project' as object_kind, system, stream, record_id, external_id, min(match_key) as match_key
from canonical.projects group by all
union all
select
    'customer' as object_kind, system, stream, record_id, external_id, min(match_key) as match_key
from canonical.customers group by all
union all
select
    'resource' as object_kind, system, stream, record_id, external_id, min(match_key) as match_key
from canonical.resources group by all
union all
select
    'task' as object_kind, system, stream, record_id, external_id, min(match_key) as match_key
from canonical.tasks group by all;

-- Records that were linked once and that their system does not list any more, or left out of its last
-- listing.
create or replace view canonical.vanished_records as
with living as (
    select kr.object_kind, kr.system, kr.external_id
    from canonical.known_records as kr
    anti join raw.missing as ms
        on kr.system = ms.system and kr.stream = ms.stream and kr.record_id = ms.record_id
    anti join raw.doubted as db
        on kr.system = db.system and kr.stream = db.stream and kr.record_id = db.record_id
)

select distinct li.object_kind, li.system, li.external_id, li.canonical_id
from canonical.links as li
anti join living as lv
    on
        li.object_kind = lv.object_kind
        and li.system = lv.system
        and li.external_id = lv.external_id;
-- Versions of entries that named a project, person or task which has vanished, and whose entry names
-- another one now: probably the same thing under another number or title, or two that were merged.
create or replace view canonical.renumbered_versions as
with several as (
    select distinct entry_id from canonical.entry_versions where version_no > 1
),

versions as (
    select ev.* from canonical.entry_versions as ev semi join several as se on ev.entry_id = se.entry_id
),

newest as (
    select *
    from versions
    qualify row_number() over (partition by entry_id order by version_no desc) = 1
),

changes as (
    select
        ev.entry_id,
        ev.version_sha256,
        ev.system,
        unnest([
            {
                'object_kind': 'project',
                'was': ev.project_external_id,
                'now': cv.project_external_id
            },
            {
                'object_kind': 'resource',
                'was': ev.resource_external_id,
                'now': cv.resource_external_id
            },
            { 'object_kind': 'task', 'was': ev.task_external_id, 'now': cv.task_external_id }
        ]) as change
    from versions as ev
    inner join newest as cv on ev.entry_id = cv.entry_id
    where ev.version_sha256 <> cv.version_sha256 and not cv.is_deleted
)

select
    ch.entry_id,
    ch.version_sha256,
    ch.system,
    ch.change.object_kind as object_kind,
    ch.change.was as was,
    ch.change.now as now,
    vr.canonical_id as was_id
from changes as ch
inner join canonical.vanished_records as vr
    on
        ch.change.object_kind = vr.object_kind
        and ch.system = vr.system
        and ch.change.was = vr.external_id
where
    ch.change.was <> ch.change.now
    and not exists (
        select 1 from canonical.crosswalk as cw
        where
            cw.object_kind = vr.object_kind
            and cw.system = ch.system
            and cw.external_id = ch.change.now
            and cw.canonical_id = vr.canonical_id
    );

-- billing: rebuilt every night --------------------------------------------------------------------

-- One row per current entry of a routed or unrouted time system, with everything resolved.
create table if not exists billing.entries (
    entry_id varchar, system varchar, external_id varchar, raw_seq bigint,
    version_no integer, version_sha256 varchar,
    is_primary boolean,         -- this system supplies billable time for the person's entity that day
    resource_external_id varchar, project_external_id varchar, task_external_id varchar,
    resource_id varchar, project_id varchar, task_id varchar,  -- canonical ids; null = no mapping
    resource_matches integer, project_matches integer,         -- crosswalk rows valid on work_date
    role varchar, home_legal_entity varchar,
    work_date date, seconds bigint, is_billable boolean,
    approval_state varchar, approved_at timestamptz, is_deleted boolean, is_invoiced boolean,
    legal_entity varchar, currency varchar, period varchar, customer_key varchar,
    project_status varchar, billing_type varchar, project_is_billable boolean,
    task_is_billable boolean, cap_minor bigint, closed_on date,
    erp_system varchar, erp_company varchar, period_state varchar
);
-- One row per canonical project: each field from its system of record.
create table if not exists billing.projects (
    project_id varchar, name varchar, customer_key varchar, legal_entity varchar, currency varchar,
    status varchar, billing_type varchar, is_billable boolean,
    cap_minor bigint,           -- not to exceed, in `currency`; null = none, or in another currency
    tax_code varchar, revenue_account varchar, cost_centre varchar, billing_rule varchar,
    purchase_order varchar, closed_on date,
    psa_system varchar, psa_external_id varchar,
    erp_system varchar, erp_company varchar, erp_external_id varchar,
    other_cap_minor bigint, other_cap_currency varchar  -- a cap that is not in `currency`
);
create table if not exists billing.resources (
    resource_id varchar, name varchar, email varchar, home_legal_entity varchar, role varchar,
    is_active boolean, starts_on date, ends_on date, source_system varchar
);
-- Since when the system of record has shown a person as inactive; null = active, or not seen.
alter table billing.resources add column if not exists inactive_seen_at timestamptz;
-- The home entity of each resource by day, without gap or overlap: what its system of record has
-- shown since when. A home without a first day counts for all days.
create table if not exists billing.resource_homes (
    resource_id varchar, home_legal_entity varchar, valid_from date, valid_to date
);
-- The price of one hour for each current, approved, billable entry, with its derivation.
create table if not exists billing.rated_entries (
    entry_id varchar, version_no integer,
    rate_id varchar, rate_system varchar, rate_scope varchar, rate_candidates integer,
    rate_price decimal(18, 6), rate_currency varchar,
    fx_rate decimal(28, 12), fx_valid_on date, fx_source varchar,
    unit_price decimal(18, 6), currency varchar,
    quantity decimal(18, 5), amount_minor bigint,
    problem varchar,            -- rate_missing | rate_overlap | fx_missing | fx_stale; null = priced
    derivation varchar          -- one plain sentence
);
-- Exactly one row per part of a current, approved entry version.
create table if not exists billing.dispositions (
    entry_id varchar, version_no integer, version_sha256 varchar, part integer,
    seconds bigint, quantity decimal(18, 5), unit_price decimal(18, 6),
    amount_minor bigint,        -- null = unpriced; 0 for covered and non_billable
    currency varchar, legal_entity varchar, period varchar,  -- 'unassigned' where it cannot be placed
    project_id varchar, resource_id varchar, work_date date,
    disposition varchar, reason varchar, evidence varchar, break_id varchar,
    document_ref varchar, posting_period varchar
);
-- Corrections that may be planned tonight, line by line (billing/sql/correction_lines.sql).
create table if not exists billing.correction_lines (
    object_kind varchar, object_id varchar, source_system varchar, external_id varchar,
    part integer, correction_no integer, correction varchar, corrects_document_ref varchar,
    corrects_line_key varchar, corrects_reason varchar, version_sha256 varchar,
    project_id varchar, legal_entity varchar, currency varchar, period varchar,
    posting_period varchar, work_date date, seconds bigint, quantity decimal(18, 5),
    unit_price decimal(18, 6), amount_minor bigint, system varchar, company varchar,
    customer_key varchar, project_external_id varchar, purchase_order varchar, tax_code varchar,
    cost_centre varchar, revenue_account varchar,
    planned_ref varchar,        -- the planned document that has this very line already
    what varchar
);
-- What raw records came to, counted apart from the dispositions.
create table if not exists billing.completeness (
    legal_entity varchar, currency varchar, period varchar,
    approved_count bigint, approved_seconds bigint, approved_minor bigint, unpriced_count bigint,
    disposed_count bigint, disposed_seconds bigint, disposed_minor bigint,
    disposed_unpriced_count bigint, holds boolean
);
create table if not exists billing.record_counts (
    system varchar, raw_records bigint, not_approved bigint, approved bigint,
    quarantined bigint, deleted bigint, superseded bigint, holds boolean
);
-- Records that do not follow from what they were made of (billing/sql/link_*.sql).
create table if not exists billing.broken_links (
    equation varchar,           -- completeness | ledger
    table_name varchar, record_key varchar, problem varchar
);
create table if not exists billing.ledger_equation (
    legal_entity varchar, currency varchar, period varchar, confirmed_minor bigint,
    in_flight_minor bigint, target_minor bigint, owed_minor bigint, erp_minor bigint,
    unexplained bigint,         -- lines, documents and entries that fit nowhere; see ledger.sql
    holds boolean,
    named_minor bigint  -- what of ERP less confirmed a break names that holds the customer
);
alter table billing.ledger_equation add column if not exists named_minor bigint;
-- `entry_id` is the entry's or the milestone's id; one row per group it was or is billed under.
create table if not exists billing.corrections_owed (
    entry_id varchar, project_id varchar, legal_entity varchar, currency varchar, period varchar,
    confirmed_minor bigint, in_flight_minor bigint, target_minor bigint, owed_minor bigint,
    reason varchar, object_kind varchar,
    state varchar,              -- planned | to_be_planned | in_flight | policy_asks | what holds it
    evidence varchar, document_refs varchar
);
-- Milestones reached, priced and their fate, as dispositions have it for time.
create table if not exists billing.milestones (
    object_id varchar, project_id varchar, name varchar, reached_on date, legal_entity varchar,
    currency varchar, period varchar, amount_minor bigint, customer_key varchar,
    disposition varchar, reason varchar, break_id varchar, document_ref varchar,
    posting_period varchar, erp_system varchar, erp_company varchar, part integer
);

-- What stands in documents of ours, by object: the newest line that bills, and what all lines come
-- to. Held: today's master data says otherwise, and the object is accounted for as it was posted.
create table if not exists billing.as_posted (
    object_kind varchar, object_id varchar, document_ref varchar, part integer,
    version_sha256 varchar, project_id varchar, legal_entity varchar, currency varchar,
    period varchar, customer_key varchar, system varchar, company varchar,
    unit_price decimal(18, 6), billed_seconds bigint, billed_minor bigint,
    is_held boolean, is_role_held boolean,
    -- whether the entry itself still names that project, person and task
    is_same_project boolean, is_same_person boolean, is_same_task boolean
);
-- Posted entries as today's master data would have them, where that differs; and their prices.
create table if not exists billing.entries_today as
select * from billing.entries limit 0;
create table if not exists billing.rated_today as
select * from billing.rated_entries limit 0;
-- Posted work that today's master data would bill otherwise: what changed, and its effect.
create table if not exists billing.posted_changes (
    change_id varchar, cause_id varchar,  -- of this object; of all objects of the same cause
    object_kind varchar, object_id varchar,
    what varchar,               -- the fields that changed, e.g. 'customer, currency'
    subject_kind varchar, subject varchar,  -- resource, task or project that was changed
    from_value varchar, to_value varchar,
    project_id varchar, legal_entity varchar, currency varchar, period varchar,
    customer_key varchar, system varchar, document_ref varchar,
    billed_seconds bigint, billed_minor bigint,
    today_project_id varchar, today_legal_entity varchar, today_currency varchar,
    today_customer_key varchar,
    today_minor bigint,         -- in today_currency; null where today's data gives no price
    effect_minor bigint,        -- money that a release moves, in `currency`, without sign
    content_sha256 varchar,     -- of all above: what a decision is bound to
    state varchar,              -- open | released | refused
    decision_id bigint
);
create table if not exists ops.correction_decisions (
    decision_id bigint, decision varchar, object_kind varchar, object_id varchar,
    content_sha256 varchar, decided_by varchar, decided_at timestamptz, withdraws bigint
);

-- What goes into tonight's documents (billing/sql/ready_lines.sql).
create table if not exists billing.ready_documents (
    document_no bigint, system varchar, company varchar, legal_entity varchar, period varchar,
    currency varchar, project_id varchar, project_external_id varchar, customer_key varchar,
    purchase_order varchar, tax_code varchar, cost_centre varchar, revenue_account varchar,
    last_work_date date, line_count bigint, named_account varchar, side varchar,
    lot integer                 -- 0 bills, 1 corrects, 2 credits what only a person lets go
);
create table if not exists billing.ready_lines (
    document_no bigint, line_no bigint, line_key varchar, object_kind varchar, object_id varchar,
    part integer, correction_no integer, version_sha256 varchar, project_id varchar,
    legal_entity varchar, period varchar, work_date date, seconds bigint,
    quantity decimal(18, 5), unit_price decimal(18, 6), amount_minor bigint, currency varchar,
    description varchar, correction varchar, corrects_document_ref varchar,
    corrects_line_key varchar, corrects_reason varchar
);

-- Columns that a warehouse of an older release does not have.
alter table canonical.resources add column if not exists supplier_key varchar;
alter table canonical.resources add column if not exists home_valid_from date;
alter table canonical.erp_documents add column if not exists is_standing boolean;
alter table canonical.erp_documents add column if not exists credited_minor bigint;
alter table canonical.erp_documents add column if not exists applies_to varchar;
update canonical.erp_documents set is_standing = coalesce(
    is_posted and status not in ('cancelled', 'corrective'), false
)
where is_standing is null;
-- What settled a document: an ERP calls an invoice paid when nothing is left to pay, however that
-- came about. Credited is what was not paid in full; part credited, of what nothing was paid.
create or replace view canonical.settlements as
with applied as (
    select
        system,
        applies_to as external_id,
        sum(coalesce(total_minor, amount_minor))::bigint as credited_minor
    from canonical.erp_documents
    where kind = 'credit_memo' and is_standing and applies_to is not null
    group by all
),

credits as (
    select
        ed.system,
        ed.external_id,
        ed.status,
        ed.total_minor - ed.remaining_minor as settled_minor,
        least(
            coalesce(ed.credited_minor, ap.credited_minor, 0), ed.total_minor
        ) as credited_minor
    from canonical.erp_documents as ed
    left join applied as ap on ed.system = ap.system and ed.external_id = ap.external_id
    where ed.status in ('open', 'part_paid', 'paid')
)

select
    system,
    external_id,
    credited_minor,
    case
        when credited_minor <= 0 then status
        when status = 'paid' then 'credited'
        when settled_minor > credited_minor then 'part_paid'
        else 'part_credited'
    end as status
from credits;
alter table config.systems add column if not exists account varchar;
alter table billing.projects add column if not exists other_cap_minor bigint;
alter table billing.projects add column if not exists other_cap_currency varchar;
-- Canonical objects of a system whose firm names its streams; null = those of its vendor.
alter table config.systems add column if not exists feeds varchar;
-- Lines that an ERP takes in one document; null = it states no limit.
alter table config.systems add column if not exists lines_max integer;
-- Columns of its projects that say how they are billed; '' = it cannot say; null = not known.
alter table config.systems add column if not exists billing_attributes varchar;
-- When what was read had been made by its source: of files, the newest one's time.
alter table raw.reads add column if not exists source_at timestamptz;
alter table config.legal_entities add column if not exists corrections_policy varchar;
alter table config.legal_entities add column if not exists voided_policy varchar;
alter table config.legal_entities add column if not exists zero_lines boolean;
alter table ops.documents add column if not exists content varchar;
alter table ops.documents add column if not exists sent_clock_at timestamptz;
alter table ops.posting_lines add column if not exists correction varchar;
alter table ops.posting_lines add column if not exists corrects_document_ref varchar;
alter table ops.posting_lines add column if not exists corrects_line_key varchar;
alter table ops.posting_lines add column if not exists corrects_reason varchar;
alter table billing.corrections_owed add column if not exists object_kind varchar;
alter table billing.corrections_owed add column if not exists state varchar;
alter table billing.corrections_owed add column if not exists evidence varchar;
alter table billing.corrections_owed add column if not exists document_refs varchar;
alter table billing.milestones add column if not exists part integer;
alter table billing.ready_documents add column if not exists named_account varchar;
alter table billing.ready_documents add column if not exists side varchar;
alter table billing.ready_documents add column if not exists lot integer;
alter table billing.ready_lines add column if not exists correction varchar;
alter table billing.ready_lines add column if not exists corrects_document_ref varchar;
alter table billing.ready_lines add column if not exists corrects_line_key varchar;
alter table billing.ready_lines add column if not exists corrects_reason varchar;

-- reconciliation ----------------------------------------------------------------------------------

-- What the rules found this night; the life of a break is in the operational store.
create table if not exists reconciliation.found (
    rule varchar, record_key varchar, period varchar, legal_entity varchar,
    project_id varchar, customer_key varchar, entry_id varchar,
    left_system varchar, left_id varchar, left_value varchar,
    right_system varchar, right_id varchar, right_value varchar,
    difference_seconds bigint, difference_minor bigint,
    at_risk_minor bigint, currency varchar, cause varchar, detail varchar,
    blocked_kind varchar, blocked_id varchar
);
create table if not exists reconciliation.rule_runs (
    rule varchar, status varchar,       -- clean | found | could_not_run | not_applicable
    found_count bigint, seconds double, message varchar,
    holds_posting boolean,              -- a blocking rule could not look at what it guards
    lacking_systems varchar             -- those that lack what it compares; null = not known
);
alter table reconciliation.rule_runs add column if not exists lacking_systems varchar;
-- The lines, but for refused and superseded ones, of time entries that may be open or may have
-- changed since: all entries and all lines are laid side by side once, for the rules that look at
-- the few. Rebuilt before the rules run.
drop table if exists reconciliation.unsettled_entries;
create table if not exists reconciliation.unsettled_lines (
    entry_id varchar, document_ref varchar, part integer, correction_no integer,
    correction varchar, version_sha256 varchar, project_id varchar, legal_entity varchar,
    period varchar, seconds bigint, amount_minor bigint, currency varchar,
    customer_key varchar, system varchar, state varchar,    -- of the document
    is_standing boolean     -- posted, and not cancelled in the ERP since
);
-- What is still to be posted, as the rules see it: current, approved, billable by the hour, from the
-- going-live date on, not wholly in a posted document. Rebuilt before the rules run.
create table if not exists reconciliation.unposted_entries (
    entry_id varchar, system varchar, external_id varchar, version_sha256 varchar,
    resource_external_id varchar, project_external_id varchar,
    resource_id varchar, project_id varchar,
    resource_matches integer, project_matches integer, role varchar, home_legal_entity varchar,
    work_date date, seconds bigint, approved_at timestamptz,
    legal_entity varchar, currency varchar, period varchar, customer_key varchar,
    project_status varchar, closed_on date, cap_minor bigint,
    erp_system varchar, erp_company varchar, period_state varchar,
    rate_price decimal(18, 6), rate_currency varchar, unit_price decimal(18, 6),
    amount_minor bigint, problem varchar,   -- as billing.rated_entries; null price = not rated
    document_ref varchar                    -- one that waits to be posted; null = none
);
-- Priced work on projects with a cap. Rebuilt before the rules run.
create table if not exists reconciliation.capped_entries (
    project_id varchar, entry_id varchar, amount_minor bigint,
    documented_minor bigint     -- of it in documents that are more than planned; null = in none
);

-- Pairs of names or notes that are alike, for suggestions only; left_key < right_key. Filled before
-- the rules run (reconciliation/likeness.py); score from 0 to 100.
create table if not exists reconciliation.likenesses (
    kind varchar,               -- customer | project | time_entry
    left_key varchar, right_key varchar,    -- canonical id, system:external_id, or entry_id
    left_system varchar, left_id varchar, left_text varchar,        -- no notes
    right_system varchar, right_id varchar, right_text varchar,     -- null of time entries
    score integer, evidence varchar
);

-- Fields of projects and customers, each in every system that has it, and whose copy it is. What is
-- empty says nothing. The owner: as configured for the field, else for the object, else PSA, ERP, time.
create or replace view reconciliation.owned_fields as
-- What a system names a project's customer by: its own id, mapped. A time system's clients are names
-- to report by, and bill nothing.
with customers_of as (
    select
        cw.system,
        cw.external_id,
        min(cw.canonical_id) as canonical_id
    from canonical.crosswalk as cw
    cross join config.run as ru
    semi join config.system_roles as sr on cw.system = sr.system and sr.role in ('psa', 'erp', 'crm')
    where
        cw.object_kind = 'customer'
        and ru.as_of_date >= cw.valid_from
        and ru.as_of_date < cw.valid_to
    group by cw.system, cw.external_id
),

cells as (
    select
        'project' as object_kind,
        pj.system,
        pj.external_id,
        [
            { 'field': 'name', 'value': pj.name },
            { 'field': 'currency', 'value': pj.currency },
            { 'field': 'legal_entity', 'value': pj.legal_entity },
            {
                'field': 'customer',
                'value': coalesce(cu.canonical_id, canonical.id_of('customer', pj.customer_key))
            },
            -- time systems know open and closed only
            { 'field': 'status', 'value': if(pj.status = 'planned', 'active', pj.status) },
            { 'field': 'billing_type', 'value': pj.billing_type },
            { 'field': 'cost_centre', 'value': pj.cost_centre },
            { 'field': 'starts_on', 'value': pj.starts_on::varchar },
            { 'field': 'ends_on', 'value': pj.ends_on::varchar }
        ] as fields
    from canonical.projects as pj
    left join customers_of as cu
        on pj.system = cu.system and pj.customer_external_id = cu.external_id
    union all
    select
        'customer' as object_kind,
        cu.system,
        cu.external_id,
        [
            { 'field': 'name', 'value': cu.name },
            { 'field': 'currency', 'value': cu.currency },
            { 'field': 'legal_entity', 'value': cu.legal_entity }
        ] as fields
    from canonical.customers as cu
),

unfolded as (
    select
        ce.object_kind,
        ce.system,
        ce.external_id,
        unnest(ce.fields) as cell
    from cells as ce
),

records as (
    select
        un.object_kind,
        un.system,
        un.external_id,
        struct_extract(un.cell, 'field') as field,
        struct_extract(un.cell, 'value') as value
    from unfolded as un
),

placed as (
    select
        re.object_kind,
        cw.canonical_id,
        re.system,
        re.external_id,
        re.field,
        trim(re.value) as value
    from records as re
    inner join canonical.crosswalk as cw
        on
            re.object_kind = cw.object_kind
            and re.system = cw.system
            and re.external_id = cw.external_id
    cross join config.run as ru
    where
        ru.as_of_date >= cw.valid_from
        and ru.as_of_date < cw.valid_to
        and coalesce(trim(re.value), '') <> ''
),

ranked as (
    select
        pl.*,
        min(
            case
                when of.system is not null then 1
                when oo.system is not null then 2
                when sr.role = 'psa' then 3
                when sr.role = 'erp' then 4
                when sr.role = 'time' then 5
                else 6
            end
        ) as rank
    from placed as pl
    left join config.ownership as of
        on pl.object_kind = of.object_kind and pl.field = of.field and pl.system = of.system
    left join config.ownership as oo
        on pl.object_kind = oo.object_kind and oo.field = '*' and pl.system = oo.system
    left join config.system_roles as sr on pl.system = sr.system
    group by all
)

select
    *,
    row_number() over (
        partition by object_kind, canonical_id, field order by rank, system, external_id
    ) = 1 as is_owner
from ranked;
-- The same as a table. Rebuilt before the rules run.
create table if not exists reconciliation.fields_tonight (
    object_kind varchar, canonical_id varchar, system varchar, external_id varchar,
    field varchar, value varchar, rank integer, is_owner boolean
);
-- Every value that such a field has had, and the night that first saw it. Kept from night to night.
create table if not exists reconciliation.field_history (
    object_kind varchar, system varchar, external_id varchar, field varchar, value varchar,
    seen_at timestamptz, run_id varchar
);

-- Projects that the PSA has and the ERP has not, each beside projects that the PSA has not and whose
-- names are like theirs: probably one project that nothing maps.
-- Projects that only time names, while others are listed elsewhere: mistyped codes, or work that
-- nobody has set up. Neither a PSA nor an ERP lists them, no price, milestone or mapping names them.
create or replace view reconciliation.projects_of_entries as
with listed as (
    select
        cw.canonical_id as project_id,
        cw.how = 'configured' as is_mapped,
        coalesce(fe.is_from_entries, false)
        or not exists (
            select 1 from config.system_roles as sr
            where sr.system = pj.system and sr.role <> 'time'
        ) as is_of_entries
    from canonical.projects as pj
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'project'
            and pj.system = cw.system
            and pj.external_id = cw.external_id
    left join canonical.feeds as fe
        on pj.system = fe.system and pj.stream = fe.stream and fe.object = 'projects'
),

named as (
    select system, project_external_id as external_id from canonical.rates
    union
    select system, project_external_id from canonical.milestones
),

known as (
    select cw.canonical_id as project_id
    from named as na
    inner join canonical.crosswalk as cw
        on
            cw.object_kind = 'project'
            and na.system = cw.system
            and na.external_id = cw.external_id
    union
    select project_id from listed where is_mapped or not is_of_entries
)

select distinct li.project_id
from listed as li
anti join known as kn on li.project_id = kn.project_id
where exists (select 1 from known);
create or replace view reconciliation.unmapped_twins as
with sides as (
    select
        left_key as project_id,
        right_key as twin_key,
        right_system as twin_system,
        right_id as twin_id,
        score
    from reconciliation.likenesses
    where kind = 'project'
    union all
    select
        right_key as project_id,
        left_key as twin_key,
        left_system as twin_system,
        left_id as twin_id,
        score
    from reconciliation.likenesses
    where kind = 'project'
)

select
    si.*,
    pr.psa_external_id
from sides as si
inner join billing.projects as pr on si.project_id = pr.project_id
left join billing.projects as tw on si.twin_key = tw.project_id
where
    pr.psa_external_id is not null
    and pr.erp_external_id is null
    and tw.psa_external_id is null;

-- What holds entries, projects, customers or systems tonight: what blocking rules found and finance
-- has not accepted, and what is still open of rules that could not look again.
create or replace view reconciliation.holds as
select fo.rule, fo.record_key, fo.period, fo.blocked_kind, fo.blocked_id
from reconciliation.found as fo
left join ops.open_breaks as ob
    on fo.rule = ob.rule and fo.record_key = ob.record_key and fo.period = coalesce(ob.period, '')
where fo.blocked_kind is not null and ob.state is distinct from 'accepted'
union all
select ob.rule, ob.record_key, ob.period, ob.blocked_kind, ob.blocked_id
from ops.open_breaks as ob
inner join reconciliation.rule_runs as rr on ob.rule = rr.rule
where rr.status = 'could_not_run' and ob.state = 'open' and ob.blocked_kind is not null;

-- Amounts and durations as people read them; `factor` is the currency's minor units per unit.
create or replace macro reconciliation.money_text(minor, factor, currency) as
case
    when factor = 1 then minor::varchar
    else case when minor < 0 then '-' else '' end || (abs(minor) // factor)::varchar || '.'
        || lpad((abs(minor) % factor)::varchar, (length(factor::varchar) - 1)::integer, '0')
end || ' ' || currency;
-- Which break is about a change of the master data of posted work.
create or replace macro reconciliation.change_key(what, subject, legal_entity, currency) as
left(concat_ws('|', 'posted', what, coalesce(subject, ''), legal_entity, currency), 255);
create or replace macro reconciliation.hours_text(seconds) as
round(seconds / 3600.0, 2)::decimal(18, 2)::varchar || ' h';

-- Lines that were typed into the ERP: posted on a revenue account and a project since going live,
-- under no reference of ours.
create or replace view reconciliation.hand_typed_lines as
with companies as (
    select
        ro.system,
        ro.company,
        min(ro.legal_entity) as legal_entity,
        min(gl.bill_from) as bill_from
    from config.routing as ro
    left join config.going_live as gl on ro.legal_entity = gl.legal_entity
    where ro.role = 'erp'
    group by ro.system, ro.company
)

select
    el.system || '|' || el.company || '|' || el.external_id as record_key,
    el.system,
    el.company,
    el.line_no,
    el.line_type,
    el.quantity,
    el.amount_minor,
    el.currency,
    el.project_key,
    pr.project_id,
    cm.legal_entity,
    ed.external_id as document_external_id,
    ed.number,
    ed.kind,
    ed.reference,
    ed.applies_to,
    coalesce(kc.canonical_id, ed.customer_key) as customer_key,
    coalesce(ed.posting_date, ed.invoice_date) as posting_date
from canonical.erp_lines as el
inner join canonical.erp_documents as ed
    on
        el.system = ed.system
        and el.company is not distinct from ed.company
        and el.document_external_id = ed.external_id
inner join config.revenue_targets as rv
    on el.system = rv.system and el.object_number = rv.object_number
left join ops.documents as dc on ed.reference = dc.document_ref
left join companies as cm
    on ed.system = cm.system and coalesce(ed.company, '') = coalesce(cm.company, '')
left join canonical.keys as kp
    on kp.object_kind = 'project' and lower(trim(el.project_key)) = kp.match_key
left join canonical.keys as kc
    on kc.object_kind = 'customer' and lower(trim(ed.customer_key)) = kc.match_key
left join billing.projects as pr
    on coalesce(kp.canonical_id, lower(trim(el.project_key))) = pr.project_id
where
    ed.is_standing
    and coalesce(el.project_key, '') <> ''
    and dc.document_ref is null
    -- ours under another reference is ours for all that; BL05 says what was changed in it
    and not exists (
        select 1
        from ops.documents as own
        where own.system = ed.system and own.erp_id = ed.external_id and own.state = 'posted'
    )
    -- what was billed before going live is settled elsewhere
    and (cm.bill_from is null or coalesce(ed.posting_date, ed.invoice_date) >= cm.bill_from);
-- Decisions about them that nobody has taken back, by line and by entry. What two persons accepted
-- is said with both.
create or replace view reconciliation.standing_decisions as
select
    md.* replace (
        concat_ws(' and ', pr.decided_by, md.decided_by) as decided_by,
        concat_ws('; ', rtrim(pr.note, '.'), md.note) as note
    ),
    if(pr.decision_id is null, ' has ', ' have ') as has
from ops.match_decisions as md
left join ops.match_decisions as pr on md.withdraws = pr.decision_id
where
    md.decision <> 'withdrawn'
    and md.decision_id not in (
        select wi.withdraws from ops.match_decisions as wi where wi.withdraws is not null
    );
create or replace view reconciliation.decided_lines as
with listed as (
    select
        decision_id,
        decision,
        project_id,
        currency,
        unnest(map_entries(cast(cast(lines as json) as map(
            varchar,
            struct(number varchar, line_no varchar, seconds bigint, amount_minor bigint)
        )))) as line
    from reconciliation.standing_decisions
)

select
    decision_id,
    decision,
    project_id,
    currency,
    line.key as record_key,
    line.value.number as number,
    line.value.line_no as line_no,
    line.value.seconds as seconds,
    line.value.amount_minor as amount_minor
from listed;
create or replace view reconciliation.decided_entries as
with listed as (
    select
        decision_id,
        decision,
        project_id,
        currency,
        unnest(map_entries(cast(cast(entries as json) as map(
            varchar, struct(version_sha256 varchar, seconds bigint, amount_minor bigint)
        )))) as entry
    from reconciliation.standing_decisions
)

select
    decision_id,
    decision,
    project_id,
    currency,
    entry.key as entry_id,
    entry.value.version_sha256 as version_sha256,
    entry.value.amount_minor as amount_minor
from listed;
-- What of a decision is not as it was when it was decided: it counts no longer.
create or replace view reconciliation.stale_decisions as
with billed_here as (
    select
        pl.object_id,
        max(pl.document_ref) as document_ref
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on pl.document_ref = rv.document_ref
    where
        pl.object_id in (
            select de.entry_id from reconciliation.decided_entries as de
            where de.decision = 'accepted'
        )
        and pl.object_kind = 'time_entry'
        and dc.state not in ('planned', 'refused', 'superseded')
        and rv.document_ref is null
    group by pl.object_id
    having sum(pl.seconds) <> 0 or bool_or(dc.state <> 'posted')
),

changes as (
    select
        dl.decision_id,
        'line ' || dl.line_no || ' of ' || dl.number || case
            when li.record_key is null then ' is not in the ERP any more'
            else ' has changed'
        end as what
    from reconciliation.decided_lines as dl
    left join reconciliation.hand_typed_lines as li on dl.record_key = li.record_key
    where
        li.record_key is null
        or li.kind <> 'invoice'
        or li.project_id is distinct from dl.project_id
        or li.currency is distinct from dl.currency
        or li.amount_minor is distinct from dl.amount_minor
        or if(li.line_type = 'account', null, round(li.quantity * 3600)::bigint)
        is distinct from dl.seconds
    union all
    select
        de.decision_id,
        de.entry_id || case
            when
                en.approval_state is distinct from 'approved' or en.is_deleted
                then ' is not approved any more'
            when bh.document_ref is not null then ' is in ' || bh.document_ref
            when en.version_sha256 is distinct from de.version_sha256 then ' has changed'
            else ' has another price, project or currency'
        end as what
    from reconciliation.decided_entries as de
    left join billing.entries as en on de.entry_id = en.entry_id
    left join billing.rated_entries as ra on de.entry_id = ra.entry_id
    left join billed_here as bh on de.entry_id = bh.object_id and de.decision = 'accepted'
    where
        en.approval_state is distinct from 'approved'
        or en.is_deleted
        or bh.document_ref is not null
        or en.version_sha256 is distinct from de.version_sha256
        or en.project_id is distinct from de.project_id
        or en.currency is distinct from de.currency
        or ra.amount_minor is distinct from de.amount_minor
)

select
    decision_id,
    string_agg(distinct what, ', ' order by what) as what
from changes
group by decision_id;
-- Entries that a person has found on a line typed by hand, while both are as they were then: they
-- are never planned.
create or replace view reconciliation.billed_by_hand as
with documents as (
    select
        decision_id,
        string_agg(distinct number || '/' || line_no, ', ' order by number || '/' || line_no)
            as numbers
    from reconciliation.decided_lines
    group by decision_id
)

select
    de.entry_id,
    sd.decision_id,
    'Billed by hand in ERP document ' || dm.numbers || ': accepted by ' || sd.decided_by || ' on '
    || config.day_of(sd.decided_at, null)::varchar || ', ' || rtrim(sd.note, '.') || '.'
    || case
        when sd.difference_minor <> 0
            then
                ' It comes to '
                || reconciliation.money_text(abs(sd.difference_minor), cy.factor, sd.currency)
                || if(sd.difference_minor < 0, ' less', ' more') || ' than they do.'
        else ''
    end as evidence
from reconciliation.decided_entries as de
inner join reconciliation.standing_decisions as sd on de.decision_id = sd.decision_id
inner join documents as dm on de.decision_id = dm.decision_id
left join config.currencies as cy on sd.currency = cy.currency
where
    sd.decision = 'accepted'
    and sd.decision_id not in (select st.decision_id from reconciliation.stale_decisions as st)
qualify row_number() over (partition by de.entry_id order by de.decision_id) = 1;
-- What accepted lines typed by hand have billed on a project: it uses up a cap as documents of ours
-- do. The amount is the customer's, whatever the entries would have come to.
create or replace view reconciliation.cap_used_by_hand as
select
    dl.project_id,
    dl.currency,
    sum(dl.amount_minor)::bigint as amount_minor
from reconciliation.decided_lines as dl
where
    dl.decision = 'accepted'
    and dl.decision_id not in (select st.decision_id from reconciliation.stale_decisions as st)
group by dl.project_id, dl.currency;
-- What documents hold of a project's cap, entry by entry, in the cap's currency. `held_minor` is
-- what the entry's lines come to once all is answered. `used_minor` is what nobody else can have:
-- a credit frees its room once it is read back, so what it will take back counts until then, while
-- what bills again in the place of a reversal does not count twice. A cancelled document keeps its
-- room as long as policy holds what it billed.
create or replace view billing.cap_holdings as
with capped as (
    select
        project_id,
        currency
    from billing.projects
    where cap_minor is not null or other_cap_minor is not null
),

-- materialized: few, and all other lines need not be looked at in their documents
lines as materialized (
    select
        pl.project_id,
        pl.currency,
        pl.object_id,
        pl.document_ref,
        pl.amount_minor
    from ops.posting_lines as pl
    semi join capped as ca on pl.project_id = ca.project_id and pl.currency = ca.currency
    where pl.object_kind = 'time_entry'
),

sides as (
    select
        li.project_id,
        li.currency,
        li.object_id as entry_id,
        coalesce(sum(li.amount_minor) filter (
            where rv.document_ref is null and dc.state = 'posted'
        ), 0) as confirmed_minor,
        coalesce(sum(li.amount_minor) filter (
            where rv.document_ref is null and dc.state <> 'posted'
        ), 0) as in_flight_minor,
        coalesce(sum(li.amount_minor) filter (
            where rv.document_ref is not null and coalesce(le.voided_policy, 'hold') = 'hold'
        ), 0) as voided_minor
    from lines as li
    inner join ops.documents as dc on li.document_ref = dc.document_ref
    left join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
    left join config.legal_entities as le on dc.legal_entity = le.legal_entity
    where dc.state not in ('planned', 'refused', 'superseded')
    group by all
)

select
    project_id,
    currency,
    entry_id,
    (confirmed_minor + in_flight_minor)::bigint as held_minor,
    (confirmed_minor + greatest(in_flight_minor, 0) + greatest(voided_minor, 0))::bigint
        as used_minor
from sides;
-- Every project with a cap: what it is, what documents and lines typed by hand have used of it, and
-- the room that is left. A cap in another currency than the project's has no room: nothing can be
-- held against it until somebody says the cap in the project's currency.
create or replace view billing.cap_pools as
with used as (
    select
        project_id,
        currency,
        sum(used_minor)::bigint as used_minor
    from billing.cap_holdings
    group by all
)

select
    pr.project_id,
    pr.currency,
    pr.cap_minor,
    pr.cap_minor is null as is_other_currency,
    coalesce(us.used_minor, 0) as used_minor,
    coalesce(bh.amount_minor, 0) as by_hand_minor,
    coalesce(greatest(
        pr.cap_minor - coalesce(us.used_minor, 0) - coalesce(bh.amount_minor, 0), 0
    ), 0) as room_minor
from billing.projects as pr
left join used as us on pr.project_id = us.project_id and pr.currency = us.currency
left join reconciliation.cap_used_by_hand as bh
    on pr.project_id = bh.project_id and pr.currency = bh.currency
where pr.currency is not null and (pr.cap_minor is not null or pr.other_cap_minor is not null);
-- Decisions that count no longer, and those that wait for a second person, in words that a break's
-- detail ends with.
create or replace view reconciliation.decision_texts as
select
    dl.record_key,
    string_agg(
        ' ' || sd.decided_by || sd.has || sd.decision || ' '
        || array_to_string(map_keys(cast(cast(sd.entries as json) as map(varchar, json))), ', ')
        || ' for it on ' || config.day_of(sd.decided_at, null)::varchar || ' (decision '
        || sd.decision_id::varchar || '), which '
        || if(
            st.what is null, 'waits for another person to confirm it.',
            'counts no longer: ' || st.what || '. Withdraw it and decide anew.'
        ),
        '' order by sd.decision_id
    ) as text
from reconciliation.decided_lines as dl
inner join reconciliation.standing_decisions as sd on dl.decision_id = sd.decision_id
left join reconciliation.stale_decisions as st on dl.decision_id = st.decision_id
where st.decision_id is not null or sd.decision = 'proposed'
group by dl.record_key;
drop view if exists reconciliation.stale_texts;
-- Which entries a hand-typed line bills (reconciliation/matching). Rows of one `choice` belong
-- together; a line with several choices, or one that is not confirmed, is ambiguous.
create table if not exists reconciliation.matches (
    record_key varchar, entry_id varchar,
    status varchar,             -- accepted (by a person) | confirmed | ambiguous
    choice integer, cost integer, evidence varchar,
    lines varchar[]             -- of the choice, sorted; null = accepted
);
alter table reconciliation.matches add column if not exists lines varchar[];
-- The nearest entry of a hand-typed line that matches none, and the first test that failed.
create table if not exists reconciliation.non_matches (
    record_key varchar, entry_id varchar,
    failed_test varchar,        -- project | date | hours | amount
    gap varchar, cause varchar
);
-- Which billed line the line of a credit memo typed by hand takes back (reconciliation/matching).
create table if not exists reconciliation.credit_matches (
    record_key varchar,
    line varchar,               -- as people know it: DOCUMENT/LINE
    takes_back varchar,         -- record key of a line typed by hand, or DOCUMENT_REF/LINE of ours
    kind varchar,               -- hand_typed | posted
    named varchar,              -- as people know what it takes back
    status varchar,             -- confirmed | ambiguous
    choice integer, evidence varchar
);
-- What matching found, in words that a break's detail ends with.
create or replace view reconciliation.match_texts as
with choices as (
    select
        record_key,
        choice,
        min(status) as status,
        min(evidence) as evidence,
        string_agg(entry_id, ', ' order by entry_id) as entries
    from reconciliation.matches
    where status <> 'accepted'
    group by record_key, choice
),

lines as (
    select
        record_key,
        count(*) as choices,
        min(status) as status,
        min_by(evidence, choice) as evidence,
        string_agg('(' || entries || ')', ' or ' order by choice) filter (where choice <= 3)
            as entries
    from choices
    group by record_key
)

select
    record_key,
    case
        when status = 'confirmed'
            then ' It bills ' || entries || ': the ' || evidence || ' agree, and nothing else fits.'
            || ' Posting them too would bill them twice: accept the match, or cancel this'
            || ' document.'
        else ' It may bill ' || entries || if(choices > 3, ', or one of ' || (choices - 3)::varchar
            || ' more', '') || ': a person who knows the work must say which, if any.'
    end as text
from lines
union all
select
    record_key,
    ' The nearest approved entry is ' || entry_id || '; what differs first is the '
    || failed_test || ', ' || gap || '.' as text
from reconciliation.non_matches;

-- What lines of credit memos take back, from both sides, in words that a break's detail ends with.
create or replace view reconciliation.credit_texts as
with taken as (
    select
        cm.record_key,
        max(cm.choice) as choices,
        min(cm.status) as status,
        min(cm.kind) as kind,
        min(cm.evidence) as evidence,
        string_agg(cm.named, ' or ' order by cm.choice) filter (where cm.choice <= 3) as named,
        max(
            ' ' || sd.decided_by || sd.has || 'accepted ' || cm.named || ' as billing '
            || array_to_string(map_keys(cast(cast(sd.entries as json) as map(varchar, json))), ', ')
            || ': withdraw decision ' || sd.decision_id::varchar || ', so that they are billed.'
        ) filter (where cm.status = 'confirmed') as accepted
    from reconciliation.credit_matches as cm
    left join reconciliation.decided_lines as dl
        on cm.takes_back = dl.record_key and dl.decision = 'accepted'
    left join reconciliation.standing_decisions as sd on dl.decision_id = sd.decision_id
    group by cm.record_key
),

texts as (
    select
        record_key,
        case
            when status = 'confirmed'
                then ' It takes back ' || named || if(kind = 'posted', ', which we posted', '')
                || ': ' || evidence || ' agree, and nothing else fits.' || coalesce(accepted, '')
            else ' It may take back ' || named || if(choices > 3, ', or one of '
                || (choices - 3)::varchar || ' more', '') || ': a person must say which, if any.'
        end as text
    from taken
    union all
    select
        takes_back as record_key,
        ' ' || string_agg(line, ' or ' order by line)
        || if(min(status) = 'confirmed', ' takes', ' may take') || ' it back.' as text
    from reconciliation.credit_matches
    where kind = 'hand_typed'
    group by takes_back
)

select record_key, string_agg(text, '' order by text) as text
from texts
group by record_key;

-- Since when what an ERP lists of its documents is known. Where it lists none at all, nothing says
-- which of its streams would: then all of them must have been read since.
create or replace view reconciliation.document_reads as
with last_reads as (
    select
        re.system,
        re.stream,
        max(re.started_at) as started_at,
        max(re.source_at) as source_at,
        (re.system, re.stream) in (
            select (ed.system, ed.stream) from canonical.erp_documents as ed
        ) as has_documents
    from raw.reads as re
    where re.status = 'complete'
    group by re.system, re.stream
)

select
    la.system,
    coalesce(max(la.started_at) filter (where la.has_documents), min(la.started_at)) as started_at,
    -- of an export that was written earlier
    max(la.source_at) filter (where la.has_documents) as source_at
from last_reads as la
group by la.system;

-- Documents that stand in the ERP: posted, and not cancelled in it since; and their lines. Who looks
-- for the lines of a few entries takes these of ops.posting_lines first, then those that stand.
create or replace view reconciliation.standing_documents as
select dc.*
from ops.documents as dc
anti join ops.erp_reversals as rv on dc.document_ref = rv.document_ref
where dc.state = 'posted';
create or replace view reconciliation.standing_lines as
select
    pl.*,
    sd.customer_key,
    sd.system,
    sd.erp_number
from ops.posting_lines as pl
inner join reconciliation.standing_documents as sd on pl.document_ref = sd.document_ref;
-- Milestones that come to something in the ERP: what they were billed as last, and for how much.
create or replace view reconciliation.billed_milestones as
select
    object_id,
    max_by(version_sha256, row(correction_no, part)) as version_sha256,
    max_by(document_ref, row(correction_no, part)) as document_ref,
    min(project_id) as project_id,
    min(period) as period,
    min(legal_entity) as legal_entity,
    min(customer_key) as customer_key,
    min(system) as system,
    min(currency) as currency,
    sum(amount_minor) as amount_minor
from reconciliation.standing_lines
where object_kind = 'milestone'
group by object_id
having sum(amount_minor) <> 0;
-- What is being put right, in words that a break's detail ends with. What is billed again waits until
-- what takes it back was seen in the ERP, so that nothing is billed twice.
create or replace view reconciliation.corrections_under_way as
with open_lines as (
    select
        pl.object_id,
        pl.correction,
        pl.document_ref,
        dc.state
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    where
        pl.correction is not null
        and (
            dc.state not in ('posted', 'refused', 'superseded')
            or (dc.state = 'posted' and dc.confirmed_at is null and pl.correction = 'reversal')
        )
),

awaited as (
    select
        bi.object_id,
        bi.document_ref,
        string_agg(distinct ta.document_ref, ', ' order by ta.document_ref) as refs
    from open_lines as bi
    inner join open_lines as ta
        on
            bi.object_id = ta.object_id
            and bi.document_ref <> ta.document_ref
            and ta.correction = 'reversal'
    where bi.correction = 'rebill' and bi.state in ('planned', 'approved')
    group by bi.object_id, bi.document_ref
),

said as (
    select distinct
        ol.object_id,
        ol.document_ref || ' (' || ol.state
        || coalesce(', waits until the ERP shows ' || aw.refs, '') || ')' as text
    from open_lines as ol
    left join awaited as aw
        on ol.object_id = aw.object_id and ol.document_ref = aw.document_ref
    where ol.state <> 'posted'
)

select
    object_id,
    ' A correction is in ' || string_agg(text, ', ' order by text) || '.' as said
from said
group by object_id;

-- What rests on each record in doubt: the entry or milestone itself, or the entry that it approves.
create or replace view reconciliation.resting_on_doubted as
select
    dt.system,
    dt.stream,
    dt.record_id,
    'entry' as kind,
    cv.entry_id as object_id
from raw.doubted as dt
inner join canonical.current_versions as cv
    on dt.system = cv.system and dt.stream = cv.stream and dt.record_id = cv.record_id
where not cv.is_deleted
union
select
    dt.system,
    dt.stream,
    dt.record_id,
    'entry' as kind,
    ap.system || ':' || ap.entry_external_id as object_id
from raw.doubted as dt
inner join canonical.approvals as ap
    on dt.system = ap.system and dt.stream = ap.stream and dt.record_id = ap.record_id
union
select
    dt.system,
    dt.stream,
    dt.record_id,
    'milestone' as kind,
    mi.system || ':' || mi.external_id as object_id
from raw.doubted as dt
inner join canonical.milestones as mi
    on dt.system = mi.system and dt.stream = mi.stream and dt.record_id = mi.record_id
where mi.is_reached;
-- Posted work that rests on them, by currency, taken-back lines netted.
create or replace view reconciliation.posted_on_doubted as
select
    rs.system,
    rs.stream,
    rs.record_id,
    rs.object_id,
    sl.currency,
    sum(sl.amount_minor)::bigint as amount_minor
from reconciliation.resting_on_doubted as rs
inner join reconciliation.standing_lines as sl
    on
        rs.object_id = sl.object_id
        and rs.kind = if(sl.object_kind = 'milestone', 'milestone', 'entry')
group by all;

-- It was read back from the ERP as it was sent: what differs now was changed since.
create or replace macro reconciliation.was_confirmed(readback_minor, amount_minor) as
coalesce(abs(readback_minor) = abs(amount_minor), false);

-- The figures of a document's lines in their order, as one number: alike only where every line is.
create or replace macro reconciliation.lines_hash(line_no, quantity, unit_price, amount_minor) as
hash(list(hash(abs(quantity), abs(unit_price), abs(amount_minor)) order by line_no));
-- Posted documents whose lines are not in the ERP as they were posted: few, so that only their
-- lines need to be numbered and laid side by side. Rebuilt before the rules run.
create table if not exists reconciliation.unlike_documents (
    document_ref varchar, system varchar, erp_id varchar
);
-- Their lines that differ, ours beside the ERP's: the n-th of a document of ours is the n-th of its
-- own. Rebuilt before the rules run.
create table if not exists reconciliation.unlike_lines (
    document_ref varchar, line_no integer, object_kind varchar, object_id varchar,
    period varchar, legal_entity varchar, project_id varchar, customer_key varchar,
    time_system varchar,        -- of the entry; null = not time, or gone
    quantity decimal(18, 5), unit_price decimal(18, 6), amount_minor bigint, currency varchar,
    system varchar, erp_id varchar, erp_number varchar, was_confirmed boolean,
    erp_quantity decimal(18, 5), erp_unit_price decimal(18, 6), erp_amount_minor bigint
);

-- Entries that a line typed by hand bills as far as matching can tell, before anybody has said so:
-- they wait, so that nothing is billed twice.
create or replace view reconciliation.probably_billed_by_hand as
select
    ma.entry_id,
    min(ma.record_key) as record_key,
    'ERP document '
    || string_agg(
        distinct coalesce(li.number, li.document_external_id) || '/' || li.line_no::varchar, ', '
    )
    || ', typed by hand, bills it: the ' || min(ma.evidence)
    || ' agree. It waits until somebody accepts or rejects that.' as evidence
from reconciliation.matches as ma
inner join reconciliation.hand_typed_lines as li on ma.record_key = li.record_key
where ma.status = 'confirmed'
group by ma.entry_id;
-- Unposted entries that a break holds, by each break that does.
create or replace view reconciliation.held_entries as
with blocked as (
    select
        un.entry_id,
        unnest([
            { 'kind': 'entry', 'id': un.entry_id },
            { 'kind': 'project', 'id': un.project_id },
            { 'kind': 'customer', 'id': un.customer_key },
            { 'kind': 'system', 'id': un.system },
            { 'kind': 'system', 'id': un.erp_system },
            { 'kind': 'system', 'id': pr.psa_system },
            { 'kind': 'system', 'id': ra.source },
            { 'kind': 'company', 'id': un.erp_system || ':' || un.erp_company }
        ]) as thing
    from reconciliation.unposted_entries as un
    left join billing.projects as pr on un.project_id = pr.project_id
    cross join (
        select max(rs.value) as source
        from config.rule_settings as rs
        where rs.rule = 'RATES' and rs.setting = 'source'
    ) as ra
)

select bl.entry_id, ho.rule, ho.record_key, ho.period
from blocked as bl
inner join reconciliation.holds as ho
    on bl.thing.kind = ho.blocked_kind and bl.thing.id = ho.blocked_id
union
select un.entry_id, fo.rule, fo.record_key, fo.period
from reconciliation.unposted_entries as un
inner join reconciliation.found as fo on un.entry_id = fo.entry_id
where fo.rule = 'TM10'
union
select ma.entry_id, fo.rule, fo.record_key, fo.period
from reconciliation.matches as ma
inner join reconciliation.found as fo on ma.record_key = fo.record_key
where fo.rule = 'TM02' and ma.status = 'confirmed';
-- Entries whose document was cancelled in the ERP, where a person says whether they are billed
-- again: BL05 speaks of the document.
create or replace view reconciliation.cancelled_entries as
select
    pl.object_id as entry_id,
    max(rv.document_ref) as document_ref
from ops.erp_reversals as rv
inner join ops.posting_lines as pl on rv.document_ref = pl.document_ref
left join config.legal_entities as le on pl.legal_entity = le.legal_entity
where pl.object_kind = 'time_entry' and coalesce(le.voided_policy, 'hold') <> 'rebill'
group by pl.object_id;
-- Unposted entries that are priced and that nothing holds. Before the opening list is signed nothing
-- is posted, by decision.
create or replace view reconciliation.free_entries as
select un.*
from reconciliation.unposted_entries as un
anti join reconciliation.held_entries as he on un.entry_id = he.entry_id
anti join reconciliation.cancelled_entries as ce on un.entry_id = ce.entry_id
semi join ops.openings as op
    on un.legal_entity = op.legal_entity and un.system = op.time_system
where un.problem is null and un.amount_minor is not null;
-- Time above a cap waits for TM15: the last entries in the order in which a cap is given out.
create or replace view reconciliation.entries_above_cap as
with waiting as (
    select
        fr.entry_id,
        sum(fr.amount_minor) over (
            partition by fr.project_id
            order by fr.work_date desc, fr.system desc, fr.entry_id desc
            rows between unbounded preceding and 1 preceding
        ) as later_minor,
        tc.at_risk_minor as above_minor
    from reconciliation.free_entries as fr
    inner join reconciliation.found as tc
        on tc.rule = 'TM15' and fr.project_id = tc.project_id
    where fr.document_ref is null
)

select entry_id
from waiting
where coalesce(later_minor, 0) < above_minor;

-- Unposted entries that nothing holds and that are in a document on its way, with what it waits for:
-- one `wait_key` for all documents that the same person or the same step brings on.
create or replace view reconciliation.entries_under_way as
select
    fr.*,
    dc.batch_id,
    dc.state as document_state,
    dc.period as document_period,
    concat_ws(
        '|',
        case dc.state when 'planned' then 'approval' when 'draft' then 'draft' else 'sending' end,
        dc.system, dc.company, dc.legal_entity, dc.currency
    ) as wait_key
from reconciliation.free_entries as fr
inner join ops.documents as dc on fr.document_ref = dc.document_ref;
-- Work in progress: what is worked or reached, to be billed, and not posted. Approved parts as the
-- night placed them; drafts and what is submitted have no amount yet.
create or replace view billing.unbilled_parts as
with starts as (
    select
        legal_entity,
        min(bill_from) as bill_from
    from config.going_live
    group by legal_entity
),

parts as (
    select
        'time' as kind, di.entry_id as object_id, di.part, di.legal_entity, di.currency, di.period,
        di.project_id, di.resource_id, di.work_date as worked_on, di.seconds, di.amount_minor,
        di.disposition, di.reason, di.break_id, di.document_ref, di.evidence
    from billing.dispositions as di
    where di.disposition in ('queued', 'excepted', 'deferred')
    union all
    select
        'milestone' as kind, mi.object_id, coalesce(mi.part, 1) as part,
        coalesce(mi.legal_entity, 'unassigned'),
        coalesce(mi.currency, 'unassigned'), mi.period, mi.project_id, null as resource_id,
        mi.reached_on as worked_on, 0 as seconds, mi.amount_minor, mi.disposition, mi.reason,
        mi.break_id, mi.document_ref, 'Milestone ' || mi.name as evidence
    from billing.milestones as mi
    where mi.disposition in ('queued', 'excepted', 'deferred')
    union all
    select
        'time' as kind, en.entry_id as object_id, 1 as part,
        coalesce(en.legal_entity, 'unassigned'), coalesce(en.currency, 'unassigned'), en.period,
        en.project_id, en.resource_id, en.work_date as worked_on, en.seconds,
        null as amount_minor, 'not_approved' as disposition, en.approval_state as reason,
        null as break_id, null as document_ref,
        'In ' || en.system || ' it is ' || en.approval_state || '.' as evidence
    from billing.entries as en
    left join starts as st on en.legal_entity = st.legal_entity
    where
        en.approval_state in ('draft', 'submitted')
        and en.is_primary
        and not en.is_deleted
        and en.is_billable
        and coalesce(en.project_is_billable, true)
        and coalesce(en.task_is_billable, true)
        and coalesce(en.billing_type, 'time_and_materials') = 'time_and_materials'
        and (st.bill_from is null or en.work_date >= st.bill_from)
)

select
    pa.*,
    br.rule,
    br.owner,
    fo.cause,
    greatest(config.today(pa.legal_entity) - pa.worked_on, 0)::integer as age_days,
    coalesce(dc.state not in ('planned'), false) as is_on_way
from parts as pa
cross join config.run as ru
left join ops.breaks as br on pa.break_id = br.break_id
left join ops.open_breaks as ob on pa.break_id = ob.break_id
left join reconciliation.found as fo
    on
        ob.rule = fo.rule
        and ob.record_key = fo.record_key
        and coalesce(ob.period, '') = fo.period
left join ops.documents as dc on pa.document_ref = dc.document_ref;

-- metrics: figures of the event history, kept night by night ---------------------------------------

create table if not exists metrics.series (
    run_id varchar, as_of timestamptz,
    metric varchar, statistic varchar,  -- metrics/sql/<metric>.sql
    unit varchar,                       -- seconds | days | share (0 to 1) | count
    labels varchar,                     -- JSON object; {} = of everything
    value decimal(28, 6), sample bigint
);
-- Steps and metrics of a run that failed; the night goes on without them, and the report says so.
create table if not exists reconciliation.failed_parts (run_id varchar, part varchar, why varchar);
-- When a billable project was first seen active in its system of record, and first seen in its ERP
-- with nothing that holds it; what was ready on the first night of all has no active_at.
create table if not exists metrics.project_setups (
    project_id varchar, legal_entity varchar, active_at timestamptz, ready_at timestamptz
);
