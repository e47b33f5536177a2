"""Contracts: versioned Pandera models of the canonical objects, and how rows meet them."""
