"""Contract of an assignment: a resource planned on a project or task."""

from pandera.typing import Series

from ps_integration.contracts.columns import Day, Flag, Text, day, flag, identifier
from ps_integration.contracts.model import Identified, Versioned


class Assignments(Identified):
    """Who may work where, in which role and when."""

    project_external_id: Series[Text] = identifier()
    task_external_id: Series[Text] = identifier(nullable=True)
    resource_external_id: Series[Text] = identifier()
    role: Series[Text] = identifier(nullable=True)
    starts_on: Series[Day] = day()
    ends_on: Series[Day] = day(days_ahead=None)
    is_active: Series[Flag] = flag(nullable=True)


VERSION = "1"
ASSIGNMENTS = Versioned(Assignments, VERSION)
