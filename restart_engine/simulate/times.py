"""Times of a night: seconds since the midnight before it starts, and the time of the day that they are."""

from __future__ import annotations

from typing import Final

DAY: Final = 86_400
HOUR: Final = 3_600
MINUTE: Final = 60


def seconds_of(time_of_day: str) -> float:
    """The seconds since midnight of a time like `21:30`."""
    hours, _, minutes = time_of_day.partition(":")
    return float(int(hours) * HOUR + int(minutes) * MINUTE)


def next_at(now: float, time_of_day: float) -> float:
    """When it is next this time of the day: now or later."""
    return now + (time_of_day - now) % DAY


def last_at(now: float, time_of_day: float) -> float:
    """When it was last this time of the day: now or earlier."""
    return now - (now - time_of_day) % DAY


def within(now: float, begins: float, ends: float) -> bool:
    """Whether it is in this part of the day, which may lead over midnight; its end is not in it."""
    return (now - begins) % DAY < (ends - begins) % DAY


def clock(seconds: float) -> str:
    """The time of the day, to the minute."""
    minutes = round(seconds / MINUTE)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def hours_and_minutes(seconds: float) -> str:
    """A span of time, to the minute: `1:05` is an hour and five minutes."""
    minutes = round(abs(seconds) / MINUTE)
    return f"{'-' if seconds < 0 and minutes else ''}{minutes // 60}:{minutes % 60:02d}"
