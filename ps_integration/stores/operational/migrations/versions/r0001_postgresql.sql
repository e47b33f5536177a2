CREATE TABLE audit (
    seq BIGSERIAL NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    who VARCHAR(128) NOT NULL,
    action VARCHAR(64) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    detail JSON NOT NULL,
    prev_sha256 VARCHAR(64) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    PRIMARY KEY (seq),
    UNIQUE (prev_sha256)
)
;;
CREATE TABLE breaks (
    break_id VARCHAR(24) NOT NULL,
    rule VARCHAR(8) NOT NULL,
    record_key VARCHAR(255) NOT NULL,
    period VARCHAR(7) NOT NULL,
    state VARCHAR(16) NOT NULL,
    severity VARCHAR(8) NOT NULL,
    owner VARCHAR(64) NOT NULL,
    blocked_kind VARCHAR(16),
    blocked_id VARCHAR(255),
    root_break_id VARCHAR(24),
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    times_seen INTEGER NOT NULL,
    times_opened INTEGER NOT NULL,
    facts JSON NOT NULL,
    at_risk_minor BIGINT,
    currency VARCHAR(3),
    PRIMARY KEY (break_id),
    UNIQUE (rule, record_key, period)
)
;;
CREATE INDEX ix_breaks_blocked_id ON breaks (blocked_id)
;;
CREATE INDEX ix_breaks_rule ON breaks (rule)
;;
CREATE INDEX ix_breaks_state ON breaks (state)
;;
CREATE TABLE decisions (
    decision_id BIGSERIAL NOT NULL,
    kind VARCHAR(16) NOT NULL,
    entry_id VARCHAR(128) NOT NULL,
    part INTEGER NOT NULL,
    amount_minor BIGINT,
    currency VARCHAR(3),
    reason TEXT NOT NULL,
    decided_by VARCHAR(128) NOT NULL,
    seconded_by VARCHAR(128) NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (decision_id),
    CONSTRAINT two_persons CHECK (decided_by <> seconded_by)
)
;;
CREATE INDEX ix_decisions_entry_id ON decisions (entry_id)
;;
CREATE TABLE feedback (
    system VARCHAR(64) NOT NULL,
    subject_kind VARCHAR(16) NOT NULL,
    subject_external_id VARCHAR(128) NOT NULL,
    reference VARCHAR(128) NOT NULL,
    status VARCHAR(16) NOT NULL,
    message TEXT NOT NULL,
    payload_sha256 VARCHAR(64) NOT NULL,
    state VARCHAR(16) NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE,
    error TEXT,
    PRIMARY KEY (system, subject_kind, subject_external_id, reference)
)
;;
CREATE TABLE leases (
    name VARCHAR(64) NOT NULL,
    holder VARCHAR(128) NOT NULL,
    token BIGINT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (name)
)
;;
CREATE TABLE ledger (
    seq BIGSERIAL NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    document_ref VARCHAR(35) NOT NULL,
    from_state VARCHAR(16),
    to_state VARCHAR(16) NOT NULL,
    attempt INTEGER NOT NULL,
    payload_sha256 VARCHAR(64),
    run_id VARCHAR(64),
    evidence JSON NOT NULL,
    PRIMARY KEY (seq)
)
;;
CREATE INDEX ix_ledger_document_ref ON ledger (document_ref)
;;
CREATE TABLE openings (
    legal_entity VARCHAR(64) NOT NULL,
    time_system VARCHAR(64) NOT NULL,
    bill_from DATE NOT NULL,
    list_sha256 VARCHAR(64) NOT NULL,
    signed_by VARCHAR(128) NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (legal_entity, time_system)
)
;;
CREATE TABLE runs (
    run_id VARCHAR(64) NOT NULL,
    job VARCHAR(64) NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    trigger VARCHAR(32) NOT NULL,
    maker VARCHAR(128) NOT NULL,
    config_hash VARCHAR(64) NOT NULL,
    code_version VARCHAR(64) NOT NULL,
    status VARCHAR(16) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    result JSON,
    PRIMARY KEY (run_id)
)
;;
CREATE TABLE batches (
    batch_id VARCHAR(64) NOT NULL,
    content_sha256 VARCHAR(64) NOT NULL,
    merkle_root VARCHAR(64) NOT NULL,
    config_hash VARCHAR(64) NOT NULL,
    run_id VARCHAR(64) NOT NULL,
    maker VARCHAR(128) NOT NULL,
    system VARCHAR(64) NOT NULL,
    company VARCHAR(128) NOT NULL,
    legal_entity VARCHAR(64) NOT NULL,
    period VARCHAR(7) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    document_count INTEGER NOT NULL,
    line_count INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    status VARCHAR(16) NOT NULL,
    planned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (batch_id),
    FOREIGN KEY(run_id) REFERENCES runs (run_id)
)
;;
CREATE INDEX ix_batches_status ON batches (status)
;;
CREATE TABLE break_events (
    seq BIGSERIAL NOT NULL,
    break_id VARCHAR(24) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    run_id VARCHAR(64),
    event VARCHAR(16) NOT NULL,
    by VARCHAR(128) NOT NULL,
    note TEXT NOT NULL,
    facts JSON NOT NULL,
    PRIMARY KEY (seq),
    FOREIGN KEY(break_id) REFERENCES breaks (break_id)
)
;;
CREATE INDEX ix_break_events_break_id ON break_events (break_id)
;;
CREATE TABLE approvals (
    approval_id BIGSERIAL NOT NULL,
    batch_id VARCHAR(64) NOT NULL,
    decision VARCHAR(16) NOT NULL,
    content_sha256 VARCHAR(64) NOT NULL,
    merkle_root VARCHAR(64) NOT NULL,
    config_hash VARCHAR(64) NOT NULL,
    maker VARCHAR(128) NOT NULL,
    decided_by VARCHAR(128) NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (approval_id),
    CONSTRAINT maker_is_not_checker CHECK (decided_by <> maker),
    FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
)
;;
CREATE INDEX ix_approvals_batch_id ON approvals (batch_id)
;;
CREATE TABLE batch_makers (
    batch_id VARCHAR(64) NOT NULL,
    maker VARCHAR(128) NOT NULL,
    PRIMARY KEY (batch_id, maker),
    FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
)
;;
CREATE TABLE documents (
    document_ref VARCHAR(35) NOT NULL,
    batch_id VARCHAR(64) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    system VARCHAR(64) NOT NULL,
    company VARCHAR(128) NOT NULL,
    legal_entity VARCHAR(64) NOT NULL,
    project_id VARCHAR(128) NOT NULL,
    customer_key VARCHAR(128) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    period VARCHAR(7) NOT NULL,
    posting_date DATE NOT NULL,
    amount_minor BIGINT NOT NULL,
    state VARCHAR(16) NOT NULL,
    content JSON NOT NULL,
    content_sha256 VARCHAR(64) NOT NULL,
    merkle_proof JSON NOT NULL,
    attempts INTEGER NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    sent_clock_at TIMESTAMP WITH TIME ZONE,
    doubtful_clock_at TIMESTAMP WITH TIME ZONE,
    erp_id VARCHAR(128),
    erp_number VARCHAR(64),
    readback_minor BIGINT,
    readback JSON,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    hold_reason TEXT,
    PRIMARY KEY (document_ref),
    FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
)
;;
CREATE INDEX ix_documents_batch_id ON documents (batch_id)
;;
CREATE INDEX ix_documents_project_id ON documents (project_id)
;;
CREATE INDEX ix_documents_state ON documents (state)
;;
CREATE TABLE live_lines (
    line_key VARCHAR(255) NOT NULL,
    document_ref VARCHAR(35) NOT NULL,
    PRIMARY KEY (line_key),
    FOREIGN KEY(document_ref) REFERENCES documents (document_ref)
)
;;
CREATE INDEX ix_live_lines_document_ref ON live_lines (document_ref)
;;
CREATE TABLE posting_lines (
    line_id BIGSERIAL NOT NULL,
    line_key VARCHAR(255) NOT NULL,
    document_ref VARCHAR(35) NOT NULL,
    line_no INTEGER NOT NULL,
    object_kind VARCHAR(16) NOT NULL,
    object_id VARCHAR(128) NOT NULL,
    part INTEGER NOT NULL,
    correction_no INTEGER NOT NULL,
    version_sha256 VARCHAR(64) NOT NULL,
    project_id VARCHAR(128) NOT NULL,
    legal_entity VARCHAR(64) NOT NULL,
    period VARCHAR(7) NOT NULL,
    work_date DATE NOT NULL,
    seconds BIGINT NOT NULL,
    quantity VARCHAR(64) NOT NULL,
    unit_price VARCHAR(64) NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (line_id),
    UNIQUE (document_ref, line_no),
    FOREIGN KEY(document_ref) REFERENCES documents (document_ref)
)
;;
CREATE INDEX ix_posting_lines_key ON posting_lines (line_key)
;;
CREATE INDEX ix_posting_lines_object ON posting_lines (object_kind, object_id)
;;
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception using message = tg_table_name || ': what is written does not change';
end
$$
;;
create trigger ledger_append_only before update or delete on ledger
for each row execute function refuse_change()
;;
create trigger ledger_no_truncate before truncate on ledger
for each statement execute function refuse_change()
;;
create trigger break_events_append_only before update or delete on break_events
for each row execute function refuse_change()
;;
create trigger break_events_no_truncate before truncate on break_events
for each statement execute function refuse_change()
;;
create trigger audit_append_only before update or delete on audit
for each row execute function refuse_change()
;;
create trigger audit_no_truncate before truncate on audit
for each statement execute function refuse_change()
;;
create trigger approvals_append_only before update or delete on approvals
for each row execute function refuse_change()
;;
create trigger approvals_no_truncate before truncate on approvals
for each statement execute function refuse_change()
;;
create trigger batch_makers_append_only before update or delete on batch_makers
for each row execute function refuse_change()
;;
create trigger batch_makers_no_truncate before truncate on batch_makers
for each statement execute function refuse_change()
;;
create trigger posting_lines_append_only before update or delete on posting_lines
for each row execute function refuse_change()
;;
create trigger posting_lines_no_truncate before truncate on posting_lines
for each statement execute function refuse_change()
;;
create trigger batches_no_delete before delete on batches
for each row execute function refuse_change()
;;
create trigger batches_no_truncate before truncate on batches
for each statement execute function refuse_change()
;;
create trigger batches_signed before update on batches for each row
when (
    (old.batch_id, old.content_sha256, old.merkle_root, old.maker, old.system, old.company, old.legal_entity, old.period, old.currency, old.document_count, old.line_count, old.amount_minor)
    is distinct from
    (new.batch_id, new.content_sha256, new.merkle_root, new.maker, new.system, new.company, new.legal_entity, new.period, new.currency, new.document_count, new.line_count, new.amount_minor)
)
execute function refuse_change()
;;
create trigger documents_no_delete before delete on documents
for each row execute function refuse_change()
;;
create trigger documents_no_truncate before truncate on documents
for each statement execute function refuse_change()
;;
create trigger documents_signed before update on documents for each row
when (
    (old.document_ref, old.kind, old.system, old.company, old.legal_entity, old.project_id, old.customer_key, old.currency, old.period, old.posting_date, old.amount_minor, old.content::text, old.content_sha256)
    is distinct from
    (new.document_ref, new.kind, new.system, new.company, new.legal_entity, new.project_id, new.customer_key, new.currency, new.period, new.posting_date, new.amount_minor, new.content::text, new.content_sha256)
)
execute function refuse_change()
;;
create trigger documents_final before update on documents for each row
when (old.state in ('posted', 'refused', 'superseded') and new.state <> old.state)
execute function refuse_change()
;;
create function check_two_persons() returns trigger language plpgsql as $$
begin
    if exists (select 1 from batch_makers as bm where bm.batch_id = new.batch_id and bm.maker = new.decided_by)
        or not exists (
            select 1 from batches as b
            where
                b.batch_id = new.batch_id and b.maker = new.maker
                and b.content_sha256 = new.content_sha256 and b.merkle_root = new.merkle_root
        ) then
        raise exception 'approvals: the maker is not the checker, and the batch is the signed one';
    end if;
    return new;
end
$$
;;
create trigger approvals_two_persons before insert on approvals
for each row execute function check_two_persons()
