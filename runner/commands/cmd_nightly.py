# SPDX-License-Identifier: GPL-2.0-only
"""swapscale nightly: kernels that move, against the last known good and against history."""
from __future__ import annotations

import argparse
from pathlib import Path

from runner import paths, report
from runner.commands.cmd_index import thin
from runner.commands.options import Commands, executor, measure
from runner.errors import CannotMeasure, Exit, SwapscaleError
from runner.nightly import config, culprit, history, kcidb, night, summary
from runner.nightly.config import Nightly
from runner.nightly.night import Outcome
from runner.progress import Progress

FORMATS = ("text", "markdown", "kcidb", *(form for form in report.FORMATS
                                          if form not in ("text", "markdown")))


def add(commands: Commands) -> None:
    sub = commands.add_parser("nightly", help="kernels that move, against the last known good and "
                              "against history; for cron and CI")
    sub.add_argument("config", type=Path, help="a file such as configs/nightly.toml")
    sub.add_argument("--results", type=Path, metavar="DIR", default=paths.RESULTS,
                     help="where campaigns and their index are (default: results/ of the checkout)")
    sub.add_argument("--output", type=Path, metavar="DIR", help="also write the report in every "
                     "format to DIR/nightly.*")
    executor(sub)
    sub.add_argument("--format", choices=sorted(FORMATS), default="text",
                     help="what is printed (default: %(default)s)")
    sub.set_defaults(run=do_nightly)


def do_nightly(args: argparse.Namespace, progress: Progress) -> Exit:
    executing = measure(args)
    settings = config.load(args.config)
    night.must_be_there(args.results)
    if args.output:
        night.must_be_there(args.output)
    told = []
    for name in settings.kernels:
        try:
            outcome = night.run(settings, name, args.results, progress, executing)
        except SwapscaleError as error:
            # One kernel that does not build must not keep the others from their night.
            progress.warn(f"{name}: {error}")
            told.append(night.failed(settings, name, error))
            continue
        if outcome is not None:
            told.append(culprit.begin(settings, outcome, args.results, progress))
    if settings.retention.keep:
        thin(history.read(args.results, settings.known, settings.settings, progress),
             settings.retention.keep, settings.retention.every, progress)
    if args.output and any(map(culprit.unfinished, told)):
        _write(args.output, settings, told)  # now: a bisect takes hours
    try:
        for at, outcome in enumerate(told):
            told[at] = culprit.finish(outcome, progress)
    finally:
        # An interrupted bisect leaves the night's verdict what it is.
        if args.output:
            _write(args.output, settings, told)
            progress.log(f"reports: {args.output}/nightly.*")
        print(_rendered(args.format, settings, told), end="", flush=True)
    return summary.exit_of(told)


def _rendered(form: str, settings: Nightly, told: list[Outcome]) -> str:
    if form == "text":
        return summary.text(settings.title, told)
    if form == "markdown":
        return summary.to_markdown(settings.title, told)
    if form == "kcidb":
        return kcidb.render(told)
    return report.FORMATS[form](summary.merged(told))


#: Format -> end of the file's name.
_ENDS = {"text": "txt", "markdown": "md", "kcidb": "kcidb.json", "junit": "junit.xml"}


def name_of(form: str) -> str:
    """The file that --output writes a format to."""
    return f"nightly.{_ENDS.get(form, form)}"


def _write(folder: Path, settings: Nightly, told: list[Outcome]) -> None:
    for form in FORMATS:
        path = folder / name_of(form)
        try:
            path.write_text(_rendered(form, settings, told), encoding="utf-8")
        except OSError as error:
            raise CannotMeasure(f"{path}: cannot be written: {error.strerror}") from None
