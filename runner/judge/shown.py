# SPDX-License-Identifier: GPL-2.0-only
"""What reports show, before it is text, Markdown or HTML: tables and pictures."""
from __future__ import annotations

from dataclasses import dataclass

from runner.judge.figures import MetricResult
from runner.plot.plots import Drawn


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[str, ...]               # the first is text, the others are figures
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    kind: str                 # section of the page: 'effects', 'locks', 'throughput'
    title: str
    drawn: Drawn
    caption: str = ""


def change(result: MetricResult) -> str:
    """A change for people: '+4.60%', a dash for none."""
    if result.change is None:
        return "–"
    return "0%" if result.change == 0 else f"{result.change:+.1%}" \
        if abs(result.change) >= 0.1 else f"{result.change:+.2%}"


def interval(result: MetricResult) -> str:
    """An interval for people: '-2.0% to +15.0%', empty for none."""
    return f"{result.interval[0]:+.1%} to {result.interval[1]:+.1%}" if result.interval else ""
