"""Contract of a task."""

from pandera.typing import Series

from ps_integration.contracts.columns import Flag, Instant, Text, flag, identifier, instant, prose
from ps_integration.contracts.model import Identified, Versioned


class Tasks(Identified):
    """A kind of work inside a project."""

    match_key: Series[Text] = identifier(nullable=True)
    project_external_id: Series[Text] = identifier(nullable=True)
    name: Series[Text] = prose()
    is_billable: Series[Flag] = flag(nullable=True)
    is_active: Series[Flag] = flag(nullable=True)
    updated_at: Series[Instant] = instant()


VERSION = "1"
TASKS = Versioned(Tasks, VERSION)
