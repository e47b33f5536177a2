"""`post`: what people have approved since the night goes to the ERP now."""

from datetime import UTC, datetime

from ps_integration.cli import output
from ps_integration.cli.night import show
from ps_integration.cli.options import FirmOption, JsonOption, environ, load
from ps_integration.cli.progress import night_progress
from ps_integration.domain.identity import current_user
from ps_integration.workflows.nightly import new_night, post_approved


def command(firm: FirmOption = None, as_json: JsonOption = False) -> None:
    """Post the approved batches now, tell the PSA, and report; nothing new is read or planned."""
    with output.reported(as_json=as_json):
        file = load(firm)
        night = new_night(file, datetime.now(UTC), trigger="person", maker=current_user())
        with night_progress(f"{file.firm.firm.name}: posting what is approved") as on_step:
            result = post_approved(night, environ(), on_step)
        show(result)
        output.finish(result.data, as_json=as_json, code=result.exit_code)
