"""Resources about time and money: rate cards, time, invoices, references, exchange rates."""

from ps_integration.sandbox.vendors.kantata.model import (
    REFERENCES,
    Resource,
    associations,
    filters,
    orders,
    words,
)

BILLING = (
    Resource(
        "rate_card_sets",
        "",
        ("id", "title", "account_default", "active_currencies", "default_currencies"),
        associations(
            "rate_cards:rate_cards:rate_card_set_id"
            " rate_card_set_versions:rate_card_set_versions:rate_card_set_id"
        ),
    ),
    Resource(
        "rate_card_set_versions",
        "",
        ("id", "active", "effective_date", "used_currencies"),
        associations(
            "rate_card_set:rate_card_sets"
            " rate_card_versions:rate_card_versions:rate_card_set_version_id"
        ),
        filters("rate_card_set_id=equals:rate_card_set_id"),
    ),
    Resource(
        "rate_cards",
        "RateCard",
        ("id", "currency", "uses"),
        associations(
            "rate_card_set:rate_card_sets rate_card_versions:rate_card_versions:rate_card_id"
            + REFERENCES
        ),
        filters("rate_card_set_id=equals:rate_card_set_id currency=in:currency"),
    ),
    Resource(
        "rate_card_versions",
        "",
        ("id", "default_rate"),
        associations(
            "rate_card:rate_cards rate_card_set_version:rate_card_set_versions"
            " rate_card_roles:rate_card_roles:rate_card_version_id"
        ),
        filters(
            "rate_card_id=equals:rate_card_id rate_card_set_id=equals:rate_card_set_id"
            " rate_card_set_version_id=equals:rate_card_set_version_id"
        ),
        descending=True,
    ),
    Resource(
        "rate_card_roles",
        "",
        ("id", "rate"),
        associations("role:roles rate_card_version:rate_card_versions"),
        filters("rate_card_version_id=equals:rate_card_version_id with_role_ids=in:role_id"),
    ),
    Resource(
        "time_entries",
        "TimeEntry",
        words(
            "id created_at updated_at date_performed time_in_minutes billable notes rate_in_cents"
            " cost_rate_in_cents currency currency_symbol currency_base_unit approved location"
            " taxable is_invoiced"
        ),
        associations(
            "workspace:workspaces user:users story:stories role:roles invoice:invoices"
            " active_submission:timesheet_submissions recent_submission:timesheet_submissions"
            + REFERENCES
        ),
        filters(
            "approved=only:approved billable=bool:billable invoiced=only:is_invoiced"
            " uninvoiced=absent:is_invoiced date_performed_between=between:date_performed"
            " workspace_id=equals:workspace_id workspace_ids=in:workspace_id"
            " with_user_ids=in:user_id with_timesheet_id=equals:active_submission_id"
            " in_active_submission=bool:active_submission_id on_my_account=ignored:"
            " from_archived_workspaces=switch:workspace"
        ),
        orders("date_performed created_at updated_at"),
        descending=True,
    ),
    Resource(
        "timesheet_submissions",
        "Submission",
        words(
            "id start_date end_date created_at updated_at status title comment type"
            " resolution_description line_item_total_formatted line_item_total_in_cents currency"
            " currency_symbol currency_base_unit current_resolution_description"
            " current_resolution_creator_id current_resolution_created_at_date"
            " permissions"
        ),
        associations("user:users workspace:workspaces time_entries:time_entries" + REFERENCES),
        filters(
            "statuses=in:status start_date=equals:start_date end_date=equals:end_date"
            " start_date_after=from:start_date user_ids=in:user_id workspace_ids=in:workspace_id"
            " workspace_id=equals:workspace_id not_cancelled=not_cancelled:status"
        ),
        orders("date=start_date"),
        descending=True,
    ),
    Resource(
        "invoices",
        "Invoice",
        words(
            "id created_at updated_at invoice_date due_date message title draft status"
            " balance_in_cents currency currency_symbol currency_base_unit payment_schedule"
            " user_invoice_title user_invoice_number tax_rate purchase_order project_code"
        ),
        associations(
            "workspaces:workspaces user:users recipient:users time_entries:time_entries"
            " billing_milestones:billing_milestones" + REFERENCES
        ),
        filters(
            "workspace_id=any:workspace_ids user_invoice_number=in:user_invoice_number"
            " within_dates=between:invoice_date without_drafts=absent:draft"
        ),
        orders("created_at updated_at invoice_date id"),
        descending=True,
    ),
    Resource(
        "billing_milestones",
        "BillingMilestone",
        words(
            "id title date_to_invoice amount_in_cents billing_type created_at updated_at currency"
        ),
        associations("workspace:workspaces story:stories invoices:invoices" + REFERENCES),
        filters(
            "workspace_ids=in:workspace_id story_ids=in:story_id"
            " date_between=between:date_to_invoice"
        ),
        descending=True,
        instants=(),
    ),
    Resource(
        "external_references",
        "",
        words(
            "id service_name service_model service_model_ref subject_id subject_type status"
            " external_link external_message external_status locked created_at updated_at"
            " last_synced_at"
        ),
        {},
        filters(
            "subject_type=equals:subject_type subject_id=equals:subject_id"
            " service_name=equals:service_name service_model=equals:service_model"
            " service_model_ref=equals:service_model_ref status=equals:status"
            " external_status=equals:external_status external_message=equals:external_message"
        ),
        orders("last_synced_at created_at"),
        descending=True,
    ),
    Resource(
        "exchange_tables",
        "",
        ("id", "name", "account_default", "insights_account_default"),
        instants=(),
    ),
    Resource(
        "exchange_rates",
        "",
        words("id exchange_table_id source_currency target_currency effective_date rate"),
        filters=filters("exchange_table_id=equals:exchange_table_id"),
        instants=(),
    ),
)
