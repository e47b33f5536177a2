import pytest

from ps_integration.errors import FixConfigError
from ps_integration.settings.firm import Firm
from ps_integration.workflows.connect import connectors, erp_writers, feedback_writers

HARVEST = {"vendor": "harvest", "roles": ["time"], "account": "77"}
CLOCKIFY = {"vendor": "clockify", "roles": ["time"], "account": "w1"}


def firm(**systems):
    return Firm.model_validate(
        {
            "firm": {
                "id": "f",
                "name": "F",
                "time_zone": "Europe/Prague",
                "reporting_currency": "EUR",
            },
            "legal_entities": [
                {"id": "UK", "name": "UK", "currency": "GBP", "time_zone": "Europe/London"}
            ],
            "systems": [{"id": name, **body} for name, body in systems.items()],
            "routing": {},
        }
    )


def test_every_system_gets_its_connector_and_those_that_can_a_feedback_writer():
    both = firm(
        harvest_uk={**HARVEST, "credentials": {"token": "env:A"}},
        clockify_in={**CLOCKIFY, "credentials": {"api_key": "env:A"}},
    )
    made = connectors(both, {"A": "x"})
    assert [connector.system for connector in made.values()] == ["harvest_uk", "clockify_in"]
    assert list(feedback_writers(both, {"A": "x"})) == ["clockify_in"]
    assert erp_writers(both, {"A": "x"}) == {}


def test_everything_that_is_wrong_is_said_at_once():
    broken = firm(
        one={"vendor": "nobody", "roles": ["time"]},
        two={**HARVEST, "credentials": {}},
        three={**CLOCKIFY, "credentials": {"api_key": "env:MISSING"}},
        four={**HARVEST, "credentials": {"token": "env:A"}, "options": {"page_size": 0}},
        five={
            **HARVEST,
            "credentials": {"token": "env:A"},
            "base_url": "http://api.example.com",
        },
    )
    with pytest.raises(FixConfigError) as caught:
        connectors(broken, {"A": "x"})
    lines = str(caught.value).splitlines()
    for line, words in zip(
        lines, ("'nobody'", "token: env:", "MISSING", "options.page_size", "https"), strict=True
    ):
        assert words in line
