# SPDX-License-Identifier: GPL-2.0-only
"""swapscale compare: two kernels, which it runs, or two campaigns."""
from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from runner import paths, report
from runner.campaign import stored
from runner.commands.cmd_run import run_new
from runner.commands.options import Commands, changes, executor, given, output
from runner.errors import Exit, UsageError, printable
from runner.experiment import plan
from runner.judge.results import Comparison
from runner.kernel import spec
from runner.progress import Progress

DEFAULT_EXPERIMENT = paths.CONFIGS / "bench.toml"


def add(commands: Commands) -> None:
    sub = commands.add_parser("compare", help="two kernels (runs them), or two campaigns")
    sub.add_argument("base", metavar="A", help="a kernel, a campaign's folder or a samples.jsonl")
    sub.add_argument("test", metavar="B", help="the same kind of thing, judged against A")
    sub.add_argument("--experiment", type=Path, default=DEFAULT_EXPERIMENT,
                     help="devices, workload and thresholds (default: configs/bench.toml)")
    sub.add_argument("--results", type=Path, metavar="DIR", help="where campaigns go")
    changes(sub)
    executor(sub)
    output(sub)
    sub.set_defaults(run=do_compare)


def do_compare(args: argparse.Namespace, progress: Progress) -> Exit:
    kept = [stored.is_stored(name) for name in (args.base, args.test)]
    if any(kept):
        if not all(kept):
            raise UsageError(f"compare: {args.base} and {args.test} are not of one kind; give two "
                             "kernels, or two campaigns or samples.jsonl files")
        if other := [change.typed for place, change in given(args).items() if place[0] != "rules"]:
            raise UsageError(f"compare: {printable(other[0], 80)}: campaigns are measured already; "
                             "of an experiment's keys only rules.* can be set here")
        comparison: Comparison = stored.held(Path(args.base), Path(args.test),
                                             plan.load(args.experiment, given=given(args)).rules)
        print(report.FORMATS[args.format](comparison), end="")
        return comparison.exit
    if args.base == args.test:
        raise UsageError(f"compare: {args.base} is the same kernel twice; name two, or the same "
                         "under two settings: '6.12:vanilla{swappiness=10}'")
    kernels = (args.base, args.test)
    for name in kernels:
        spec.parse(name)
    experiment = plan.load(args.experiment, kernels, given=given(args))
    # The file's title is of the kernels it names.
    experiment = dataclasses.replace(
        experiment, title=f"{experiment.kernels[1]} against {experiment.kernels[0]}")
    return run_new(experiment, args, progress)
