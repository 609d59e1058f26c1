"""An environment that runs in office hours: when it stops, what stops, and which alarms then keep quiet."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.environments import PRODUCTION, STAGING
from generator.model import Day, Environment, OfficeHours, Scaling
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import ENVIRONMENT_STACKS
from tests.generator.variants import Refused, assert_refused

Json = dict[str, Any]

HOURS = OfficeHours(start="08:00", stop="19:00", time_zone="America/Sao_Paulo")
SLEEPING = dataclasses.replace(STAGING, office_hours=HOURS)
# Hosts of two kinds, and services that scale.
LARGE = dataclasses.replace(PRODUCTION, protected=False, office_hours=HOURS)


def rendered(environment: Environment) -> dict[str, Json]:
    """Every template of `environment` by stack."""
    return {
        stack.name: json.loads(json.dumps(to_dict(stack.build(environment, SERVICES)))) for stack in ENVIRONMENT_STACKS
    }


@pytest.fixture(scope="module")
def staging() -> dict[str, Json]:
    return rendered(SLEEPING)


@pytest.fixture(scope="module")
def large() -> dict[str, Json]:
    return rendered(LARGE)


def of_type(template: Json, kind: str) -> dict[str, Json]:
    return {name: r for name, r in template["Resources"].items() if r["Type"] == kind}


# --- the hours themselves ---


def hours(**changes: Any) -> OfficeHours:
    return dataclasses.replace(HOURS, **changes)


REFUSED: dict[str, Refused] = {
    "no clock": (lambda: hours(start="8:00"), "OfficeHours.start: found '8:00'", "such as 08:00"),
    "no hour": (lambda: hours(stop="24:00"), "OfficeHours.stop: found '24:00'", "such as 08:00"),
    "over midnight": (lambda: hours(start="20:00"), "OfficeHours.stop: found '19:00'", "later on the same day"),
    "no time at all": (lambda: hours(stop="08:00"), "OfficeHours.stop", "later"),
    "no day": (lambda: hours(days=()), "OfficeHours.days: found []", "at least one"),
    "a day twice": (lambda: hours(days=(Day.MONDAY, Day.MONDAY)), "OfficeHours.days", "once"),
    "days in disorder": (lambda: hours(days=(Day.FRIDAY, Day.MONDAY)), "OfficeHours.days", "in order"),
    "no time zone": (
        lambda: hours(time_zone="America/Aldeia"),
        "time_zone: found 'America/Aldeia'",
        "America/Sao_Paulo",
    ),
    "production asleep": (
        lambda: dataclasses.replace(PRODUCTION, office_hours=HOURS),
        "Environment(production).office_hours",
        "never sleeps",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused(case: str) -> None:
    assert_refused(REFUSED[case])


def test_the_schedules_in_the_spelling_of_each_service() -> None:
    half_past = hours(start="07:30", days=(Day.SATURDAY, Day.SUNDAY))

    assert (HOURS.starts(), HOURS.stops()) == ("0 8 * * 1,2,3,4,5", "0 19 * * *")
    assert HOURS.starts_by_name() == "cron(0 8 ? * MON,TUE,WED,THU,FRI *)"
    assert HOURS.stops_by_name() == "cron(0 19 * * ? *)"
    assert HOURS.nights() == [("cron(0 19 * * 1,2,3,4)", "PT13H30M"), ("cron(0 19 * * 5)", "P2DT13H30M")]
    assert half_past.starts() == "30 7 * * 6,0"
    assert half_past.nights() == [("cron(0 19 * * 6)", "PT13H"), ("cron(0 19 * * 0)", "P5DT13H")]
    assert hours(days=(Day.MONDAY,)).nights() == [("cron(0 19 * * 1)", "P6DT13H30M")]


@settings(deadline=None)
@given(
    clocks=st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=2, unique=True).map(sorted),
    days=st.sets(st.sampled_from(list(Day)), min_size=1),
)
def test_alarms_are_quiet_exactly_while_nothing_runs(clocks: list[int], days: set[Day]) -> None:
    """A week by simulation; half an hour longer in the morning, when things start."""
    start, stop = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in clocks)
    some = OfficeHours(start=start, stop=stop, time_zone="Etc/UTC", days=tuple(day for day in Day if day in days))
    quiet = []
    monday = datetime(2026, 11, 2, tzinfo=UTC)
    for expression, duration in some.nights():
        minute, hour, _, _, on = expression.removeprefix("cron(").removesuffix(")").split()
        for day in (monday + timedelta(days=number) for number in range(-7, 7)):
            if str((day.weekday() + 1) % 7) in on.split(","):
                begun = day.replace(hour=int(hour), minute=int(minute))
                quiet.append((begun, begun + timedelta(minutes=_minutes(duration))))

    for minute_of_week in range(0, 7 * 24 * 60, 11):
        now = monday + timedelta(minutes=minute_of_week)
        today = Day((now.weekday() + 1) % 7) in days
        runs = today and clocks[0] + 30 <= now.hour * 60 + now.minute < clocks[1]
        assert any(begun <= now < ended for begun, ended in quiet) != runs


def _minutes(duration: str) -> int:
    """Minutes of an ISO 8601 duration of days, hours and minutes."""
    date, _, clock = duration.removeprefix("P").partition("T")
    total = int(date.removesuffix("D") or 0) * 24 * 60
    for unit, minutes in (("H", 60), ("M", 1)):
        number, found, rest = clock.partition(unit)
        if found:
            total, clock = total + int(number) * minutes, rest
    return total


# --- hosts ---


def test_hosts_stop_and_start_in_the_documented_numbers(staging: dict[str, Json], large: dict[str, Json]) -> None:
    for template, group, sizes in (
        (staging["ec2"], "Host", (1, 1, 1)),
        (large["ec2"], "Host", (2, 2, 4)),
        (large["ec2"], "DataHost", (1, 1, 1)),
    ):
        found = of_type(template, "AWS::AutoScaling::ScheduledAction")
        start, stop = found[f"{group}Start"], found[f"{group}Stop"]

        assert start["Properties"]["Recurrence"] == "0 8 * * 1,2,3,4,5"
        assert stop["Properties"]["Recurrence"] == "0 19 * * *"
        for action, numbers in ((start, sizes), (stop, (0, 0, 0))):
            properties = action["Properties"]
            assert properties["AutoScalingGroupName"] == {"Ref": f"{group}Group"}
            assert properties["TimeZone"] == "America/Sao_Paulo"
            assert tuple(properties[key] for key in ("MinSize", "DesiredCapacity", "MaxSize")) == numbers
            assert action.get("Condition") == template["Resources"][f"{group}Group"].get("Condition")


def test_a_deployment_at_night_starts_what_it_deploys(staging: dict[str, Json]) -> None:
    """A version that has not run must not pass for tested: CloudFormation puts the template's numbers back."""
    group = staging["ec2"]["Resources"]["HostGroup"]
    counts = {
        name: s["Properties"]["DesiredCount"] for name, s in of_type(staging["fargate"], "AWS::ECS::Service").items()
    }

    assert "AutoScalingScheduledAction" not in group["UpdatePolicy"]
    assert group["Properties"]["DesiredCapacity"] == "1"
    assert counts == {
        "BackendService": 1,
        "FrontendService": 1,
        "ChromadbService": {"Fn::If": ["RunsChromadb", 1, 0]},
    }


# --- tasks ---


def actions(target: Json) -> Mapping[str, tuple[str, str, int, int]]:
    return {
        action["ScheduledActionName"]: (
            action["Schedule"],
            action["Timezone"],
            action["ScalableTargetAction"]["MinCapacity"],
            action["ScalableTargetAction"]["MaxCapacity"],
        )
        for action in target["Properties"]["ScheduledActions"]
    }


def test_tasks_stop_and_start_in_the_documented_numbers(staging: dict[str, Json], large: dict[str, Json]) -> None:
    for template, numbers in (
        (staging["fargate"], {"Backend": (1, 1), "Frontend": (1, 1), "Chromadb": (1, 1)}),
        (large["fargate"], {"Backend": (2, 4), "Frontend": (2, 4), "Chromadb": (1, 1)}),
    ):
        targets = of_type(template, "AWS::ApplicationAutoScaling::ScalableTarget")

        assert set(targets) == {f"{name}ScalableTarget" for name in numbers}
        for name, (low, high) in numbers.items():
            target = targets[f"{name}ScalableTarget"]
            assert actions(target) == {
                "start": ("cron(0 8 ? * MON,TUE,WED,THU,FRI *)", "America/Sao_Paulo", low, high),
                "stop": ("cron(0 19 * * ? *)", "America/Sao_Paulo", 0, 0),
            }
            assert (target["Properties"]["MinCapacity"], target["Properties"]["MaxCapacity"]) == (low, high)


@pytest.mark.parametrize("which", ["staging", "large"])
def test_the_clock_never_makes_a_second_chromadb(request: pytest.FixtureRequest, which: str) -> None:
    """Its target exists where it is at home, has no policy, and room for one copy at most, by day and by night."""
    fargate = request.getfixturevalue(which)["fargate"]
    target = fargate["Resources"]["ChromadbScalableTarget"]
    policies = of_type(fargate, "AWS::ApplicationAutoScaling::ScalingPolicy").values()
    most = [target["Properties"]["MaxCapacity"], *(high for _, _, _, high in actions(target).values())]

    assert max(most) == 1
    assert target["Condition"] == "RunsChromadb"
    assert {"Ref": "ChromadbScalableTarget"} not in [p["Properties"]["ScalingTargetId"] for p in policies]


# --- alarms ---


def test_alarms_keep_quiet_at_night_but_for_the_file_system(staging: dict[str, Json]) -> None:
    """Nothing healthy is the plan then. An alarm that is still on when the rule ends calls."""
    template = staging["monitoring"]
    rules = of_type(template, "AWS::CloudWatch::AlarmMuteRule").values()
    alarms = set(of_type(template, "AWS::CloudWatch::Alarm"))

    assert len(rules) == 2
    for rule in rules:
        muted = {name["Ref"] for name in rule["Properties"]["MuteTargets"]["AlarmNames"]}
        assert muted == alarms - {"FileSystemSizeAlarm"}
    assert [rule["Properties"]["Rule"]["Schedule"] for rule in rules] == [
        {"Expression": expression, "Duration": duration, "Timezone": "America/Sao_Paulo"}
        for expression, duration in HOURS.nights()
    ]
    names = [rule["Properties"]["Name"] for rule in rules]
    assert names == ["aldeia-staging-night-1", "aldeia-staging-night-2"]


def test_a_rule_mutes_at_most_a_hundred_alarms() -> None:
    """CloudWatch API reference, MuteTargets."""
    many = tuple(
        dataclasses.replace(SERVICES[1], name=f"service-{n}", host=f"h{n}", port=10_000 + n, environment={})
        for n in range(40)
    )
    stack = next(stack for stack in ENVIRONMENT_STACKS if stack.name == "monitoring")
    template = json.loads(json.dumps(to_dict(stack.build(SLEEPING, (*SERVICES, *many)))))
    lists = [
        rule["Properties"]["MuteTargets"]["AlarmNames"]
        for rule in of_type(template, "AWS::CloudWatch::AlarmMuteRule").values()
    ]
    muted = {name["Ref"] for names in lists for name in names}

    assert max(map(len, lists)) <= 100
    assert muted == set(of_type(template, "AWS::CloudWatch::Alarm")) - {"FileSystemSizeAlarm"}


def test_without_office_hours_nothing_has_a_schedule() -> None:
    """The default of both environments."""
    for environment in (STAGING, PRODUCTION):
        text = json.dumps(rendered(environment))

        assert "ScheduledAction" not in text.replace('"ScheduledActions"]', "")
        assert "AlarmMuteRule" not in text


def test_a_service_of_any_fixed_number_comes_back_in_it() -> None:
    tasks = {**STAGING.tasks, "frontend": dataclasses.replace(STAGING.tasks["frontend"], scaling=Scaling.fixed(3))}
    fargate = rendered(dataclasses.replace(SLEEPING, tasks=tasks))["fargate"]
    target = fargate["Resources"]["FrontendScalableTarget"]

    assert actions(target)["start"][2:] == (3, 3)
    assert fargate["Resources"]["FrontendService"]["Properties"]["DesiredCount"] == 3
