"""Figures of the event history: one SQL file per metric, kept as a series, night by night."""
