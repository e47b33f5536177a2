"""Sends a message through Apprise: e-mail, Slack, Teams and what else it speaks."""

import logging
from collections.abc import Sequence
from pathlib import Path

import apprise

from ps_integration.connectors.auth import Secret
from ps_integration.errors import FixConfigError, RetryLaterError


class AppriseMessenger:
    """One address that Apprise understands. Nothing of it is ever logged or shown."""

    def __init__(self, address: Secret) -> None:
        """Read the address.

        Raises:
            FixConfigError: Apprise does not understand it.
        """
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would tell the address
        self._name = address.source
        self._to = apprise.Apprise()
        if not self._to.add(address.value):
            raise FixConfigError(
                f"delivery: the address in {self._name} is none that Apprise understands; it "
                "looks like mailtos://user:password@host or slack://token/#channel"
            )

    def send(self, title: str, body: str, attached: Sequence[Path] = ()) -> None:
        """Send one message as plain text.

        Raises:
            RetryLaterError: It was not taken.
        """
        files = [str(path) for path in attached]
        taken = self._to.notify(
            title=title, body=body, body_format=apprise.NotifyFormat.TEXT, attach=files or None
        )
        if not taken:
            raise RetryLaterError(
                f"delivery: the message to the address in {self._name} was not taken; check the "
                "address and that its host can be reached; the report itself is filed"
            )
