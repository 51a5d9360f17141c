# SPDX-License-Identifier: GPL-2.0-only
"""swapscale bisect-step: a verdict on the commit checked out, for 'git bisect run'.

git takes 1 to 127 for bad, 125 for "cannot be tested", and ends at 128 and above: so every
error of ours is 128 plus its exit status (runner.cli adds it).
"""
from __future__ import annotations

import argparse
import enum
from pathlib import Path

from runner.bisect import githistory, run
from runner.bisect.loop import describe
from runner.commands.options import Commands, Whole, given_settings, settings
from runner.errors import UsageError
from runner.progress import Progress

NAME = "bisect-step"


class Step(enum.IntEnum):
    """Exit statuses that 'git bisect run' understands."""

    GOOD = 0
    BAD = 1
    SKIP = 125


def add(commands: Commands) -> None:
    sub = commands.add_parser(NAME, help="a verdict on one commit, for 'git bisect run'")
    sub.add_argument("--state", type=Path, required=True, metavar="DIR", help="where the ends and "
                     "every step are kept; made by the first step")
    sub.add_argument("--tree", type=Path, default=Path("."), metavar="DIR", help="the repository "
                     "(default: the current folder)")
    sub.add_argument("--good", metavar="REF", help="the first step: the good end")
    sub.add_argument("--bad", metavar="REF", help="the first step: the bad end")
    sub.add_argument("--experiment", type=Path, metavar="FILE", help="the first step: devices, "
                     "load and thresholds")
    sub.add_argument("--metric", metavar="NAME", help="as for bisect")
    sub.add_argument("--above", type=float, metavar="N", help="as for bisect")
    sub.add_argument("--device", metavar="NAME", help="as for bisect")
    sub.add_argument("--threads", type=Whole(1, 1024), metavar="N", help="as for bisect")
    settings(sub)
    sub.add_argument("--commit", default="HEAD", metavar="REF", help="what to judge (default: "
                     "%(default)s)")
    sub.set_defaults(run=do_bisect_step)


def do_bisect_step(args: argparse.Namespace, progress: Progress) -> Step:
    if args.state.exists():
        state, points = run.reopen(args.state, progress)
    else:
        if None in (args.good, args.bad, args.experiment):
            raise UsageError(f"{args.state}: is not there yet; the first step takes --good, --bad "
                             "and --experiment")
        points = githistory.find(args.tree, args.good, args.bad, progress)
        given = given_settings(args, args.experiment)
        experiment = run.load(args.experiment, given)
        state = run.create(run.ask(points, "git", experiment, args.metric, args.above, args.device,
                                   args.threads, given), experiment, args.state, given)
    commit = githistory.commit_of(args.tree.absolute(), args.commit)
    if commit not in (points.good, *points.suspects([points.good], points.bad)):
        raise UsageError(f"{args.tree}: {commit[:12]} is not between the ends, {points.good[:12]} "
                         f"and {points.bad[:12]}")
    told = run.step(state, points, commit, progress)
    print(f"{points.title(commit)}: {describe(told)}")
    return Step[told.verdict.upper()]
