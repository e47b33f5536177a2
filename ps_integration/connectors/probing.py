"""The cheapest authenticated call of a vendor: who we are, and what its clock says."""

from collections.abc import Mapping

from ps_integration.connectors.answers import server_time
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.raw import inside


def who(client: ApiClient, path: str, **facts: str) -> Mapping[str, object]:
    """Ask one small endpoint.

    Args:
        client: The system's client.
        path: What to ask.
        **facts: Name of a fact -> dotted path in the answer.

    Returns:
        The facts, and `server_time` from the answer's Date header.
    """
    answer = client.get_json(path)
    told = {name: inside(answer.json, where) for name, where in facts.items()}
    return {**told, "server_time": server_time(answer.headers)}
