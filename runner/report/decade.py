# SPDX-License-Identifier: GPL-2.0-only
"""Ten years of swap-out in one picture: docs/decade.md, by a campaign of configs/decade.toml.

    python3 -m runner.report.decade CAMPAIGN    writes the page's tables and its picture anew
"""
from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from runner import paths
from runner.campaign.store import load_samples
from runner.errors import CannotMeasure, SwapscaleError, UsageError
from runner.metrics.lockclass import PATH_SUM, SWAP_PATH
from runner.plot import plots
from runner.plot.curves import Curve, CurvePoint, curves
from runner.records import Sample
from runner.report.markdown import grid

PAGE = paths.ROOT / "docs/decade.md"
PICTURE = "![Swap-out throughput over threads](decade.svg)\n\n"
_BEGIN, _END = "<!-- measured: {} -->\n", "<!-- end -->\n"
SIMULATED = "lockstep"
_NOT_TAKEN = "0.000"         # a class that a kernel does not have sends no count
#: Row of the table, the tier it is measured in, the metric, how it is shown, and what stands
#: where there is none.
_ROWS = (("locks of the swap path", "locks", f"locks.{PATH_SUM}.acquisitions_per_page", ".3f",
          _NOT_TAKEN),
         *((f"`{name}`", "locks", f"locks.{name}.acquisitions_per_page", ".3f", _NOT_TAKEN)
           for name in SWAP_PATH),
         ("instructions", "exact", "instructions_per_page", ".0f", "-"),
         ("cache lines moved, {} threads", SIMULATED, "transfers_per_page", ".1f", "-"),
         ("of these between sockets", SIMULATED, "far_transfers_per_page", ".1f", "-"))
_LEAST = 0.01                # acquisitions per page of a class that has a row


def _values(samples: Iterable[Sample], kernel: str, tier: str, metric: str, threads: int
            ) -> list[float]:
    return [sample.metrics[metric].value for sample in samples
            if (sample.cell.kernel, sample.cell.tier, sample.cell.threads)
            == (kernel, tier, threads) and not sample.invalid and metric in sample.metrics]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(grid(heads, rows)) + "\n"


def kernels(samples: Iterable[Sample]) -> list[str]:
    """In the order in which the campaign has them."""
    return list(dict.fromkeys(sample.cell.kernel for sample in samples))


def threads(samples: Iterable[Sample]) -> list[int]:
    """Those of the simulated machine."""
    return sorted({sample.cell.threads for sample in samples if sample.cell.tier == SIMULATED})


def per_page(samples: Sequence[Sample]) -> str:
    """What a swapped-out page costs: a column a kernel, the median where there are several."""
    most = max(threads(samples), default=1)
    rows = []
    for title, tier, metric, how, none in _ROWS:
        columns = [_values(samples, kernel, tier, metric, most if tier == SIMULATED else 1)
                   for kernel in kernels(samples)]
        highest = max((value for values in columns for value in values), default=0.0)
        if highest >= _LEAST:
            rows.append([title.format(most), *(format(statistics.median(values), how)
                                               if values else none for values in columns)])
    return _table(["per swapped-out page", *kernels(samples)], rows)


def by_threads(samples: Sequence[Sample]) -> str:
    """MiB/s in simulated time: median, least to most of the runs."""
    rows = []
    for count in threads(samples):
        cells = []
        for kernel in kernels(samples):
            values = _values(samples, kernel, SIMULATED, "throughput_mib_s", count)
            cells.append(f"{statistics.median(values):.0f} ({min(values):.0f} to "
                         f"{max(values):.0f})" if values else "-")
        rows.append([str(count), *cells])
    return _table(["threads", *kernels(samples)], rows)


def draw(samples: Sequence[Sample], out: Path) -> plots.Drawn:
    """Throughput over threads, a curve a kernel; OUT.tsv, .svg and .png."""
    lines = []
    for kernel in kernels(samples):
        by_count = {count: values for count in threads(samples)
                    if (values := _values(samples, kernel, SIMULATED, "throughput_mib_s", count))}
        lines.append(Curve(kernel, True, tuple(
            CurvePoint(count, statistics.median(values), min(values), max(values))
            for count, values in by_count.items())))
    return curves(lines, out, "Swap-out throughput over threads, ten years of kernels",
                  "threads|swapped out, MiB/s of simulated time")


def filled(text: str, tables: dict[str, str]) -> str:
    """The page with each of its tables written anew; UsageError where one has no place in it."""
    for name, table in tables.items():
        before, begin, rest = text.partition(_BEGIN.format(name))
        _, end, after = rest.partition(_END)
        if not (begin and end):
            raise UsageError(f"{PAGE}: has no lines {_BEGIN.format(name).strip()!r} and "
                             f"{_END.strip()!r} to put a table between")
        text = before + begin + table + end + after
    return text


def main(campaign: Path) -> None:
    """Write tables and picture."""
    samples = load_samples(campaign / "samples.jsonl")
    if not threads(samples):
        raise UsageError(f"{campaign}: holds no lockstep samples; './swapscale run "
                         "configs/decade.toml' makes them")
    PAGE.write_text(filled(PAGE.read_text("utf-8"), {
        "per page": per_page(samples), "by threads": PICTURE + by_threads(samples)}), "utf-8")
    with tempfile.TemporaryDirectory(prefix="swapscale-decade-") as scratch:
        drawn = draw(samples, Path(scratch) / PAGE.stem)
        if not drawn.files:
            raise CannotMeasure(f"{PAGE}: written, but not its picture: {drawn.skipped}")
        shutil.copyfile(drawn.files[0], PAGE.with_suffix(".svg"))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except IndexError:
        sys.exit("swapscale: usage: python3 -m runner.report.decade CAMPAIGN")
    except SwapscaleError as error:
        sys.exit(f"swapscale: {error}")
