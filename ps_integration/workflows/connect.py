"""From the firm file to the connectors and writers of its systems."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from ps_integration.connectors.http import Policy
from ps_integration.connectors.limits import Meter, Paces
from ps_integration.connectors.protocol import Connector, ErpWriter, FeedbackWriter
from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup, Vendor
from ps_integration.errors import FixConfigError
from ps_integration.settings.firm import Firm

T = TypeVar("T")


def connectors(
    firm: Firm,
    environ: Mapping[str, str],
    only: tuple[str, ...] | None = None,
    meter: Meter | None = None,
    paces: Paces | None = None,
) -> dict[str, Connector]:
    """A connector for every system of the firm (or those named), in the firm file's order.

    Systems of one vendor account share one pace, with all else that is given the same `paces`;
    `meter` counts the calls.

    Raises:
        FixConfigError: Names every system that cannot be built, and why.
    """
    return _built(firm, environ, lambda known: known.build, only, meter, paces)


def unreachable(firm: Firm) -> dict[str, str]:
    """Stand-ins for every `env:` reference of the firm file, for parsing what was read before."""
    references: list[object] = []
    for system in firm.systems:
        references += [system.base_url, *system.credentials.values(), *system.options.values()]
    return {
        reference.removeprefix("env:"): "http://127.0.0.1:9"
        for reference in references
        if isinstance(reference, str) and reference.startswith("env:")
    }


def erp_writers(
    firm: Firm,
    environ: Mapping[str, str],
    meter: Meter | None = None,
    paces: Paces | None = None,
) -> dict[str, ErpWriter]:
    """A writer for every system whose role is erp and whose vendor can be written to.

    A system that nothing is routed to may lack what posting needs; it has no writer then.
    """
    posted_to = {route.system for route in firm.routing.erp}
    erps = tuple(
        system.id
        for system in firm.systems
        if "erp" in system.roles
        and (system.id in posted_to or not vendor(system.vendor).lacks_to_post(system))
    )
    return _built(firm, environ, lambda known: known.erp_writer, erps, meter, paces)


def feedback_writers(
    firm: Firm,
    environ: Mapping[str, str],
    meter: Meter | None = None,
    paces: Paces | None = None,
) -> dict[str, FeedbackWriter]:
    """A writer of billing status for every system whose vendor takes it."""
    return _built(firm, environ, lambda known: known.feedback_writer, None, meter, paces)


def _built(
    firm: Firm,
    environ: Mapping[str, str],
    builder: Callable[[Vendor], Callable[[Setup], T] | None],
    only: tuple[str, ...] | None,
    meter: Meter | None,
    paces: Paces | None,
) -> dict[str, T]:
    made: dict[str, T] = {}
    wrong: list[str] = []
    shared = paces or Paces()
    for system in firm.systems:
        try:
            known = vendor(system.vendor)
            build = builder(known)
            if build is None or (only is not None and system.id not in only):
                continue
            pace = shared.of(system.vendor_account, known.rates_of(system))
            bounds = Policy(pace=pace, meter=meter or Meter())
            made[system.id] = build(Setup(system, environ, bounds))
        except FixConfigError as error:
            wrong.append(str(error))
    if wrong:
        raise FixConfigError("\n".join(wrong))
    return made
