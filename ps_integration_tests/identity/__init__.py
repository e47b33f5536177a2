"""Customers, projects, people and tasks that are renumbered, renamed or merged after posting."""

from ps_integration_tests.identity import clouds_firm, files_firm
from ps_integration_tests.identity.play import Source

SOURCES: dict[str, Source] = {"files": files_firm, "clouds": clouds_firm}
"""The firms of the grid."""
