"""Alerts: one JSON line each in `alerts.jsonl` of the state folder, for whoever watches it."""

import json
from collections.abc import Mapping
from pathlib import Path

NAME = "alerts.jsonl"


def put(folder: Path, alert: Mapping[str, object]) -> None:
    """Add one alert; values are JSON values."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / NAME).open("a", encoding="utf-8") as alerts:
        alerts.write(json.dumps(dict(alert)) + "\n")
