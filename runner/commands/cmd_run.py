# SPDX-License-Identifier: GPL-2.0-only
"""swapscale run: an experiment, from its file to its comparison."""
from __future__ import annotations

import argparse
from pathlib import Path

from runner import programs
from runner.asked import Experiment
from runner.campaign import campaign, running
from runner.campaign.campaign import Campaign
from runner.campaign.executor import Executor
from runner.commands.cmd_report import show
from runner.commands.options import Commands, campaigns, changes, executor, given, measure, output
from runner.errors import Exit, UsageError
from runner.experiment import plan
from runner.progress import Progress


def add(commands: Commands) -> None:
    sub = commands.add_parser("run", help="run an experiment, print the comparison")
    sub.add_argument("experiment", nargs="?", type=Path, help="a file such as configs/bench.toml")
    sub.add_argument("--resume", type=Path, metavar="CAMPAIGN",
                     help="go on with an interrupted campaign's folder")
    campaigns(sub)
    changes(sub)
    executor(sub)
    output(sub)
    sub.set_defaults(run=do_run)


def do_run(args: argparse.Namespace, progress: Progress) -> Exit:
    if (args.experiment is None) == (args.resume is None):
        raise UsageError("run: give an experiment file, or --resume and a campaign's folder; "
                         "see 'swapscale run --help'")
    if args.resume:
        executing = measure(args)
        if args.results:
            raise UsageError("run: --results is for a new campaign; --resume goes on in its folder")
        if given(args):
            raise UsageError("run: --set, --threads and --device are for a new campaign; --resume "
                             "goes on with what that one was asked")
        home, experiment, record = campaign.reopen(args.resume)
        return _run(experiment, home, record, executing, args.format, progress)
    return run_new(plan.load(args.experiment, given=given(args)), args, progress)


def run_new(experiment: Experiment, args: argparse.Namespace, progress: Progress) -> Exit:
    executing = measure(args)
    home, experiment, record = campaign.reopen(
        campaign.create(experiment, args.results, given(args)).folder)
    return _run(experiment, home, record, executing, args.format, progress)


def _run(experiment: Experiment, home: Campaign, record: campaign.Record, executing: Executor,
         form: str, progress: Progress) -> Exit:
    progress.log(f"{experiment.title}: results in {home.folder}")
    try:
        programs.build(progress)
        samples = running.run(experiment, home, progress, record, executing)
    except KeyboardInterrupt:
        progress.log(f"interrupted; what was measured is kept. Go on with: "
                     f"./swapscale run --resume {home.folder}")
        raise
    return show(samples, experiment, home, form, progress)
