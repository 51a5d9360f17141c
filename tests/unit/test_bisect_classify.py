# SPDX-License-Identifier: GPL-2.0-only
"""Good or bad, how sure, and the experiments a bisect makes of the user's."""
from __future__ import annotations

import dataclasses
import math
import random
from pathlib import Path

import pytest

from runner import paths
from runner.bisect import anchors, classify, measure, question
from runner.bisect.anchors import Anchors
from runner.bisect.classify import Figure, Line
from runner.bisect.statefile import Question
from runner.errors import UsageError
from runner.experiment import plan
from runner.judge.figures import MetricResult
from runner.judge.tier import find, layouts

EXACT = find("exact")
BENCH = paths.CONFIGS / "bench.toml"
ASKED = Question("git", "/tree", "a", "b", "instructions_per_page", "exact", "brd", 1, None, "x")


def result(base: float, test: float, interval: tuple[float, float] | None = None) -> MetricResult:
    return MetricResult("instructions_per_page", "instructions/page", "lower", base, test,
                        test / base - 1, interval, 0.005, None, "")


def test_sides_of_a_line() -> None:
    line = Line(100.0, 1.0)
    assert line.judge(Figure(101.0, 0.2, math.inf)) == ("bad", classify.MOST)
    assert line.judge(Figure(99.0, 0.2, math.inf)) == ("good", classify.MOST)
    assert Line(100.0, -1.0).judge(Figure(99.0, 0.2, 5))[0] == "bad"
    # On the line is not above it, and is a guess.
    assert line.judge(Figure(100.0, 1.0, math.inf)) == ("good", 0.5)
    # One standard error away: the normal distribution's 84%; fewer boots, less sure.
    assert line.judge(Figure(101.0, 1.0, math.inf))[1] == pytest.approx(0.8413, abs=1e-4)
    assert line.judge(Figure(101.0, 1.0, 3))[1] < 0.81


def test_each_look_before_costs_its_share() -> None:
    line, seen = Line(100.0, 1.0), Figure(102.0, 1.0, math.inf)
    once = line.judge(seen)[1]
    assert line.judge(seen, 4) == ("bad", pytest.approx(once - 3 * classify.SPENT))
    assert line.judge(Figure(100.001, 1.0, math.inf), 4) == ("bad", 0.5)
    # Ending early takes more than being told at the end.
    assert not line.ends(seen) and line.ends(Figure(103.0, 1.0, math.inf))
    assert line.ends(Figure(100.1, 0.0, math.inf)) and not line.ends(Figure(100.0, 0.0, math.inf))


def test_looks_of_a_step() -> None:
    assert measure.counts(6) == [1, 2, 3, 6]
    assert [measure.counts(most) for most in (1, 2, 4, 13)] == [
        [1], [1, 2], [1, 2, 3, 4], [1, 2, 3, 6, 12, 13]]
    assert [measure.looks("exact", boots) for boots in measure.counts(6)] == [1, 2, 3, 4]
    assert measure.looks("timed", 14) == 1


def test_stopping_at_the_first_sure_look_is_as_right_as_it_says() -> None:
    # As above, but with a look after 1, 2, 3 and 6 boots that ends it where that is enough.
    draw, right, told = random.Random(11), 0, 0.0
    line = Line(10050.0, 1.0)
    steps = 3000
    for _ in range(steps):
        truth = draw.choice([10000.0, 10100.0])
        seen: list[float] = []
        for count in measure.counts(6):
            seen += [draw.gauss(truth, 60.0) for _ in range(count - len(seen))]
            figure = Figure(sum(seen) / count, 60.0 / math.sqrt(count), math.inf)
            verdict, sure = line.judge(figure, measure.looks("exact", count))
            if line.ends(figure):
                break
        right += verdict == ("bad" if truth > line.at else "good")
        told += sure
    assert right / steps > told / steps - 0.005


def test_confidence_is_how_often_it_is_right() -> None:
    # 1% between the ends, boots of one kernel differing by 0.3%: of those it is 90% sure or
    # more about, at least 90% are right.
    draw, right, told = random.Random(7), 0, 0
    line = Line(10050.0, 1.0)
    for _ in range(4000):
        truth = draw.choice([10000.0, 10100.0])
        boots = draw.choice([1, 2, 3])
        seen = sum(draw.gauss(truth, 30.0) for _ in range(boots)) / boots
        verdict, sure = line.judge(Figure(seen, 30.0 / math.sqrt(boots), math.inf))
        if sure >= classify.LEAST:
            told += 1
            right += verdict == ("bad" if truth > line.at else "good")
    assert told > 2000 and right / told > 0.95


def test_an_interval_of_its_own_is_the_error() -> None:
    pairs = result(10000.0, 10100.0, (0.008, 0.012))
    found = classify.figure(pairs, find("timed"), ((), ()), (6, 3))
    assert found.value == pytest.approx(10100.0)
    assert found.error == pytest.approx(20.0 / 1.95996, rel=1e-3)
    layouts_of = dataclasses.replace(result(10000.0, 10050.0, (0.008, 0.012)), change=0.01,
                                     error=0.001, free=4)
    found = classify.figure(layouts_of, EXACT, ((), ()), (6, 3))
    assert (found.value, found.error, found.free) == pytest.approx((10100.0, 10.1, 4))
    # By ranks: where the comparison puts it, by what boots of the ends differ among themselves.
    ranks = classify.figure(dataclasses.replace(layouts_of, error=None, free=None), EXACT, ((), ()),
                            (6, 3))
    assert ranks.value == pytest.approx(10100.0)
    assert ranks.error == pytest.approx(10050.0 * EXACT.noise * math.sqrt(0.5))


def test_without_one_it_is_what_boots_differ_by() -> None:
    found = classify.figure(result(10000.0, 10100.0), EXACT, ((), ()), (4, 1))
    # No boots to learn from: the measured least, never certainty.
    assert found.error == pytest.approx(10100.0 * EXACT.noise * math.sqrt(1.25))
    assert Line(10050.0, 1.0).judge(found)[1] < classify.MOST


def test_by_the_clock_a_slower_host_is_taken_out() -> None:
    ends = Anchors((), (), ("g", "b"), 158.0, -0.75, Line(105.0, -1.0),
                   plan.load(BENCH).rules)
    # The good end beside it came to 79 and not to 158; the candidate to 10% less than that.
    beside = dataclasses.replace(result(79.0, 71.1), interval=(-0.2, 0.0))
    found = anchors.figure(ends, beside, "timed", 8)
    assert found.value == pytest.approx(142.2) and ends.line.judge(found)[0] == "good"
    # Counts are held against the line as they are.
    assert anchors.figure(ends, result(79.0, 71.1), "exact", 3).value == 71.1


def test_the_users_experiment_is_reduced_to_one_cell(tmp_path: Path) -> None:
    question.write_ends(plan.load(BENCH), ASKED, tmp_path)
    ends, user = plan.load(tmp_path / question.ENDS), plan.load(BENCH)
    assert (ends.devices, ends.threads, ends.tiers) == (("brd",), (1,), ("exact",))
    assert (ends.guest.ram, ends.workload) == (user.guest.ram, user.workload)
    assert ends.rules.layouts == layouts.LOOKS and ends.boots.self_check
    assert ends.rules.thresholds == user.rules.thresholds
    assert plan.load(tmp_path / question.LOCKS).tiers == ("locks",)
    question.write_step(tmp_path / question.ENDS, ASKED, tmp_path, 0.0201, False)
    step = plan.load(tmp_path / question.STEP)
    # Half way in logarithms: 1.01 * 1.01 = 1.0201.
    assert step.rules.thresholds["instructions_per_page"] == pytest.approx(0.01)
    assert not step.boots.self_check and not step.rules.equal_pages
    assert len(plan.samples(step)) == layouts.LOOKS[-1]
    assert len(plan.samples(ends)) == layouts.LOOKS[-1] + 1


def test_looks_over_layouts_are_the_users_or_begin_at_six() -> None:
    assert layouts.raised((1,)) == layouts.raised((6,)) == (6, 12, 24)
    assert layouts.raised((8,)) == (8, 16, 32) and layouts.raised((40,)) == (40, 64)
    assert layouts.raised((4, 9)) == (9,) and layouts.raised((2, 3)) == (6, 12, 24)


def test_timed_steps_have_looks(tmp_path: Path) -> None:
    asked = dataclasses.replace(ASKED, metric="throughput_mib_s", tier="timed")
    question.write_ends(plan.load(BENCH), asked, tmp_path)
    question.write_step(tmp_path / question.ENDS, asked, tmp_path, -0.19, True)
    step = plan.load(tmp_path / question.STEP, ("a:1", "b:1", "c:1"), "a:1")
    assert step.rules.looks == (8, 14, 20)
    assert step.rules.thresholds["throughput_mib_s"] == pytest.approx(1 / 0.9 - 1)


def test_metric_and_tier() -> None:
    bench = plan.load(BENCH)
    assert question.metric_of(bench, None) == ("instructions_per_page", "exact")
    lock = "locks.swap_device.acquisitions_per_page"
    assert question.metric_of(bench, lock) == (lock, "locks")
    locks = dataclasses.replace(bench, tiers=("locks",))
    with pytest.raises(UsageError, match="say which one with --metric"):
        question.metric_of(locks, None)
    with pytest.raises(UsageError, match="takes the lockstep tier or the timed tier"):
        question.metric_of(locks, "throughput_mib_s")
    assert question.cell_of(bench, "exact", None, None) == ("pmem", 1)
    assert question.cell_of(bench, "lockstep", None, 16) == ("pmem", 16)
    with pytest.raises(UsageError, match="threads: 7 is not one of 1"):
        question.cell_of(bench, "exact", None, 7)
