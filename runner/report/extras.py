# SPDX-License-Identifier: GPL-2.0-only
"""Latency and a sample's course, from swapstorm's own documents."""
from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.errors import printable
from runner.judge import results, tier
from runner.judge.figures import number
from runner.judge.shown import Picture
from runner.plot import lines
from runner.plot.lines import Line
from runner.records import MIB, Sample
from runner.report.grid import Column, Grid, Row, Value
from runner.report.pictures import FOLDER
from runner.report.workloadfile import QUANTILES, TOUCHES, Extra, Touch, read

_Place = tuple[str, int, str]              # device, threads, tier
Extras = list[tuple[Sample, Extra]]


def gather(samples: Sequence[Sample], folder: Path) -> Extras:
    """The samples that count and have latency or a series."""
    every = [(sample, read(folder / sample.evidence)) for sample in samples if not sample.invalid]
    return [(sample, extra) for sample, extra in every if extra.latency or extra.series]


def _places(extras: Extras) -> Iterator[tuple[_Place, Extras]]:
    places: dict[_Place, Extras] = {}
    for sample, extra in extras:
        cell = sample.cell
        places.setdefault((cell.device, cell.threads, tier.measured_by(sample)), []).append(
            (sample, extra))
    yield from places.items()


def _words(touch: str) -> str:
    return touch.replace("_", " ")


def _curve(kernel: str, touch: str, mine: Sequence[Touch]) -> Line:
    """Percentiles in µs, each the median over the boots of a kernel."""
    middle = [statistics.median(touch.quantiles[name] for touch in mine) / 1000
              for name in QUANTILES]
    return Line(f"{kernel}, {_words(touch)}", tuple(
        (at, value, name) for at, (name, value) in enumerate(zip(QUANTILES, middle)) if value > 0))


def _latency(extras: Extras) -> list[Line]:
    drawn = []
    for touch in TOUCHES:
        by_kernel: dict[str, list[Touch]] = {}
        for sample, extra in extras:
            if touch in extra.latency:
                by_kernel.setdefault(sample.cell.kernel, []).append(extra.latency[touch])
        drawn += [_curve(kernel, touch, mine) for kernel, mine in by_kernel.items()]
    return drawn


def _course(sample: Sample, extra: Extra) -> list[Line]:
    """Swap-out and swap-in in MiB/s between the rows of a series."""
    begin = extra.series[0].t_ns
    drawn = []
    for name, what in (("pswpout", "swapped out"), ("pswpin", "swapped in")):
        points = tuple(
            ((new.t_ns - begin) / 1e9, (getattr(new, name) - getattr(old, name))
             * extra.page_size / MIB / ((new.t_ns - old.t_ns) / 1e9), "")
            for old, new in zip(extra.series, extra.series[1:]))
        drawn.append(Line(f"{sample.cell.kernel}, {what}", points))
    return drawn


def draw(extras: Extras, folder: Path) -> list[Picture]:
    """A picture of latency and one of a boot of each kernel over time, for each place."""
    drawn = []
    (folder / FOLDER).mkdir(exist_ok=True)
    for number_of, ((device, threads, name), mine) in enumerate(_places(extras)):
        where = printable(f"{device}, {results.threads(threads)}, {name}")
        if curves := _latency(mine):
            title = f"Latency of touches: {where}"
            drawn.append(Picture("latency", title, lines.percentiles(
                curves, folder / FOLDER / f"latency-{number_of}", title),
                "Median over the boots that count, of each percentile; time in the guest."))
        first: dict[str, tuple[Sample, Extra]] = {}
        for sample, extra in mine:
            if len(extra.series) > 1:
                first.setdefault(sample.cell.kernel, (sample, extra))
        if first:
            title = f"One boot over time: {where}"
            numbers = " and ".join(str(sample.number) for sample, _ in first.values())
            drawn.append(Picture("course", title, lines.over_time(
                [line for pair in first.values() for line in _course(*pair)],
                folder / FOLDER / f"course-{number_of}", title), f"Of sample {numbers}."))
    return [picture for picture in drawn if picture.drawn.files]


def table(extras: Extras, links: dict[str, Value]) -> Grid | None:
    """Every boot's latency, in µs."""
    rows = []
    for sample, extra in extras:
        facets = {"kernel": printable(sample.cell.kernel), "device": printable(sample.cell.device),
                  "threads": str(sample.cell.threads), "tier": printable(sample.cell.tier)}
        for touch, told in extra.latency.items():
            figures = [told.mean, *told.quantiles.values()]
            rows.append(Row((
                links.get(sample.evidence, Value(str(sample.number))), Value(facets["kernel"]),
                Value(facets["device"]), Value(facets["threads"], sample.cell.threads),
                Value(printable(tier.measured_by(sample))), Value(_words(touch)),
                Value(f"{told.count:,}", told.count),
                *(Value(number(value / 1000), value) for value in figures)), facets))
    columns = (Column("sample", False), Column("kernel", False), Column("device", False),
               Column("threads"), Column("tier", False), Column("touch", False), Column("count"),
               Column("mean"), *(Column(name) for name in QUANTILES))
    return Grid("latency-table", "Latency of touches, µs", columns, tuple(rows),
                "first touch: nobody had written the page before; resident: it was in memory; "
                "swap in: the kernel counted a major fault.") if rows else None
