"""When an environment runs: the hours of an office, as one frozen value and the schedules that follow from it.

In: literals. Out: a checked value and its schedules in the three spellings that AWS has for them. Knows no resource.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from generator.errors import ModelError


class Day(IntEnum):
    """A day of the week; the value is cron's."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 0


WORKING_DAYS = (Day.MONDAY, Day.TUESDAY, Day.WEDNESDAY, Day.THURSDAY, Day.FRIDAY)

# Minutes after the start until everything must run: a host takes five to ten, its containers some more.
_WAKING_MINUTES = 30
_HOUR, _DAY = 60, 24 * 60
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_ZONE = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class OfficeHours:
    """Hosts and tasks run from `start` to `stop` (24 hours, `08:00`) on `days`, by the clock of `time_zone`; else nothing runs.

    The schedules cost nothing. What is saved follows from the hours: 8 to 19 on working days is a third of the week. In staging,
    of what AWS's price pages gave for us-east-1 in 2026-11, that is about $20 of a t3.medium's $30.37 a month, or $42 of $63 for
    three tasks on Fargate. What is billed without running anything stays: load balancer, NAT gateway, file system.

    A deployment outside the hours starts what it deploys, for a version that has not run must not pass for tested; only a service
    under scaling keeps the number it has, none. Whatever was started so stops at the next `stop`, on a free day too.
    """

    start: str
    stop: str
    time_zone: str
    days: tuple[Day, ...] = WORKING_DAYS

    def __post_init__(self) -> None:
        for name in ("start", "stop"):
            if not _CLOCK.fullmatch(getattr(self, name)):
                raise ModelError(f"OfficeHours.{name}", getattr(self, name), "use hours and minutes such as 08:00")
        if self.start >= self.stop:
            raise ModelError(
                "OfficeHours.stop", self.stop, f"it must be later on the same day than start, {self.start}"
            )
        if not self.days or list(self.days) != sorted(set(self.days), key=list(Day).index):
            raise ModelError(
                "OfficeHours.days", [day.name for day in self.days], "name at least one, in order, each once"
            )
        if not _zone_exists(self.time_zone):
            raise ModelError("OfficeHours.time_zone", self.time_zone, "use a name such as America/Sao_Paulo or Etc/UTC")

    def starts(self) -> str:
        """When things start, as five fields of cron: `0 8 * * 1,2,3,4,5`."""
        return f"{_fields(self.start)} * * {','.join(str(day.value) for day in self.days)}"

    def stops(self) -> str:
        """When things stop, as five fields of cron: each day, so that what a deployment started at a week-end stops too."""
        return f"{_fields(self.stop)} * * *"

    def starts_by_name(self) -> str:
        """`starts` in the six fields of Application Auto Scaling, where days have names and one field is a question mark."""
        return f"cron({_fields(self.start)} ? * {','.join(day.name[:3] for day in self.days)} *)"

    def stops_by_name(self) -> str:
        """`stops` in the same spelling."""
        return f"cron({_fields(self.stop)} * * ? *)"

    def nights(self) -> list[tuple[str, str]]:
        """(cron expression of five fields, ISO 8601 duration) of the times when nothing runs, from each stop to what follows it.

        One for each day that is followed by a different number of free days; each ends when what was started must be there.
        """
        length = {
            day: _minutes(self.start) - _minutes(self.stop) + _WAKING_MINUTES + _DAY * self._days_until_next(day)
            for day in self.days
        }
        found: dict[int, list[Day]] = {}
        for day, minutes in length.items():
            found.setdefault(minutes, []).append(day)
        return [
            (f"cron({_fields(self.stop)} * * {','.join(str(day.value) for day in days)})", _duration(minutes))
            for minutes, days in sorted(found.items())
        ]

    def _days_until_next(self, day: Day) -> int:
        """How many days after `day` the next one of `days` comes: 1 to 7."""
        return min((other - day - 1) % 7 + 1 for other in self.days)


def _fields(clock: str) -> str:
    """Minute and hour of `08:30`, as cron writes them: `30 8`."""
    hour, minute = clock.split(":")
    return f"{int(minute)} {int(hour)}"


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * _HOUR + int(minute)


def _duration(minutes: int) -> str:
    days, rest = divmod(minutes, _DAY)
    hours, minutes = divmod(rest, _HOUR)
    date = f"P{days}D" if days else "P"
    clock = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    return f"{date}T{clock}" if clock else date


def _zone_exists(name: str) -> bool:
    """Whether the time zone database has it; on a machine without one, whether it is written as its names are."""
    from zoneinfo import available_timezones  # noqa: PLC0415  (only a description with office hours needs it)

    known = available_timezones()
    return name in known if known else bool(_ZONE.fullmatch(name))
