"""Nightly agreement between PSA, time and ERP for professional-services firms."""
