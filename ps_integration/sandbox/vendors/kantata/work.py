"""Resources about the work: projects, clients, tasks, people, assignments."""

from ps_integration.sandbox.vendors.kantata.model import (
    CUSTOM_FIELDS,
    REFERENCES,
    Resource,
    associations,
    filters,
    orders,
    words,
)

WORK = (
    Resource(
        "workspaces",
        "Workspace",
        words(
            "id title account_id archived description due_date effective_due_date budgeted"
            " change_orders_enabled updated_at created_at consultant_role_name client_role_name"
            " default_rate currency currency_symbol currency_base_unit price price_in_cents"
            " budget_used budget_used_in_cents budget_remaining over_budget start_date status"
            " stories_are_fixed_fee_by_default require_expense_approvals require_time_approvals"
            " percentage_complete percent_of_budget_used access_level status_key"
            " tasks_default_non_billable rate_card_id total_expenses_in_cents external_link"
            " target_margin revenue_recognition_method stage require_notes_on_time_entries"
            " time_trackable"
        ),
        associations(
            "creator:users primary_maven:users primary_counterpart:users approvers:users"
            " participants:users workspace_groups:workspace_groups"
            " primary_workspace_group:workspace_groups"
            " workspace_resources:workspace_resources:workspace_id"
            " timesheet_submissions:timesheet_submissions:workspace_id" + CUSTOM_FIELDS + REFERENCES
        ),
        filters(
            "include_archived=switch:archived archived=archived:archived budgeted=bool:budgeted"
            " due_date_after=from:due_date due_date_before=until:due_date except=not_in:id"
            " has_participant=any:participant_ids creator=in:creator_id"
        ),
        orders("updated_at created_at title start_date due_date"),
        descending=True,
    ),
    Resource(
        "workspace_groups",
        "WorkspaceGroup",
        words(
            "id name company contact_name email phone_number address website notes"
            " created_at updated_at"
        ),
        associations("workspaces:workspaces:workspace_group_ids" + CUSTOM_FIELDS + REFERENCES),
        filters("companies_only=only:company matching=like:name"),
        orders("name created_at updated_at"),
    ),
    Resource(
        "stories",
        "Story",
        words(
            "id billable title description story_type priority state position archived deleted_at"
            " updated_at created_at due_date start_date sub_story_count budget_estimate_in_cents"
            " sub_stories_budget_estimate_in_cents budget_used_in_cents time_estimate_in_minutes"
            " logged_billable_time_in_minutes logged_nonbillable_time_in_minutes fixed_fee"
            " percentage_complete weight time_trackable cost_budget_in_cents"
        ),
        associations(
            "workspace:workspaces creator:users parent:stories root:stories assignees:users"
            " sub_stories:stories:parent_id current_assignments:assignments:story_id"
            " assigned_role:roles story_state_changes:story_state_changes:story_id"
            + CUSTOM_FIELDS
            + REFERENCES
        ),
        filters(
            "workspace_id=equals:workspace_id with_projects=in:workspace_id"
            " story_type=equals:story_type story_types=in:story_type by_status=in:state"
            " show_archived=switch:archived archived=archived:archived"
            " show_deleted=switch:deleted_at show_from_archived_workspaces=switch:workspace"
            " all_on_account=ignored: parents_only=absent:parent_id with_parent_id=equals:parent_id"
            " with_assignees=any:assignee_ids due_between=between:due_date"
            " due_after=from:due_date due_before=until:due_date"
        ),
        orders("updated_at created_at due_date start_date position"),
        descending=True,
    ),
    Resource(
        "users",
        "User",
        words(
            "id full_name photo_path email_address headline disabled account_id account_permission"
        ),
        associations(
            "role:roles account_membership:account_memberships:user_id" + CUSTOM_FIELDS + REFERENCES
        ),
        filters(
            "on_my_account=switch:participation by_email_address=equals:email_address"
            " by_email_addresses=in:email_address account_id=equals:account_id"
            " by_full_name=like:full_name account_role_ids=in:role_id"
        ),
        orders("alphabetical=full_name"),
    ),
    Resource(
        "account_memberships",
        "",
        words(
            "id disabled_at permission is_administrator is_project_lead can_log_in"
            " bill_rate_in_cents cost_rate_in_cents billability_target non_participant updated_at"
            " created_at"
        ),
        associations("user:users default_role:roles manager:users"),
        filters("by_user_id=in:user_id"),
        orders("created_at updated_at"),
    ),
    Resource(
        "roles",
        "Role",
        ("id", "name"),
        associations(REFERENCES),
        filters("matching=like:name"),
        orders("name created_at updated_at"),
    ),
    Resource(
        "assignments",
        "Assignment",
        words("id created_at updated_at current estimated_minutes allocated_minutes resource_id"),
        associations("story:stories assignee:users" + REFERENCES),
        filters("story_ids=in:story_id assignee_ids=in:assignee_id current=bool:current"),
        orders("created_at updated_at"),
    ),
    Resource(
        "workspace_resources",
        "WorkspaceResource",
        words(
            "id label role_name full_name workspace_title display_label account_role_name"
            " role_rate resource_bill_rate resource_cost_rate total_allocated_minutes"
            " earliest_allocation_date latest_allocation_date is_foreign_user created_at"
            " updated_at"
        ),
        associations("workspace:workspaces user:users role:roles" + REFERENCES),
        filters("workspace_id=in:workspace_id user_ids=in:user_id"),
        orders("created_at updated_at"),
    ),
    Resource(
        "custom_field_values",
        "CustomFieldValue",
        words(
            "id subject_type subject_id value display_value can_edit type setter_id account_id"
            " custom_field_id custom_field_name created_at updated_at"
        ),
        associations(REFERENCES),
        filters("subject_type=equals:subject_type"),
        orders("created_at updated_at"),
    ),
    Resource(
        "story_state_changes",
        "",
        words("id state formatted_state user_id story_id created_at"),
        associations("user:users story:stories"),
        filters("story_id=in:story_id"),
        orders("created_at"),
        instants=("created",),
    ),
)
