"""Migrations of the operational store, one transaction each."""
