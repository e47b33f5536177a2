"""Every vendor, one line each."""

from typing import Final

from ps_integration.connectors.setup import Options, Vendor
from ps_integration.connectors.vendors import (
    business_central,
    clockify,
    files,
    harvest,
    kantata,
    netsuite,
    tryton,
    xero,
)
from ps_integration.errors import FixConfigError

VENDORS: Final[dict[str, Vendor]] = {
    vendor.name: vendor
    for vendor in (
        business_central.VENDOR,
        clockify.VENDOR,
        files.VENDOR,
        harvest.VENDOR,
        kantata.VENDOR,
        netsuite.VENDOR,
        tryton.VENDOR,
        xero.VENDOR,
    )
}  # fmt: skip


def vendor(name: str) -> Vendor:
    """The vendor of that name.

    Raises:
        FixConfigError: There is none; lists those there are.
    """
    if name not in VENDORS:
        known = ", ".join(sorted(VENDORS))
        raise FixConfigError(f"there is no vendor {name!r}; known: {known}")
    return VENDORS[name]


def options_model(name: str) -> type[Options]:
    """The model of a vendor's `options`, for checking a firm file."""
    return vendor(name).options
