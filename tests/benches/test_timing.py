"""What is made of times: turns, rounds, ratios."""

from __future__ import annotations

import time

import pytest

from comparison import timing


def test_a_turn_is_the_time_of_a_call() -> None:
    assert timing.turn(lambda: time.sleep(0.005), 0.02) == pytest.approx(0.005, rel=0.9)


def test_short_calls_are_timed_together() -> None:
    calls = []
    seconds = timing.turn(lambda: calls.append(None), 0.005)
    assert 0 < seconds < 1e-4
    assert len(calls) * seconds < 1


def test_a_long_call_is_made_once() -> None:
    calls = []

    def call() -> None:
        calls.append(None)
        time.sleep(0.01)

    assert timing.turn(call, 0.001) >= 0.01
    assert len(calls) == 1


def test_ratios_are_of_the_same_round() -> None:
    # The machine was ten times as slow in the second round, for both.
    ratio = timing.ratio([2.0, 20.0, 2.2], [1.0, 10.0, 1.0])
    assert ratio.median == pytest.approx(2.0)
    assert (ratio.low, ratio.high) == pytest.approx((2.0, 2.1))


def test_one_round_has_no_spread() -> None:
    assert timing.ratio([3.0], [2.0]) == timing.Ratio(1.5, 1.5, 1.5)


def test_every_round_begins_with_another() -> None:
    order = []

    def of(name: str):
        return lambda: order.append(name) or float(len(order))

    times = timing.in_turns({name: of(name) for name in "abc"}, 3)
    assert order == list("abcbcacab")
    assert times == {"a": [1.0, 6.0, 8.0], "b": [2.0, 4.0, 9.0], "c": [3.0, 5.0, 7.0]}


def test_nobody_has_no_times() -> None:
    assert timing.in_turns({}, 3) == {}
