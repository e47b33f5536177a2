"""Marks of invoiced time in Clockify."""

from collections.abc import Sequence
from urllib.parse import quote

from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.protocol import StatusNote, WriteAnswer
from ps_integration.domain.records import Json


class ClockifyFeedback:
    """Marks entries as invoiced (page "Time entry": mark time entries as invoiced).

    One call marks many entries, all or none; where the vendor refuses the lot, each is told alone,
    so that one bad entry does not keep the others from their mark.
    """

    def __init__(self, client: ApiClient, workspace: str) -> None:
        """Take the API's client."""
        self._client = client
        self._path = f"/workspaces/{quote(workspace, safe='')}/time-entries/invoiced"

    def tell(self, notes: Sequence[StatusNote]) -> Sequence[WriteAnswer]:
        """Mark each time entry; a cancelled invoice takes the mark off. Other subjects: refused."""
        refused = WriteAnswer("refused", message="Clockify marks time entries only")
        answers = [refused] * len(notes)
        for invoiced in (True, False):
            places = [
                at
                for at, note in enumerate(notes)
                if note.subject_kind == "time_entry" and (note.status != "cancelled") is invoiced
            ]
            ids = [notes[at].subject_external_id for at in places]
            for at, answer in zip(places, self._mark(ids, invoiced=invoiced), strict=True):
                answers[at] = answer
        return answers

    def _mark(self, ids: Sequence[str], *, invoiced: bool) -> list[WriteAnswer]:
        if not ids:
            return []
        together = self._send(ids, invoiced=invoiced)
        if together.outcome != "refused" or len(ids) == 1:
            return [together] * len(ids)
        return [self._send([one], invoiced=invoiced) for one in ids]

    def _send(self, ids: Sequence[str], *, invoiced: bool) -> WriteAnswer:
        body: Json = {"timeEntryIds": list(ids), "invoiced": invoiced}
        reply = self._client.send("PATCH", self._path, body, may_be_empty=True)
        if reply.settled is not None:
            return reply.settled
        if reply.kind == "success":
            return WriteAnswer("accepted")
        return WriteAnswer("refused", None, str(reply.status), reply.message, (), "fix_data")
