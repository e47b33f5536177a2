"""Marks of invoiced time in Clockify."""

from collections.abc import Sequence
from urllib.parse import quote

from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.protocol import StatusNote, WriteAnswer
from ps_integration.domain.records import Json


class ClockifyFeedback:
    """Marks entries as invoiced (page "Time entry": mark time entries as invoiced)."""

    def __init__(self, client: ApiClient, workspace: str) -> None:
        """Take the API's client."""
        self._client = client
        self._path = f"/workspaces/{quote(workspace, safe='')}/time-entries/invoiced"

    def tell(self, notes: Sequence[StatusNote]) -> Sequence[WriteAnswer]:
        """Mark each time entry; a cancelled invoice takes the mark off. Other subjects: refused."""
        return [self._one(note) for note in notes]

    def _one(self, note: StatusNote) -> WriteAnswer:
        if note.subject_kind != "time_entry":
            return WriteAnswer("refused", message="Clockify marks time entries only")
        ids: list[object] = [note.subject_external_id]
        body: Json = {"timeEntryIds": ids, "invoiced": note.status != "cancelled"}
        reply = self._client.send("PATCH", self._path, body, may_be_empty=True)
        if reply.settled is not None:
            return reply.settled
        if reply.kind == "success":
            return WriteAnswer("accepted")
        return WriteAnswer("refused", None, str(reply.status), reply.message, (), "fix_data")
