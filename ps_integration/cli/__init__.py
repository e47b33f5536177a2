"""The command line: `ps-integration`."""

from ps_integration.cli.main import main

__all__ = ["main"]
