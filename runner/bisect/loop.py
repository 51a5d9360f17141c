# SPDX-License-Identifier: GPL-2.0-only
"""The bisection: measure, tell good from bad, narrow, until one suspect is left.

Everything that was found is on record before the next thing begins, and what comes next is
a function of the record alone: a bisect that was killed goes on as if nothing had happened.
"""
from __future__ import annotations

import time
from collections.abc import Sequence

from runner.bisect import anchors as ends
from runner.bisect import classify, points
from runner.bisect.ahead import Ahead
from runner.bisect.anchors import Anchors
from runner.bisect.classify import Figure
from runner.bisect.measure import Bench, Means, Measured, Unfit, looks
from runner.bisect.points import Point, Range
from runner.bisect.statefile import Reading, State
from runner.experiment import plan
from runner.judge import tier, verdict
from runner.judge.figures import MetricResult, number
from runner.progress import Progress, duration
from runner.records import Sample

STEP = "step"


class Loop:
    """One bisect at work."""

    def __init__(self, state: State, history: Range, progress: Progress,
                 means: Means = Means()) -> None:
        self.state, self.history, self.progress = state, history, progress
        self._means = means
        self.bench = Bench(state, progress, means)
        self.anchors: Anchors = ends.find(state, self.bench, history, progress)
        self._ahead: Ahead | None = None

    def suspects(self) -> list[Point]:
        """Points that may be the first bad one, as far as is known."""
        return points.narrowed(self.history, self.state.verdicts())

    def run(self) -> list[Point]:
        """Narrow until nothing more can be told; the suspects that are left."""
        own = self.state.question.tier
        ahead = self._ahead = Ahead(own, self.bench.flavour(own), self._means.make, self.progress)
        try:
            while True:
                left = self.suspects()
                point = self._next(left, self.state.path())
                if point is None:
                    return left
                done = len([reading for reading in self.state.path() if reading.role == STEP])
                self.progress.log(f"step {done + 1}: {self.history.title(point)} ({len(left)} "
                                  f"suspect{'s' * (len(left) > 1)} left)")
                self.classify(point, STEP)
        finally:
            ahead.stop()

    def _next(self, left: Sequence[Point], path: Sequence[Reading]) -> Point | None:
        verdicts = {reading.point: reading.verdict for reading in path}
        row = 0
        for reading in reversed(path):
            if reading.verdict != "skip":
                break
            row += 1
        bad = [point for point in left if verdicts.get(point) == "bad"]
        return points.choose(left, bad[0] if bad else self.history.bad, verdicts, row)

    def _after(self, point: Point) -> list[Point]:
        """What would come next, should `point` be good and should it be bad."""
        likely = []
        for told in ("bad", "good"):
            path = [*self.state.path(), Reading(point, STEP, told, "")]
            left = points.narrowed(self.history,
                                   {reading.point: reading.verdict for reading in path})
            following = self._next(left, path)
            if following is not None:
                likely.append(following)
        return likely

    def classify(self, point: Point, role: str, name: str = "", whole: bool = False) -> Reading:
        """Measure a point, or another kernel in its name; put on record what it is."""
        begin = time.monotonic()
        asked = self.state.question
        name = name or self.history.kernel(point)
        try:
            built = self.bench.kernel(name, asked.tier)
            if same := self._same(built.image_sha256, role):
                told = Reading(point, role, same.verdict, "the same image as "
                               f"{self.history.short(same.point)}: changes nothing in this "
                               "configuration", same.value, same.low, same.high, same.confidence,
                               same.campaign, built.image_sha256, same.point)
            else:
                if role == STEP and self._ahead:
                    self._ahead.want(self.history.kernel(other) for other in self._after(point))
                told = self._measure(point, role, name, built.image_sha256, whole, begin)
        except Unfit as error:
            told = Reading(point, role, "skip", error.reason, campaign=error.campaign,
                           retries=error.retries, seconds=round(time.monotonic() - begin, 1))
        self.progress.log(f"{self.history.title(point)}: {describe(told)}")
        return self.state.add(told)

    def _same(self, image: str, role: str) -> Reading | None:
        """An earlier reading of the very same image; only a step makes do with it."""
        return next((reading for reading in self.state.readings
                     if reading.image == image and role == STEP
                     and reading.verdict in ("good", "bad") and reading.campaign), None)

    def _measure(self, point: Point, role: str, name: str, image: str, whole: bool,
                 begin: float) -> Reading:
        asked = self.state.question
        beside: MetricResult | None = None
        if tier.find(asked.tier).by_clock:
            result, beside, got = self._timed(point, role, name)
        else:
            got = self.bench.measure(
                point, role, "step.toml", (name,), asked.tier,
                lambda samples: self._whole(samples) if whole else self._sure(samples))
            result = self.anchors.hold(self.bench, asked.tier, got.campaign, asked.metric)
        boots = len([sample for sample in got.samples
                     if sample.cell.kernel == name and not sample.invalid])
        figure = ends.figure(self.anchors, result, asked.tier, boots)
        told, sure = self.anchors.line.judge(figure, 1 if whole else looks(asked.tier, boots))
        low, high = figure.interval()
        reason = self._held(figure)
        if sure < classify.LEAST:
            told, reason = "skip", f"undecided after {boots} boots: {reason}"
        if beside is not None:
            end = ends.figure(self.anchors, beside, asked.tier, boots)
            if self.anchors.line.judge(end)[0] != "bad":
                told, reason = "skip", f"the bad end beside it came out good: {self._held(end)}"
        return Reading(point, role, told, reason, figure.value, low, high, round(sure, 4),
                       got.campaign, image, "", boots, got.retries,
                       round(time.monotonic() - begin, 1))

    def _held(self, figure: Figure) -> str:
        """For people: a figure and the line that parts good from bad."""
        return f"{number(figure.value)} against a line at {number(self.anchors.line.at)}"

    def _whole(self, samples: Sequence[Sample]) -> bool:
        """Whether there are as many boots as it took to tell the ends apart."""
        return bool(tier.find(self.state.question.tier).looks(self.anchors.step)) \
            and len(samples) >= self.anchors.boots

    def _sure(self, samples: Sequence[Sample]) -> bool:
        """Whether these boots tell good from bad, or no more of them could."""
        asked = self.state.question
        flight = self.state.flight
        assert flight is not None
        result = self.anchors.hold(self.bench, asked.tier, flight.campaign, asked.metric)
        figure = ends.figure(self.anchors, result, asked.tier, len(samples))
        return self.anchors.line.ends(figure)

    def _timed(self, point: Point, role: str, name: str
               ) -> tuple[MetricResult, MetricResult | None, Measured]:
        """Good end, candidate and bad end in each round; rounds until the candidate is told.

        The candidate and the bad end (None where they are the same) against the good end.
        """
        asked = self.state.question
        good, bad = (self.history.kernel(end) for end in (asked.good, asked.bad))
        names = (good, name) if point == asked.bad else (good, name, bad)
        got = self.bench.measure(point, role, "step.toml", names, asked.tier)
        rules = plan.load(self.state.folder / "step.toml", names, good).rules
        cells = verdict.compare(got.samples, rules).cells
        of = {kernel: ends.result_of(tuple(cell for cell in cells if cell.test == kernel),
                                     asked.tier,
                                     asked.metric) for kernel in names[1:]}
        return of[name], of.get(bad) if point != asked.bad else None, got


def describe(reading: Reading) -> str:
    """For people, one line."""
    retried = f", {reading.retries} boot tried again" if reading.retries else ""
    if reading.verdict == "skip":
        return f"skipped: {reading.reason}{retried}"
    boots = f", {reading.boots} boot{'s' * (reading.boots > 1)}" if reading.boots else ""
    took = f", {duration(reading.seconds)}" if reading.seconds else ""
    return (f"{reading.verdict}: {reading.reason} (confidence {reading.confidence:.2%}{boots}{took}"
            f"{retried})")
