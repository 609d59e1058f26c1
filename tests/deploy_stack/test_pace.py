"""The budget of calls and the rhythm of looks, with a clock of their own."""

import threading

import pytest
from deploy_stack.pace import SLOWEST, Rhythm, TokenBucket, change_set_rhythm, stack_rhythm
from deploy_stack.schedule import in_order, levels


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        """Let the time pass."""
        self.now += seconds


@pytest.fixture
def clock():
    """A clock at zero."""
    return Clock()


def test_a_burst_is_free_and_then_calls_come_at_the_rate(clock):
    """Ten at once, then four a second."""
    bucket = TokenBucket(rate=4, burst=10, clock=clock, sleep=clock.sleep)

    for _ in range(10):
        bucket.take()
    assert clock.now == 0
    for _ in range(8):
        bucket.take()
    assert clock.now == pytest.approx(2.0)


def test_throttling_halves_the_rate_once_a_moment_and_answers_win_it_back(clock):
    """Several refusals close together are one piece of news."""
    bucket = TokenBucket(rate=4, burst=10, clock=clock, sleep=clock.sleep)

    for _ in range(5):
        bucket.throttled()
    assert bucket.rate == 2
    for _ in range(100):
        clock.sleep(1)
        bucket.throttled()
    assert bucket.rate == SLOWEST
    for _ in range(100):
        bucket.answered()
    assert bucket.rate == 4


def test_those_who_watch_share_a_part_of_the_budget(clock):
    """One looks as often as it likes; eight share what is left beside creations and executions."""
    bucket = TokenBucket(rate=10, burst=1, clock=clock, sleep=clock.sleep)

    with bucket.watching() as fair:
        assert fair(0.2) == 0.2
        with bucket.watching(), bucket.watching():
            assert fair(0.2) == pytest.approx(0.5)
        assert fair(0.2) == 0.2


def test_waits_grow_with_age_up_to_the_cap(clock):
    """Short at first, five seconds after ten minutes."""
    rhythm = stack_rhythm(clock)
    waits = []
    while clock.now < 1200:
        waits.append(rhythm.next())
        clock.sleep(waits[-1])

    assert waits[0] == 0.2
    assert max(wait for wait in waits[:30]) <= 0.6
    assert waits[-1] == 5.0
    assert waits == sorted(waits)
    assert len(waits) <= 510


def test_the_last_resource_is_looked_at_often(clock):
    """The end is near: a fifth of a second, once a second after the first minute."""
    rhythm = stack_rhythm(clock)
    for _ in range(40):
        rhythm.next()

    assert rhythm.next(nearly_done=True) == 0.2
    clock.sleep(700)
    for _ in range(40):
        rhythm.next()
    assert rhythm.next(nearly_done=True) == 1.0


def test_throttling_slows_the_looks_down_and_wears_off(clock):
    """Four times slower at first, then half of that, then as before."""
    rhythm = Rhythm(first=1, growth=1, caps=((0, 1),), clock=clock)
    rhythm.throttled()

    assert [rhythm.next() for _ in range(4)] == [4, 2, 1, 1]


def test_a_change_set_of_three_seconds_is_seen_within_a_quarter_of_one(clock):
    """The price of looking is paid once per plan."""
    rhythm = change_set_rhythm(clock)
    while clock.now < 3.3:
        clock.sleep(rhythm.next())

    assert clock.now - 3.3 <= 0.25


DEPENDS = {"data": ["network"], "edge": ["network"], "app": ["data", "edge"], "alarms": ["app"]}
NAMES = ["network", "data", "edge", "app", "alarms"]


def test_levels_group_what_can_go_together():
    """Each group depends only on the groups before it; what is not chosen does not hold anybody up."""
    assert levels(NAMES, DEPENDS) == [["network"], ["data", "edge"], ["app"], ["alarms"]]
    assert levels(["app", "edge"], DEPENDS) == [["edge"], ["app"]]


def test_independent_stacks_run_side_by_side_and_the_others_after_them():
    """data and edge meet; app comes after both."""
    together = threading.Barrier(2, timeout=5)
    order = []

    def work(name):
        if name in {"data", "edge"}:
            together.wait()
        order.append(name)
        return name

    done = in_order(NAMES, DEPENDS, work, goes_on=lambda _: True, stop=threading.Event())

    assert (order[0], order[3:]) == ("network", ["app", "alarms"])
    assert list(done) == NAMES


def test_a_failure_keeps_everything_behind_it_from_being_begun():
    """And nothing else."""

    def work(name):
        if name == "data":
            raise ValueError(name)
        return name

    done = in_order(NAMES, DEPENDS, work, goes_on=lambda _: True, stop=threading.Event())

    assert isinstance(done["data"].error, ValueError)
    assert done["edge"].result == "edge"
    assert done["app"].skipped
    assert done["alarms"].skipped
