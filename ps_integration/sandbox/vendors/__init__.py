"""What the sandbox asks of a vendor server, and how it finds one by name.

A vendor server is one module (or small package) here that defines `VENDOR`. Nothing else needs to
be touched: the module's name is the vendor's name.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.limits import RateLimiter
from ps_integration.sandbox.state import SandboxState


@dataclass(frozen=True, slots=True)
class Context:
    """What a vendor server knows besides the request.

    Attributes:
        state: Documents of all systems; use only those of `system`.
        system: Name of the mounted system.
        settings: The vendor's defaults under the system's own settings.
        now: The instant of this request, aware UTC.
        limiter: Counts requests per bucket; see `over_limit`.
    """

    state: SandboxState
    system: str
    settings: Mapping[str, Any]
    now: datetime
    limiter: RateLimiter

    def over_limit(self, bucket: str, requests: int, seconds: float) -> float | None:
        """Count one request; seconds to wait when it is over the limit, else None."""
        return self.limiter.take((self.system, bucket), requests, seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor's server.

    Attributes:
        handle: Answers a request. `request.script_root` is `/{system}`, `request.path` the rest,
            so a werkzeug `Map` binds with `bind_to_environ(request.environ)`.
        refuse: The vendor's own answer for a status (401, 429, 500 or 503), with its error body;
            the second argument is the seconds to wait, for vendors that say so on 429.
        defaults: Settings a system has unless it is registered with others.
        reads_by_post: `fnmatch` patterns of paths where POST only reads.
    """

    handle: Callable[[Request, Context], Response]
    refuse: Callable[[int, int], Response]
    defaults: Mapping[str, Any]
    reads_by_post: tuple[str, ...] = ()


@cache
def vendor_names() -> tuple[str, ...]:
    """Return every vendor the sandbox can serve."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(name for name in names if hasattr(_module(name), "VENDOR"))


def find_vendor(name: str) -> Vendor:
    """Return a vendor's server.

    Raises:
        LookupError: No module here defines a vendor of that name.
    """
    if name not in vendor_names():
        raise LookupError(f"sandbox has no vendor {name!r}; it has {', '.join(vendor_names())}")
    vendor = _module(name).VENDOR
    if not isinstance(vendor, Vendor):
        raise TypeError(f"{name}.VENDOR is a {type(vendor).__name__}, not a Vendor")
    return vendor


def _module(name: str) -> Any:  # noqa: ANN401 - a module's attributes are not typed
    return importlib.import_module(f"{__name__}.{name}")
