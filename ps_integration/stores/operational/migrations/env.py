"""Runs migrations on the connection and inside the transaction of `OperationalStore.migrate`."""

from alembic import context

from ps_integration.stores.operational.base import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
