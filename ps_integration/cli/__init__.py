"""The command line: `ps-integration` (see `main`)."""
