"""To whom the night's report is sent."""

from typing import Literal

from pydantic import Field

from ps_integration.settings.base import Reference, Strict


class Destination(Strict):
    """One place that is told the verdict. Its address holds a password: it is in the environment.

    The address is Apprise's: `mailtos://user:password@host?to=cfo@firm.example`,
    `slack://token/#channel`, `msteams://...` and others.
    """

    to: Reference = Field(description="env:NAME of the address")
    when: Literal["always", "not_clear", "blocked"] = Field(
        default="always", description="which verdicts it is told"
    )
    attach: bool = Field(default=False, description="page, workbook and PDF with it; for e-mail")

    @property
    def name(self) -> str:
        """The environment variable, which is all that is ever shown of it."""
        return self.to.removeprefix("env:")

    def wants(self, verdict: str) -> bool:
        """Whether it is told of a verdict (`clear`, `open breaks`, `blocked`)."""
        if self.when == "always":
            return True
        return verdict == "blocked" if self.when == "blocked" else verdict != "clear"
