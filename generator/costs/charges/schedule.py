"""The hours that schedules leave: scaling to nothing at night, and back in the morning.

In: scheduled actions of an auto scaling group or of a scalable target. Out: the share of a week that something runs.
It understands minute, hour and day of the week, single values, lists and ranges; a schedule with more than that counts as
running all the time, which is never too cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.costs.charges.charge import Stack, number
from generator.costs.resolve import Resource, reference

WEEK = 7 * 24 * 60  # minutes
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_CRON = re.compile(r"cron\((?P<fields>[^)]*)\)")


def running_share(resource: Resource, stack: Stack) -> float:
    """The share of the week, 0 to 1, for which `resource` (a group or an ECS service) is not scaled to nothing."""
    changes: list[tuple[int, bool]] = []
    for recurrence, up in (*_of_group(resource, stack), *_of_service(resource, stack)):
        minutes = minutes_of_week(recurrence)
        if minutes is None:
            return 1.0
        changes.extend((minute, up) for minute in minutes)
    if not changes or all(up for _, up in changes):
        return 1.0
    changes.sort()
    running = 0
    for (minute, up), (following, _) in zip(changes, [*changes[1:], (changes[0][0] + WEEK, True)], strict=True):
        running += (following - minute) if up else 0
    return running / WEEK


def _of_group(resource: Resource, stack: Stack) -> Iterable[tuple[str, bool]]:
    for each in stack.of("AWS::AutoScaling::ScheduledAction"):
        if reference(each.get("AutoScalingGroupName")) == resource.id:
            size = each.get("MaxSize") if each.get("MaxSize") is not None else each.get("DesiredCapacity")
            yield str(each.get("Recurrence")), number(size, 1) > 0


def _of_service(resource: Resource, stack: Stack) -> Iterable[tuple[str, bool]]:
    for target in stack.of("AWS::ApplicationAutoScaling::ScalableTarget"):
        if f"${{{resource.id}.Name}}" not in str(target.get("ResourceId")):
            continue
        for each in target.get("ScheduledActions") or ():
            found = _CRON.fullmatch(str(each.get("Schedule")))
            most = (each.get("ScalableTargetAction") or {}).get("MaxCapacity")
            yield (_as_crontab(found["fields"]) if found else "?"), number(most, 1) > 0


def _as_crontab(fields: str) -> str:
    """AWS's `minute hour day month weekday year`, weekdays from 1 for Sunday, in crontab's order and numbers."""
    parts = fields.split()
    if len(parts) != 6 or parts[5] != "*":
        return "?"
    weekday = re.sub(r"\d", lambda found: DAYS[int(found[0]) - 1] if 1 <= int(found[0]) <= 7 else "?", parts[4])
    return " ".join([*parts[:2], parts[2].replace("?", "*"), parts[3], weekday.replace("?", "*")])


def minutes_of_week(crontab: str) -> list[int] | None:
    """The minutes of the week, from Sunday 0:00, at which a crontab line fires; None for one that says more."""
    parts = crontab.split()
    if len(parts) != 5 or parts[2] != "*" or parts[3] != "*":
        return None
    minutes, hours, days = _values(parts[0], 60), _values(parts[1], 24), _values(_numbered(parts[4]), 8)
    if minutes is None or hours is None or days is None:
        return None
    return sorted({day % 7 * 1440 + hour * 60 + minute for day in days for hour in hours for minute in minutes})


def _numbered(weekdays: str) -> str:
    for index, name in enumerate(DAYS):
        weekdays = weekdays.upper().replace(name, str(index))
    return weekdays


def _values(text: str, end: int) -> list[int] | None:
    if text == "*":
        return list(range(7 if end == 8 else end))
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or not (last or first).isdigit():
            return None
        low, high = int(first), int(last or first)
        if not 0 <= low <= high < end:
            return None
        found.extend(range(low, high + 1))
    return found
