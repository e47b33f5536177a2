"""Nightly agreement between PSA, time and ERP for professional-services firms."""

__version__ = "0.1.0"
