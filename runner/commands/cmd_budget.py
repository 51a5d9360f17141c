# SPDX-License-Identifier: GPL-2.0-only
"""swapscale budget: a campaign's lock counts as budgets of its kernels."""
from __future__ import annotations

import argparse
from pathlib import Path

from runner.campaign import campaign
from runner.commands.options import Commands
from runner.errors import Exit, UsageError
from runner.judge import budgetfile
from runner.progress import Progress
from runner.report import locktable


def add(commands: Commands) -> None:
    sub = commands.add_parser("budget", help="a campaign's lock counts as budgets of its kernels")
    sub.add_argument("campaign", type=Path, help="a folder under results/")
    sub.add_argument("--write", action="store_true", help="into the budget file of its experiment, "
                     "and into the page that shows it")
    sub.set_defaults(run=do_budget)


def do_budget(args: argparse.Namespace, progress: Progress) -> Exit:
    home, experiment, record = campaign.reopen(args.campaign)
    if args.write and not experiment.budget:
        raise UsageError(f"{home.experiment_file}: names no budget; say budget = \"NAME\" in the "
                         "experiment")
    budget = locktable.of(home.samples(), experiment, home, record)
    if args.write:
        budget, written = locktable.keep(budget)
        for file in written:
            progress.log(f"wrote {file}")
    else:
        print(budgetfile.to_text(budget), end="")
    return Exit.OK
