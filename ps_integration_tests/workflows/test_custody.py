"""Whose a break is, by when, who is told, how old it is: by the firm file and its calendars."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_integration.domain import business_days
from ps_integration.errors import FixConfigError
from ps_integration.settings.breaks import Breaks
from ps_integration.workflows.calendars import calendars, holidays_of
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.custody import FirmCustodian, custodian, owner_choices
from ps_integration_tests.posting.making import make_firm

MONDAY = datetime(2026, 3, 30, 22, 30, tzinfo=UTC)  # in London half past eleven that evening
TODAY = date(2026, 4, 1)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def firm_of(**settings):
    made = make_firm()
    entities = tuple(
        made.legal_entities[0].model_copy(
            update={"id": name, "time_zone": zone, "holiday_calendar": calendar}
        )
        for name, zone, calendar in (
            ("UK", "Europe/London", "GB-ENG"), ("US", "America/New_York", "US"),
            ("IN", "Asia/Kolkata", ""),
        )
    )  # fmt: skip
    told = {"breaks": Breaks.model_validate(settings), "owners": {"finance": "Finance team"}}
    return made.model_copy(update={"legal_entities": entities, **told})


def keeper(**settings) -> FirmCustodian:
    return custodian(firm_of(**settings), TODAY)


def item(**more):
    facts = {"legal_entity": more.pop("entity", "UK"), "project_id": more.pop("project", None)}
    told = {
        "rule": "TM01", "owner": "finance", "severity": "high", "at_risk_minor": 1000,
        "currency": "GBP", "episode_at": MONDAY, "opened_at": MONDAY, "alerted_minor": None,
    }  # fmt: skip
    return SimpleNamespace(**{**told, **more}, facts=facts)


@pytest.mark.parametrize(
    ("more", "to"),
    [
        ({}, "Finance team"),
        ({"owner": "integration"}, "integration"),
        ({"owner": "integration", "entity": "US"}, "us desk"),
        ({"rule": "TM06", "entity": "US"}, "corrections"),
        ({"owner": "project_manager", "project": "apollo"}, "mia"),
        ({"owner": "project_manager", "project": "gemini"}, "ben"),
        ({"owner": "project_manager", "project": "unknown"}, "project_manager"),
        ({"owner": "project_manager", "entity": "US", "project": "apollo"}, "us desk"),
    ],
)
def test_the_first_line_that_fits_says_whose_it_is(more, to):
    keeping = keeper(
        assign=[
            {"rule": "TM06", "to": "corrections"},
            {"legal_entity": "US", "to": "us desk"},
            {"project": "gemini", "owner": "project_manager", "to": "ben"},
        ],
        project_managers={"apollo": "mia", "gemini": "zoe"},
    )
    assert keeping.assignee(item(**more)) == to


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({"severity": "critical"}, date(2026, 3, 31)),
        ({}, date(2026, 4, 2)),  # the day before Good Friday
        ({"severity": "medium"}, date(2026, 4, 8)),  # Good Friday and Easter Monday are free
        ({"severity": "medium", "entity": "US"}, date(2026, 4, 6)),
        ({"severity": "medium", "entity": "IN"}, date(2026, 4, 7)),  # it is Tuesday there already
        ({"at_risk_minor": 100_001}, date(2026, 3, 31)),
        ({"at_risk_minor": -100_001}, date(2026, 3, 31)),
        ({"at_risk_minor": 100_000}, date(2026, 4, 2)),
        ({"at_risk_minor": 100_001, "currency": "USD"}, date(2026, 4, 2)),
        ({"at_risk_minor": None, "currency": None}, date(2026, 4, 2)),
    ],
)
def test_severity_and_money_say_by_when_in_the_entitys_business_days(more, due):
    keeping = keeper(due_sooner=[{"above": {"GBP": "1000"}, "business_days": 1}])
    assert keeping.due_on(item(**more)) == due


@pytest.mark.parametrize(
    ("before", "now", "is_worse"),
    [
        (1000, 1250, False),
        (1000, 1251, True),
        (1000, -1251, True),
        (0, 1, True),
        (None, None, False),
    ],
)
def test_much_worse_is_past_the_threshold_of_the_severity(before, now, is_worse):
    assert keeper().is_much_worse(item(at_risk_minor=now, alerted_minor=before)) is is_worse


def test_only_the_chosen_severities_are_told_of():
    assert keeper().is_alerted(item())
    assert not keeper().is_alerted(item(severity="low"))
    assert not keeper(alert_severities=[]).is_alerted(item(severity="critical"))


def test_breaks_can_be_given_to_people_queues_and_roles():
    firm = firm_of(assign=[{"to": "queue"}], project_managers={"apollo": "mia"})
    found = owner_choices(firm, frozenset({"finance", "hr"}))
    assert {"Finance team", "hr", "project_manager", "queue", "mia"} <= set(found)


@given(DAYS, st.integers(1, 60))
def test_counting_forward_and_back_agree(start, count):
    is_holiday = holidays_of("GB-ENG")
    end = business_days.after(start, count, is_holiday)
    assert business_days.between(start, end, is_holiday) == count
    assert business_days.is_business_day(end, is_holiday)


@given(DAYS, DAYS)
def test_business_days_are_counted_one_by_one(start, end):
    is_holiday, day, count = holidays_of("US"), start, 0
    while day < end:
        day += timedelta(days=1)
        count += day.isoweekday() <= 5 and not is_holiday(day)
    assert business_days.between(start, end, is_holiday) == count


@pytest.mark.parametrize(
    ("age", "name"),
    [(0, "0-1"), (1, "0-1"), (2, "2-5"), (5, "2-5"), (6, "6-10"), (11, "11-20"), (20, "11-20"),
     (21, "over 20")],
)  # fmt: skip
def test_ages_fall_in_buckets(age, name):
    assert business_days.bucket(age) == name


def test_age_is_counted_where_the_legal_entity_works():
    known = calendars(firm_of())
    tuesday = datetime(2026, 4, 7, 12, tzinfo=UTC)
    assert known.of("UK").age(MONDAY, tuesday) == 4
    assert known.of("US").age(MONDAY, tuesday) == 6
    assert known.of("IN").age(MONDAY, tuesday) == 5
    assert known.of(None).age(MONDAY, tuesday) == 6


def test_a_calendar_or_a_rule_that_is_none_is_a_mistake_of_the_firm_file(tmp_path):
    with pytest.raises(FixConfigError, match="holiday_calendar 'XX'"):
        holidays_of("XX")
    path = tmp_path / "firm.yaml"
    path.write_text(
        """
firm: {id: acme, name: Acme, time_zone: UTC, reporting_currency: GBP}
legal_entities:
  - {id: UK, name: UK, currency: GBP, time_zone: UTC, holiday_calendar: ATLANTIS}
systems:
  - {id: hr, vendor: files, roles: [hr], options: {folder: x, streams: []}}
routing: {}
breaks:
  assign:
    - {rule: TM99, to: mia}
    - {legal_entity: FR, to: mia}
  due_sooner:
    - {above: {GBP: much}, business_days: 1}
""",
        "utf-8",
    )
    with pytest.raises(FixConfigError) as error:
        load_checked(path)
    for told in ("assign[0].rule", "assign[1].legal_entity", "above.GBP: 'much", "'ATLANTIS'"):
        assert told in str(error.value), str(error.value)
