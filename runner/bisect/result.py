# SPDX-License-Identifier: GPL-2.0-only
"""What a bisect came to: everything its reports say, in one record."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runner.bisect import anchors, confirm
from runner.bisect.loop import Loop
from runner.bisect.points import Point
from runner.bisect.statefile import Question, Reading
from runner.errors import Exit
from runner.judge import tier
from runner.judge.figures import MetricResult, describe, number


@dataclass(frozen=True)
class Row:
    """One reading as the reports show it."""

    point: Point
    title: str
    place: int                # in the history, the good end being 0
    reading: Reading


@dataclass(frozen=True)
class Result:
    question: Question
    line: float                            # that parts good from bad
    unit: str
    rows: tuple[Row, ...]                  # the ends, then each step
    again: tuple[Row, ...]                 # what was measured again
    suspects: tuple[str, ...]              # titles; one: the culprit
    culprit: str                           # point; '': not narrowed down to one
    title: str
    stat: str                              # its diffstat
    confidence: float                      # all steps right
    confirmed: bool
    said: tuple[str, ...]                  # of the confirmation
    change: MetricResult | None            # the culprit's own
    moved: tuple[MetricResult, ...]        # locks and reclaim metrics that moved with it
    warnings: tuple[str, ...]
    machine: str = ""                      # simulated, that its figures are of; '': this host

    @property
    def exit(self) -> Exit:
        return Exit.OK if self.culprit and self.confirmed else Exit.INCONCLUSIVE

    def headline(self) -> str:
        """One line: the answer."""
        if not self.culprit:
            return (f"one of {len(self.suspects)} suspects: the commits between cannot be told "
                    "apart, they were skipped")
        how = f": {describe(self.change)}" if self.change is not None else ""
        sure = "confirmed" if self.confirmed else "NOT confirmed when measured again"
        return f"{self.title}{how}; confidence {self.confidence:.2%}, {sure}"


def _unit(loop: Loop) -> str:
    return next((sample.metrics[loop.state.question.metric].unit
                 for sample in loop.anchors.good if loop.state.question.metric in sample.metrics),
                "")


def _decisive(readings: Sequence[Reading]) -> float:
    """Each step must be right for the culprit to be: their product.

    A verdict taken over from the same image is the same fact again.
    """
    return math.prod(reading.confidence for reading in readings
                     if reading.verdict in ("good", "bad") and not reading.same_as)


def build(loop: Loop, left: Sequence[Point]) -> Result:
    """From the record to what the reports say."""
    state, history = loop.state, loop.history
    rows = [Row(reading.point, history.title(reading.point), history.place(reading.point), reading)
            for reading in state.readings]
    ends = (anchors.GOOD_END, anchors.BAD_END)
    path = tuple(row for row in rows if row.reading.role in (*ends, "step", "given"))
    again = tuple(row for row in rows if row not in path and row.reading.verdict)
    culprit = left[0] if len(left) == 1 else ""
    confirmed = confirm.judge(loop) if culprit else confirm.Confirmed(False, (), None, ())
    warnings = []
    if culprit and tier.find(state.question.tier).by_clock:
        warnings.append("a time of an emulated guest says nothing of real hardware"
                        if any(sample.accelerator != "kvm" for sample in loop.anchors.good) else "")
    retried = sum(reading.retries for reading in state.readings)
    if retried:
        warnings.append(f"boots that failed and were tried again: {retried}")
    return Result(state.question, loop.anchors.line.at, _unit(loop), path, again,
                  tuple(history.title(point) for point in left), culprit,
                  history.title(culprit) if culprit else "",
                  history.stat(culprit) if culprit else "",
                  _decisive([row.reading for row in path]), confirmed.sure, confirmed.said,
                  confirmed.change,
                  confirmed.moved, tuple(warning for warning in warnings if warning),
                  tier.find(state.question.tier).machine(loop.anchors.good[0])
                  if loop.anchors.good else "")


def figures(reading: Reading) -> tuple[str, str, str]:
    """Value, interval and confidence as they are shown."""
    interval = f"{number(reading.low)} to {number(reading.high)}" \
        if reading.low is not None and reading.high is not None else ""
    sure = f"{reading.confidence:.2%}" if reading.verdict != "skip" \
        and reading.role == "step" else ""
    return number(reading.value) if reading.value is not None else "", interval, sure
