# SPDX-License-Identifier: GPL-2.0-only
"""swapscale index: the index of all campaigns, its import and export, thinning of evidence."""
from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from runner import paths
from runner.commands.options import Commands, Whole
from runner.errors import CannotMeasure, Exit, UsageError
from runner.nightly import exchange, history, historypage, indexfile, retention
from runner.nightly.history import History
from runner.progress import Progress

#: Nights whose evidence stays whole, and of older ones the n-th that keeps it.
KEEP, EVERY = 30, 7


def add(commands: Commands) -> None:
    sub = commands.add_parser("index", help="the history: bring its index up to date, show it, "
                              "carry it to and fro, thin old evidence")
    sub.add_argument("--results", type=Path, metavar="DIR", default=paths.RESULTS,
                     help="the folder of campaigns (default: results/ of the checkout)")
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--rebuild", action="store_true", help="make the index again from the "
                      "campaigns, and nothing else")
    what.add_argument("--export", metavar="FILE", help="write every campaign's samples as JSON "
                      "lines; - is standard output")
    what.add_argument("--import", metavar="FILE", dest="take", help="make campaigns of such "
                      "lines; - is standard input")
    what.add_argument("--thin", action="store_true", help="remove evidence of old nights; samples "
                      "stay")
    sub.add_argument("--keep", type=Whole(1, 100000), metavar="N", help="with --thin: nights whose "
                     f"evidence stays (default: {KEEP})")
    sub.add_argument("--every", type=Whole(1, 100000), metavar="N", help="with --thin: of older "
                     f"nights one in N keeps its evidence (default: {EVERY})")
    sub.add_argument("--known", type=Path, metavar="FILE", help="acknowledged changes (default: "
                     "known.toml in the folder of campaigns)")
    sub.add_argument("--page", type=Path, metavar="FILE", help="write the history as an HTML page, "
                     "too")
    sub.add_argument("--json", action="store_true", help="the history for programs")
    sub.set_defaults(run=do_index)


def do_index(args: argparse.Namespace, progress: Progress) -> Exit:
    results: Path = args.results
    if not args.thin and (args.keep or args.every):
        raise UsageError("index: --keep and --every go with --thin")
    if args.export:
        return _export(results, args.export, progress)
    if args.take:
        with _input(args.take) as (file, name):
            fresh, old = exchange.take(file, name, results)
        progress.log(f"imported {fresh} campaigns; {old} were here already")
    if args.rebuild:
        indexfile.rebuild(results, progress)
    past = history.read(results, args.known, progress=progress)
    for problem in past.problems:
        progress.warn(f"left out of the history: {problem}")
    if args.thin:
        thin(past, args.keep or KEEP, args.every or EVERY, progress)
    if args.page:
        write_page(past, args.page, progress)
    if not args.thin:
        print(json.dumps(as_data(past), indent=1) if args.json else text(past))
    return Exit.OK


def write_page(past: History, file: Path, progress: Progress) -> None:
    """Write the history's page; a reader of `file` sees all of it or the old one."""
    page = historypage.render(past, file)
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.write_text(page, encoding="utf-8")
        fresh.rename(file)
    except OSError as error:
        raise CannotMeasure(f"{file}: cannot be written: {error.strerror}") from None
    progress.log(f"history as a page: {file}")


def thin(past: History, keep: int, every: int, progress: Progress) -> None:
    """Remove the evidence of old nights of `past`, of each kernel that moves by itself."""
    for nights in history.aged(past).values():
        done = retention.thin(past.results, retention.chosen(nights, keep, every))
        if done.folders:
            progress.log(f"thinned the evidence of {len(done.folders)} nights, "
                         f"{done.freed / 2**20:.1f} MiB: {', '.join(done.folders)}")


@contextlib.contextmanager
def _input(name: str) -> Iterator[tuple[TextIO, str]]:
    if name == "-":
        yield sys.stdin, "standard input"
        return
    try:
        with open(name, encoding="utf-8") as file:
            yield file, name
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror}") from None


def _export(results: Path, name: str, progress: Progress) -> Exit:
    if not results.is_dir():
        raise UsageError(f"{results}: is not a folder; name the one that holds campaigns with "
                         "--results")
    if name == "-":
        for line in exchange.lines(results):
            print(line)
        return Exit.OK
    # A reader of the file sees all of it or the old one.
    fresh = Path(f"{name}.new")
    try:
        with open(fresh, "w", encoding="utf-8") as file:
            count = sum(1 for line in exchange.lines(results) if file.write(line + "\n"))
        fresh.rename(name)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise CannotMeasure(f"{name}: cannot be written: {error.strerror}") from None
    progress.log(f"wrote {count} lines to {name}")
    return Exit.OK


def as_data(past: History) -> dict[str, object]:
    """For --json; results/README.md documents it."""
    return {"swapscale-history-view": 1,
            "series": [history.as_data(series) for series in past.series],
            "problems": list(past.problems)}


def text(past: History) -> str:
    """A line for each series that is gated, and one for each change of its level."""
    lines = []
    for series in past.series:
        if not series.gated:
            continue
        last = series.nights[-1]
        count = f"{len(series.nights)} night" + ("s" if len(series.nights) != 1 else "")
        lines.append(f"{series.key.label()}: {count}, last {last.value:.6g} {series.key.unit}")
        lines += [f"    {history.told(series, change)}" for change in series.changes]
    others = sum(not series.gated for series in past.series)
    return "\n".join([*lines, f"{len(past.series) - others} series decide, {others} are for "
                      "information"])
