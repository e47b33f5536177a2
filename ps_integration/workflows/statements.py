"""The SQL files of the workflows, as they stand."""

from functools import cache
from importlib.resources import files


@cache
def sql_text(name: str) -> str:
    """The text of `workflows/sql/<name>.sql`; one or more statements."""
    return files("ps_integration.workflows").joinpath("sql", f"{name}.sql").read_text("utf-8")
