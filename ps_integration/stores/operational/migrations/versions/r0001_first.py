"""First revision: all tables, and the triggers that protect what must not change."""

from importlib.resources import files

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and triggers of this store's kind."""
    kind = op.get_bind().dialect.name
    script = files("ps_integration.stores.operational.migrations.versions").joinpath(
        f"r0001_{kind}.sql"
    )
    for statement in script.read_text("utf-8").split("\n;;\n"):
        op.get_bind().exec_driver_sql(statement)
