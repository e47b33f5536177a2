"""The SQL files of billing, run in order inside one transaction."""

from importlib.resources import files

from ps_integration.domain.ports import Params, Queries

_WORK_TABLES = "select table_name from duckdb_tables() where temporary order by table_name"


def statement(name: str) -> str:
    """The text of `billing/sql/<name>.sql`."""
    return files("ps_integration.billing").joinpath("sql", f"{name}.sql").read_text("utf-8")


def run(queries: Queries, names: tuple[str, ...], params: Params | None = None) -> None:
    """Run SQL files in order, all or nothing.

    A parameter reaches the files that name it, and there the last statement only. The
    temporary tables they make are dropped at the end, for they are held in memory.
    """
    with queries.transaction():
        others = {row["table_name"] for row in queries.rows(_WORK_TABLES)}
        for name in names:
            text = statement(name)
            used = {key: value for key, value in (params or {}).items() if f"${key}" in text}
            queries.execute(text, used or None)
        for row in queries.rows(_WORK_TABLES):
            if row["table_name"] not in others:
                queries.execute(f"drop table temp.main.{row['table_name']}")
