# SPDX-License-Identifier: GPL-2.0-only
"""swapscale bisect: the first commit, or patch, that made a metric worse."""
from __future__ import annotations

import argparse
from pathlib import Path

from runner import paths
from runner.bisect import bisectformats, githistory, gitlog, patches, run
from runner.bisect.points import Limits, Range
from runner.bisect.statefile import Reading, State
from runner.commands.options import Commands, Whole, given_settings, settings
from runner.errors import Exit, UsageError
from runner.progress import Progress


def add(commands: Commands) -> None:
    sub = commands.add_parser("bisect", help="name the commit or patch that made a metric worse")
    sub.add_argument("--tree", type=Path, metavar="DIR", help="a kernel's git repository; it is "
                     "only read")
    sub.add_argument("--good", metavar="REF", help="a commit from before")
    sub.add_argument("--bad", metavar="REF", help="one with the regression (default: HEAD)")
    sub.add_argument("--first-parent", action="store_true", help="of a merge test the merge, not "
                     "what it brought in, as git bisect's option does")
    sub.add_argument("paths", nargs="*", metavar="PATH", help="after --: commits that touch none "
                     "of these are no suspects")
    sub.add_argument("--series", metavar="KERNEL", help="bisect the patches of a series instead, "
                     "such as 6.1:batch-add")
    sub.add_argument("--experiment", type=Path, metavar="FILE", help="devices, load and "
                     "thresholds, such as configs/bench.toml")
    sub.add_argument("--metric", metavar="NAME", help="what to bisect by (default: instructions "
                     "per page, or what the experiment's tiers have)")
    sub.add_argument("--above", type=float, metavar="N", help="bad is what exceeds N, instead of "
                     "half way from good to bad")
    sub.add_argument("--device", metavar="NAME", help="one of the experiment's (default: its "
                     "first)")
    sub.add_argument("--threads", type=Whole(1, 1024), metavar="N", help="one of the experiment's "
                     "(default: its first)")
    settings(sub)
    sub.add_argument("--replay", type=Path, metavar="LOG", help="begin with the ends and verdicts "
                     "of a 'git bisect log'")
    sub.add_argument("--resume", type=Path, metavar="BISECT", help="go on with a bisect's folder")
    sub.add_argument("--results", type=Path, metavar="DIR", default=paths.RESULTS,
                     help="where bisects go (default: results/ of the checkout)")
    sub.add_argument("--format", choices=sorted(bisectformats.FORMATS), default="text",
                     help="what is printed (default: %(default)s)")
    sub.set_defaults(run=do_bisect)


def do_bisect(args: argparse.Namespace, progress: Progress) -> Exit:
    if args.resume:
        if any((args.tree, args.series, args.good, args.experiment, args.replay, args.set,
                args.settings)):
            raise UsageError("bisect: --resume goes on with the question that was asked; give the "
                             "folder alone")
        state, points = run.reopen(args.resume, progress)
    else:
        state, points = _new(args, progress)
    answer = run.finish(state, points, progress)
    print(bisectformats.FORMATS[args.format](answer), end="")
    return answer.exit


def _new(args: argparse.Namespace, progress: Progress) -> tuple[State, Range]:
    if args.experiment is None or (args.tree is None) == (args.series is None):
        raise UsageError("bisect: give --experiment and --tree or --series, or --resume and a "
                         "bisect's folder; see 'swapscale bisect --help'")
    given = given_settings(args, args.experiment)
    experiment = run.load(args.experiment, given)
    limits, said = Limits(args.first_parent, tuple(args.paths)), list[Reading]()
    if args.series:
        if args.good or args.bad or args.replay or limits != Limits():
            raise UsageError("bisect: --series has its ends: without the series and with all of "
                             "it; --good, --bad, --first-parent, paths and --replay are for --tree")
        points: Range = patches.find(args.series)
    elif args.replay:
        if args.good or args.bad or limits != Limits():
            raise UsageError("bisect: --replay takes the ends and which commits from the log; "
                             "leave --good, --bad, --first-parent and paths away")
        points, said = gitlog.replay(args.tree, args.replay, progress)
    elif args.good is None:
        raise UsageError("bisect: give --good, a commit from before the regression")
    else:
        points = githistory.find(args.tree, args.good, args.bad or "HEAD", progress, limits)
    asked = run.ask(points, "series" if args.series else "git", experiment, args.metric,
                    args.above, args.device, args.threads, given)
    state = run.create(asked, experiment, run.fresh(args.results), given)
    run.trust(state, said)
    progress.log(f"bisect of {points.where} by {asked.metric}: results in {state.folder}")
    return state, points
