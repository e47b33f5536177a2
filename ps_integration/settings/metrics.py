"""What the metrics look back on, and what they are measured against."""

from pydantic import Field

from ps_integration.settings.base import Strict


class Metrics(Strict):
    """Settings of the metrics. The posting promise is `slas.posting_days`."""

    window_days: int = Field(default=30, ge=1, description="events of the last so many days count")
    setup_days: int = Field(default=5, ge=0, description="project active to billable")
    weekly_hours: int = Field(default=40, ge=1, le=168, description="hours of a full week")
    utilisation_points: int = Field(
        default=2, ge=0, le=100, description="percentage points of utilisation that still agree"
    )
