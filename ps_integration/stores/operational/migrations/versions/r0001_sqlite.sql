CREATE TABLE audit (
    seq INTEGER NOT NULL,
    at DATETIME NOT NULL,
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
    opened_at DATETIME NOT NULL,
    last_seen_at DATETIME NOT NULL,
    closed_at DATETIME,
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
    decision_id INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL,
    entry_id VARCHAR(128) NOT NULL,
    part INTEGER NOT NULL,
    amount_minor BIGINT,
    currency VARCHAR(3),
    reason TEXT NOT NULL,
    decided_by VARCHAR(128) NOT NULL,
    seconded_by VARCHAR(128) NOT NULL,
    decided_at DATETIME NOT NULL,
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
    changed_at DATETIME NOT NULL,
    told_at DATETIME,
    error TEXT,
    PRIMARY KEY (system, subject_kind, subject_external_id, reference)
)
;;
CREATE TABLE leases (
    name VARCHAR(64) NOT NULL,
    holder VARCHAR(128) NOT NULL,
    token BIGINT NOT NULL,
    expires_at DATETIME NOT NULL,
    PRIMARY KEY (name)
)
;;
CREATE TABLE ledger (
    seq INTEGER NOT NULL,
    at DATETIME NOT NULL,
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
    signed_at DATETIME NOT NULL,
    PRIMARY KEY (legal_entity, time_system)
)
;;
CREATE TABLE runs (
    run_id VARCHAR(64) NOT NULL,
    job VARCHAR(64) NOT NULL,
    as_of DATETIME NOT NULL,
    "trigger" VARCHAR(32) NOT NULL,
    maker VARCHAR(128) NOT NULL,
    config_hash VARCHAR(64) NOT NULL,
    code_version VARCHAR(64) NOT NULL,
    status VARCHAR(16) NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
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
    planned_at DATETIME NOT NULL,
    PRIMARY KEY (batch_id),
    FOREIGN KEY(run_id) REFERENCES runs (run_id)
)
;;
CREATE INDEX ix_batches_status ON batches (status)
;;
CREATE TABLE break_events (
    seq INTEGER NOT NULL,
    break_id VARCHAR(24) NOT NULL,
    at DATETIME NOT NULL,
    run_id VARCHAR(64),
    event VARCHAR(16) NOT NULL,
    "by" VARCHAR(128) NOT NULL,
    note TEXT NOT NULL,
    facts JSON NOT NULL,
    PRIMARY KEY (seq),
    FOREIGN KEY(break_id) REFERENCES breaks (break_id)
)
;;
CREATE INDEX ix_break_events_break_id ON break_events (break_id)
;;
CREATE TABLE approvals (
    approval_id INTEGER NOT NULL,
    batch_id VARCHAR(64) NOT NULL,
    decision VARCHAR(16) NOT NULL,
    content_sha256 VARCHAR(64) NOT NULL,
    merkle_root VARCHAR(64) NOT NULL,
    config_hash VARCHAR(64) NOT NULL,
    maker VARCHAR(128) NOT NULL,
    decided_by VARCHAR(128) NOT NULL,
    decided_at DATETIME NOT NULL,
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
    sent_at DATETIME,
    sent_clock_at DATETIME,
    doubtful_clock_at DATETIME,
    erp_id VARCHAR(128),
    erp_number VARCHAR(64),
    readback_minor BIGINT,
    readback JSON,
    confirmed_at DATETIME,
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
    line_id INTEGER NOT NULL,
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
create trigger ledger_no_update before update on ledger begin
    select raise(abort, 'ledger is append-only');
end
;;
create trigger ledger_no_delete before delete on ledger begin
    select raise(abort, 'ledger is append-only');
end
;;
create trigger break_events_no_update before update on break_events begin
    select raise(abort, 'break_events is append-only');
end
;;
create trigger break_events_no_delete before delete on break_events begin
    select raise(abort, 'break_events is append-only');
end
;;
create trigger audit_no_update before update on audit begin
    select raise(abort, 'audit is append-only');
end
;;
create trigger audit_no_delete before delete on audit begin
    select raise(abort, 'audit is append-only');
end
;;
create trigger approvals_no_update before update on approvals begin
    select raise(abort, 'approvals is append-only');
end
;;
create trigger approvals_no_delete before delete on approvals begin
    select raise(abort, 'approvals is append-only');
end
;;
create trigger batch_makers_no_update before update on batch_makers begin
    select raise(abort, 'batch_makers is append-only');
end
;;
create trigger batch_makers_no_delete before delete on batch_makers begin
    select raise(abort, 'batch_makers is append-only');
end
;;
create trigger posting_lines_no_update before update on posting_lines begin
    select raise(abort, 'posting_lines is append-only');
end
;;
create trigger posting_lines_no_delete before delete on posting_lines begin
    select raise(abort, 'posting_lines is append-only');
end
;;
create trigger batches_no_delete before delete on batches begin
    select raise(abort, 'batches: rows are never deleted');
end
;;
create trigger batches_signed before update of
    batch_id, content_sha256, merkle_root, maker, system, company, legal_entity, period, currency, document_count, line_count, amount_minor
on batches begin
    select raise(abort, 'batches: what was signed does not change');
end
;;
create trigger documents_no_delete before delete on documents begin
    select raise(abort, 'documents: rows are never deleted');
end
;;
create trigger documents_signed before update of
    document_ref, kind, system, company, legal_entity, project_id, customer_key, currency, period, posting_date, amount_minor, content, content_sha256
on documents begin
    select raise(abort, 'documents: what was signed does not change');
end
;;
create trigger documents_final before update of state on documents
when old.state in ('posted', 'refused', 'superseded') and new.state <> old.state begin
    select raise(abort, 'documents: a final state does not change');
end
;;
create trigger approvals_two_persons before insert on approvals
when exists (select 1 from batch_makers as bm where bm.batch_id = new.batch_id and bm.maker = new.decided_by)
        or not exists (
            select 1 from batches as b
            where
                b.batch_id = new.batch_id and b.maker = new.maker
                and b.content_sha256 = new.content_sha256 and b.merkle_root = new.merkle_root
        ) begin
    select raise(abort, 'approvals: the maker is not the checker, and the batch is the signed one');
end
